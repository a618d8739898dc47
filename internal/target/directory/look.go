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
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/archive"
	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// look tells what a release directory really holds. What is as it was put
// there, byte for byte, is reported as the component that was put there;
// anything else has the digest of what it is now and an unknown version. What
// somebody else is said to write there is left out.
func (t *Target) look(ctx context.Context, dir string, kept manifest) (portal.Content, error) {
	path := t.release(dir)
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // somebody removed all of it: nothing is in service
	}
	if err != nil {
		return nil, unknown("%s cannot be looked into: %w", path, withoutPath(err))
	}
	ignores := t.ignores
	if ignores == nil {
		ignores = unpacked(kept.Content)
	}
	content := make(portal.Content, len(entries))
	for _, entry := range entries {
		if _, ours := kept.Content[entry.Name()]; !ours && ignores.Match(entry.Name(), entry.IsDir()) {
			continue
		}
		item, err := lookAt(ctx, path, entry, kept, ignores)
		if err != nil {
			return nil, unknown("%s in %s cannot be looked into: %w", entry.Name(), path, withoutPath(err))
		}
		content[entry.Name()] = item
	}
	return content, nil
}

// unpacked are the folders that servers unpack web applications to, beside them:
// app/ for app.war.
func unpacked(content portal.Content) target.Patterns {
	var patterns target.Patterns
	for name := range content {
		folder, isWAR := strings.CutSuffix(name, ".war")
		if _, ours := content[folder]; isWAR && folder != "" && !ours {
			patterns = append(patterns, folder+"/")
		}
	}
	return patterns
}

func lookAt(ctx context.Context, dir string, entry fs.DirEntry, kept manifest, ignores target.Patterns) (portal.Item, error) {
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
		tree, intact, err := lookInto(ctx, root, name, kept, ignores)
		if err != nil {
			return portal.Item{}, err
		}
		if known && wanted.Kind == KindArchive && intact {
			return wanted, nil
		}
		strange.SHA256 = tree.Digest()
	default: // a link, a device: it is told by what it is, never followed
		link, _ := os.Readlink(filepath.Join(dir, name))
		sum := sha256.Sum256(fmt.Appendf(nil, "%v %s", entry.Type(), link))
		strange.SHA256 = hex.EncodeToString(sum[:])
	}
	return strange, nil
}

// lookInto reads what is in a directory, and reports whether it is what an archive
// of that name was unpacked to, apart from what is ignored.
func lookInto(ctx context.Context, root *os.Root, name string, kept manifest, ignores target.Patterns) (tree archive.Tree, intact bool, err error) {
	skip := func(path string, dir bool) bool { return ignores.Match(name+"/"+path, dir) }
	if tree, err = archive.ReadTree(ctx, root, name, skip); err != nil {
		return nil, false, err
	}
	found := tree.Digest()
	if found == kept.Trees[name] {
		return tree, true, nil
	}
	if len(ignores) == 0 {
		return tree, false, nil
	}
	if put, there := kept.Files[name]; there {
		return tree, put.Digest() == kept.Trees[name] && found == put.Without(skip).Digest(), nil
	}
	// An earlier version kept no list, so that nothing tells which of what is ignored
	// was put there. All of it may still be as it was.
	whole, err := archive.ReadTree(ctx, root, name, nil)
	return tree, err == nil && whole.Digest() == kept.Trees[name], nil
}
