package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
)

// Tree lists what is below a directory, ordered by path. Directories are part
// of it, permissions other than the executable bit of files are not.
type Tree []TreeEntry

// TreeEntry is one file or directory of a Tree.
type TreeEntry struct {
	Path   string    `json:"path"` // relative, with slashes
	Type   EntryType `json:"type"`
	Size   int64     `json:"size,omitempty"`   // of files
	SHA256 string    `json:"sha256,omitempty"` // of the bytes of files, of the target of links
}

// EntryType is 'f' for a file, 'x' for an executable file, 'd' for a directory, and
// 'o' for anything else, such as a link.
type EntryType byte

// MarshalText writes the letter.
func (t EntryType) MarshalText() ([]byte, error) { return []byte{byte(t)}, nil }

// UnmarshalText reads the letter.
func (t *EntryType) UnmarshalText(text []byte) error {
	if len(text) != 1 {
		return fmt.Errorf("%q is not a type of entry", text)
	}
	*t = EntryType(text[0])
	return nil
}

// Skip says what of a tree is left out, with all that is below it; nil: nothing.
type Skip func(path string, dir bool) bool

// Without is the tree without what is left out.
func (t Tree) Without(skip Skip) Tree {
	var left Tree
	var skipped []string // directories
	for _, entry := range t {
		below := slices.ContainsFunc(skipped, func(dir string) bool { return strings.HasPrefix(entry.Path, dir+"/") })
		switch dir := entry.Type == 'd'; {
		case below:
		case !skip(entry.Path, dir):
			left = append(left, entry)
		case dir:
			skipped = append(skipped, entry.Path)
		}
	}
	return left
}

// Digest identifies the tree: equal trees, equal digests.
func (t Tree) Digest() string {
	hash := sha256.New()
	fmt.Fprintf(hash, "portal-tree/v1\n%d\n", len(t))
	for _, entry := range t {
		fmt.Fprintf(hash, "%c %d %s %d:%s\n", entry.Type, entry.Size, entry.SHA256, len(entry.Path), entry.Path)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func (t Tree) sort() {
	slices.SortFunc(t, func(a, b TreeEntry) int { return strings.Compare(a.Path, b.Path) })
}

// ReadTree reads what is below dir in root, every file's bytes included, but not
// what is skipped. It follows no link.
func ReadTree(ctx context.Context, root *os.Root, dir string, skip Skip) (Tree, error) {
	sub, err := root.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	var tree Tree
	err = fs.WalkDir(sub.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if name == "." {
			return err
		}
		// What is skipped may belong to somebody else, and not be readable.
		if skip != nil && entry != nil && skip(name, entry.IsDir()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil {
			return err
		}
		found := TreeEntry{Path: name}
		switch {
		case entry.IsDir():
			found.Type = 'd'
		case entry.Type().IsRegular():
			found, err = readEntry(ctx, sub, name)
		default:
			found.Type = 'o'
			if target, err := sub.Readlink(name); err == nil {
				sum := sha256.Sum256([]byte(target))
				found.SHA256 = hex.EncodeToString(sum[:])
			}
		}
		tree = append(tree, found)
		return err
	})
	if err != nil {
		return nil, err
	}
	tree.sort()
	return tree, nil
}

func readEntry(ctx context.Context, root *os.Root, name string) (TreeEntry, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|hashing.Nonblock, 0)
	if err != nil {
		return TreeEntry{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return TreeEntry{}, err
	}
	digest, size, err := hashing.Copy(ctx, io.Discard, file)
	return TreeEntry{Path: name, Type: fileType(info.Mode()), Size: size, SHA256: digest}, err
}

func fileType(mode fs.FileMode) EntryType {
	if mode&0o111 != 0 {
		return 'x'
	}
	return 'f'
}
