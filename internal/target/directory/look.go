package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/releaseportal/terraform-provider-portal/internal/archive"
	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// look tells what a release directory really holds. What is as it was put
// there, byte for byte, is reported as the component that was put there;
// anything else has the digest of what it is now and an unknown version.
func (t *Target) look(ctx context.Context, dir string, kept manifest) (portal.Content, error) {
	path := t.release(dir)
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // somebody removed all of it: nothing is in service
	}
	if err != nil {
		return nil, unknown("%s cannot be looked into: %w", path, withoutPath(err))
	}
	content := make(portal.Content, len(entries))
	for _, entry := range entries {
		item, err := lookAt(ctx, path, entry, kept)
		if err != nil {
			return nil, unknown("%s in %s cannot be looked into: %w", entry.Name(), path, withoutPath(err))
		}
		content[entry.Name()] = item
	}
	return content, nil
}

func lookAt(ctx context.Context, dir string, entry fs.DirEntry, kept manifest) (portal.Item, error) {
	name := entry.Name()
	wanted, known := kept.Content[name]
	strange := portal.Item{Version: target.UnknownVersion, Kind: "file"}
	if known {
		strange.Kind = wanted.Kind
	}
	switch {
	case entry.Type().IsRegular():
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return portal.Item{}, err
		}
		defer file.Close()
		strange.SHA256, _, err = hashing.Copy(ctx, io.Discard, file)
		if err != nil {
			return portal.Item{}, err
		}
		if known && wanted.Kind != KindArchive && strange.SHA256 == wanted.SHA256 {
			return wanted, nil
		}
	case entry.IsDir():
		root, err := os.OpenRoot(dir)
		if err != nil {
			return portal.Item{}, err
		}
		defer root.Close()
		tree, err := archive.ReadTree(ctx, root, name)
		if err != nil {
			return portal.Item{}, err
		}
		strange.SHA256 = tree.Digest()
		if known && wanted.Kind == KindArchive && strange.SHA256 == kept.Trees[name] {
			return wanted, nil
		}
	default: // a link, a device: it is told by what it is, never followed
		link, _ := os.Readlink(filepath.Join(dir, name))
		sum := sha256.Sum256(fmt.Appendf(nil, "%v %s", entry.Type(), link))
		strange.SHA256 = hex.EncodeToString(sum[:])
	}
	return strange, nil
}
