package rollout_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
)

// A release is deployed to a directory. Production refuses it, and that is recorded.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "rollout")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	engine, err := engines.Open(ctx, "sqlite:"+filepath.Join(dir, "ledger.db"))
	if err != nil {
		log.Fatal(err)
	}
	cache, err := artifact.Open(filepath.Join(dir, "cache"))
	if err != nil {
		log.Fatal(err)
	}
	r := &rollout.Rollout{
		Ledger: ledger.New(engine), Artifacts: cache,
		Target: func(_ string, environment portal.Environment) (target.Target, error) {
			return directory.New(directory.Config{Path: filepath.Join(dir, environment.Name)})
		},
	}
	defer r.Ledger.Close()

	app := filepath.Join(dir, "app")
	if err := os.WriteFile(app, []byte("hello\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	sum := sha256.Sum256([]byte("hello\n"))
	release := portaltest.FullRelease("2.0.0")
	release.Components = map[string]portal.Component{
		"app": {Version: "2.0.0", Kind: portal.DefaultKind, Source: app, SHA256: hex.EncodeToString(sum[:])},
	}
	commands := []portal.Command{
		portal.DeclarePipeline{Pipeline: portaltest.Line("qa", "staging", "production")},
		portal.RegisterRelease{Release: release},
	}
	for _, name := range []string{"qa", "production"} {
		commands = append(commands, portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment(name, name)})
	}
	for _, command := range commands {
		if _, err := r.Ledger.Record(ctx, "shop", ann, command); err != nil {
			log.Fatal(err)
		}
	}

	if err := r.Deploy(ctx, "shop", ann, portal.Deploy{Environment: "qa", Release: "2.0.0"}); err != nil {
		log.Fatal(err)
	}
	deployed, err := os.ReadFile(filepath.Join(dir, "qa", "current", "app"))
	fmt.Printf("%s%v\n", deployed, err)

	err = r.Deploy(ctx, "shop", ann, portal.Deploy{Environment: "production", Release: "2.0.0"})
	var refusal *portal.RefusalError
	fmt.Println("refused:", errors.As(err, &refusal), refusal.Rules())
	// Output:
	// hello
	// <nil>
	// refused: true [stage-order]
}
