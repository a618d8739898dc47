package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// Commands are recorded, and what follows from them is read.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	engine, err := engines.Open(ctx, "sqlite:"+filepath.Join(dir, "ledger.db"))
	if err != nil {
		log.Fatal(err)
	}
	l := ledger.New(engine)
	defer l.Close()

	ann := portal.Actor{Name: "ann"}
	for _, command := range []portal.Command{
		portal.DeclarePipeline{Pipeline: portaltest.Line("qa", "production")},
		portal.RegisterRelease{Release: portaltest.FullRelease("2.0.0")},
		portal.RegisterRelease{Release: portaltest.FullRelease("2.0.0")}, // is registered: nothing to record
	} {
		metas, err := l.Record(ctx, "shop", ann, command)
		if err != nil {
			log.Fatal(err)
		}
		for _, meta := range metas {
			fmt.Println("entry", meta.Number, "by", meta.By)
		}
	}

	// What a command refuses is recorded by nobody.
	_, err = l.Record(ctx, "shop", ann, portal.StartDeployment{Deploy: portal.Deploy{Environment: "qa", Release: "2.0.0"}})
	var rejection *portal.RejectionError
	fmt.Println("rejected:", errors.As(err, &rejection))

	err = l.View(ctx, "shop", ann, portal.Subjects{Releases: []string{"2.0.0"}}, func(facts portal.Facts) error {
		fmt.Println("head", facts.Head, "registered:", facts.Release("2.0.0") != nil)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// entry 1 by ann
	// entry 2 by ann
	// rejected: true
	// head 2 registered: true
}
