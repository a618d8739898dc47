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

// look says what a release directory really holds. What is as it was put
// there, byte for byte, is reported as the component that was put there;
// anything else has the digest of what it is now and an unknown version. What
// somebody else is said to write there is left out. Of components that are not as they
// were put there it says which files differ, if it knows.
func (t *Target) look(ctx context.Context, dir string, kept manifest) (portal.Content, map[string]string, error) {
	path := t.release(dir)
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil // somebody removed all of it: nothing is in service
	}
	if err != nil {
		return nil, nil, unknown("%s cannot be read: %w", path, hashing.WithoutPath(err))
	}
	ignores := t.ignores
	if ignores == nil {
		ignores = unpacked(kept.Content)
	}
	content, differences := make(portal.Content, len(entries)), map[string]string{}
	for _, entry := range entries {
		if _, ours := kept.Content[entry.Name()]; !ours && ignores.Match(entry.Name(), entry.IsDir()) {
			continue
		}
		item, difference, err := lookAt(ctx, path, entry, kept, ignores)
		if err != nil {
			return nil, nil, unknown("%s in %s cannot be read: %w", entry.Name(), path, hashing.WithoutPath(err))
		}
		content[entry.Name()] = item
		if difference != "" {
			differences[entry.Name()] = difference
		}
	}
	return content, differences, nil
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

func lookAt(ctx context.Context, dir string, entry fs.DirEntry, kept manifest, ignores target.Patterns) (item portal.Item, difference string, err error) {
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
			return portal.Item{}, "", err
		}
		defer file.Close()
		strange.SHA256, _, err = hashing.Copy(ctx, io.Discard, file)
		if err != nil {
			return portal.Item{}, "", err
		}
		switch {
		case known && wanted.Kind == KindArchive:
			difference = "a file, where a folder was deployed"
		case known && strange.SHA256 == wanted.SHA256:
			return wanted, "", nil
		}
	case entry.IsDir():
		root, err := os.OpenRoot(dir)
		if err != nil {
			return portal.Item{}, "", err
		}
		defer root.Close()
		tree, compared, err := lookInto(ctx, root, name, kept, ignores)
		switch {
		case err != nil:
			return portal.Item{}, "", err
		case known && wanted.Kind == KindArchive && compared == nil:
			return wanted, "", nil
		case known && wanted.Kind == KindArchive && !compared.Empty():
			difference = target.FileDrift(compared.Changed, compared.Added, compared.Gone)
		case known && wanted.Kind != KindArchive:
			difference = "a folder, where a file was deployed"
		}
		strange.SHA256 = tree.Digest()
	default: // a link, a device: it is told by what it is, never followed
		link, _ := os.Readlink(filepath.Join(dir, name))
		sum := sha256.Sum256(fmt.Appendf(nil, "%v %s", entry.Type(), link))
		strange.SHA256 = hex.EncodeToString(sum[:])
		if known {
			difference = "neither a file nor a folder"
		}
	}
	return strange, difference, nil
}

// lookInto reads what is in a directory, and how it differs from what an archive of
// that name was unpacked to, apart from what is ignored: nil if it does not, and
// empty if it is not known which files differ.
func lookInto(
	ctx context.Context, root *os.Root, name string, kept manifest, ignores target.Patterns,
) (tree archive.Tree, difference *archive.Difference, err error) {
	skip := func(path string, dir bool) bool { return ignores.Match(name+"/"+path, dir) }
	if tree, err = archive.ReadTree(ctx, root, name, skip); err != nil {
		return nil, nil, err
	}
	found := tree.Digest()
	if found == kept.Trees[name] {
		return tree, nil, nil
	}
	put, there := kept.Files[name]
	if there && put.Digest() == kept.Trees[name] {
		put = put.Without(skip)
		if found == put.Digest() {
			return tree, nil, nil
		}
		compared := put.Compare(tree)
		return tree, &compared, nil
	}
	if len(ignores) == 0 || there {
		return tree, &archive.Difference{}, nil
	}
	// An earlier version kept no list, so that nothing says which of what is ignored
	// was put there. All of it may still be as it was.
	whole, err := archive.ReadTree(ctx, root, name, nil)
	if err == nil && whole.Digest() == kept.Trees[name] {
		return tree, nil, nil
	}
	return tree, &archive.Difference{}, err
}
