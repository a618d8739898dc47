package archive_test

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/releaseportal/terraform-provider-portal/internal/archive"
)

// An archive is unpacked below a directory, or refused.
func ExampleUnpack() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "archive")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()

	good := zipped(dir, "good.zip", "theme-1.1.0/css/main.css")
	tree, err := archive.Unpack(ctx, good, root, "theme", archive.Options{StripComponents: 1})
	if err != nil {
		log.Fatal(err)
	}
	for _, entry := range tree {
		fmt.Printf("%c %s\n", entry.Type, entry.Path)
	}

	_, err = archive.Unpack(ctx, zipped(dir, "bad.zip", "../../etc/passwd"), root, "bad", archive.Options{})
	var refused *archive.RefusedError
	fmt.Println("refused:", errors.As(err, &refused))
	// Output:
	// d css
	// f css/main.css
	// refused: true
}

// zipped makes an archive of one file.
func zipped(dir, name, file string) string {
	path := filepath.Join(dir, name)
	out, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	w := zip.NewWriter(out)
	entry, err := w.Create(file)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := entry.Write([]byte("body {}\n")); err != nil {
		log.Fatal(err)
	}
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		log.Fatal(err)
	}
	return path
}
