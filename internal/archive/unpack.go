package archive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/releaseportal/terraform-provider-portal/internal/durable"
	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
)

// Unpack unpacks a tar.gz or zip file, told apart by how it begins, into dir
// below root, which is created where it is not there, and tells what it wrote.
// It is durable when Unpack returns.
//
// Only regular files and directories are taken; links, devices, absolute names,
// names that lead out, have control characters or backslashes, that are there
// twice or differ in case only refuse the archive with an *RefusedError, and so
// does exceeding a limit. Of permissions only the executable bit is kept: files
// have 0644 or 0755, directories 0755. After an error part of the archive may
// be in dir: unpack into a directory that can be dropped.
func Unpack(ctx context.Context, archive string, root *os.Root, dir string, limits Limits) (Tree, error) {
	file, info, err := hashing.Open(archive, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	sub, err := root.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer sub.Close()

	u := newUnpacking(ctx, sub, &budget{limits: limits.withDefaults(), archive: info.Size()})
	var magic [4]byte
	_, err = io.ReadFull(io.NewSectionReader(file, 0, int64(len(magic))), magic[:])
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
	case bytes.HasPrefix(magic[:], []byte{0x1f, 0x8b}):
		err = u.tarGzip(file)
	case bytes.Equal(magic[:], []byte("PK\x03\x04")), bytes.Equal(magic[:], []byte("PK\x05\x06")):
		err = u.zip(file, info.Size())
	default:
		err = &RefusedError{Reason: "it is neither a tar.gz nor a zip file"}
	}
	return u.finish(err)
}

// unpacking is one call of Unpack.
type unpacking struct {
	ctx    context.Context
	root   *os.Root
	budget *budget
	names  names
	dirs   map[string]bool
	tree   Tree
}

func newUnpacking(ctx context.Context, root *os.Root, b *budget) *unpacking {
	return &unpacking{ctx: ctx, root: root, budget: b, names: names{taken: map[string]taken{}}, dirs: map[string]bool{}}
}

// finish makes all that was written durable.
func (u *unpacking) finish(err error) (Tree, error) {
	if err == nil {
		err = u.sync()
	}
	switch {
	case err != nil && u.ctx.Err() != nil:
		return nil, context.Cause(u.ctx)
	case err != nil:
		return nil, err
	}
	u.tree.sort()
	return u.tree, nil
}

// manySyncs is from how many files on flushing the whole file system is faster
// than flushing each file, by measurement.
const manySyncs = 32

// sync makes files durable, then the names in their directories. With many
// files it asks for the file system as a whole where the system has such a
// call that reports errors.
func (u *unpacking) sync() error {
	if len(u.tree) >= manySyncs {
		if done, err := durable.SyncFileSystem(u.root); done || err != nil {
			return err
		}
	}
	for _, entry := range u.tree {
		if u.ctx.Err() != nil {
			return u.ctx.Err()
		}
		if entry.Type == 'd' {
			continue
		}
		file, err := u.root.OpenFile(entry.Path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	u.dirs["."] = true
	for dir := range u.dirs {
		if err := durable.SyncDirIn(u.root, dir); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacking) directory(name string) error {
	clean, err := u.names.claim(name, true)
	if err != nil || clean == "" {
		return err
	}
	return u.mkdir(append(parents(clean), clean))
}

func (u *unpacking) mkdir(dirs []string) error {
	for _, dir := range dirs {
		if u.dirs[dir] {
			continue
		}
		if err := u.root.Mkdir(dir, 0o755); err != nil {
			return err
		}
		if err := u.root.Chmod(dir, 0o755); err != nil { // whatever the umask is
			return err
		}
		u.dirs[dir] = true
		u.tree = append(u.tree, TreeEntry{Path: dir, Type: 'd'})
	}
	return nil
}

func (u *unpacking) file(name string, mode fs.FileMode, src io.Reader) error {
	clean, err := u.names.claim(name, false)
	if err != nil {
		return err
	}
	if err := u.mkdir(parents(clean)); err != nil {
		return err
	}
	perm := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		perm = 0o755
	}
	file, err := u.root.OpenFile(clean, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	digest, size, err := hashing.Copy(u.ctx, file, src)
	if err == nil {
		err = file.Chmod(perm)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	u.tree = append(u.tree, TreeEntry{Path: clean, Type: fileType(perm), Size: size, SHA256: digest})
	return nil
}
