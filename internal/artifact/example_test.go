package artifact_test

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
)

// What is deployed is the cache's copy, whatever becomes of the source.
func ExampleCache_Fetch() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "artifact")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cache, err := artifact.Open(filepath.Join(dir, "cache"))
	if err != nil {
		log.Fatal(err)
	}
	theme := filepath.Join(dir, "theme.css")
	if err := os.WriteFile(theme, []byte("body {}\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	sum := sha256.Sum256([]byte("body {}\n"))
	registered := artifact.Source{Location: theme, SHA256: hex.EncodeToString(sum[:])}
	if _, err := cache.Fetch(ctx, registered); err != nil {
		log.Fatal(err)
	}

	if err := os.WriteFile(theme, []byte("something else\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	path, err := cache.Fetch(ctx, registered)
	if err != nil {
		log.Fatal(err)
	}
	kept, err := os.ReadFile(path)
	fmt.Printf("%s%v\n", kept, err)

	other, err := artifact.Open(filepath.Join(dir, "other"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = other.Fetch(ctx, registered)
	var mismatch *artifact.MismatchError
	fmt.Println("mismatch:", errors.As(err, &mismatch))
	// Output:
	// body {}
	// <nil>
	// mismatch: true
}
