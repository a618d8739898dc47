package archive

import (
	"context"
	"errors"
	"io"
	"math"
	"os"

	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
)

// Kind is the kind of components that are archives.
const Kind = "archive"

// Options say how an archive is read. The zero value is what components get.
type Options struct {
	Limits Limits
	// StripComponents is how many leading elements of each name are dropped, as
	// tar counts them: a leading "./" is one. A directory that has no more than
	// these is left out; a file that has no more refuses the archive.
	StripComponents int
}

// Check says whether Unpack would unpack an archive: it reads all of it once and
// writes nothing. Errors are those of Unpack, but for failures of writing.
func Check(ctx context.Context, path string, options Options) error {
	_, err := read(ctx, path, options, nowhere{})
	return err
}

// Unpack unpacks an archive into dir below root, which is created if it is not
// there, and returns what it wrote. It is durable when Unpack returns.
//
// Read are zip files, and tar files as they are or compressed with gzip, bzip2,
// xz or zstd; the first bytes decide, not the name. Only regular files and
// directories are taken, and hard links to an earlier file as copies of it.
// Anything else, and whatever would be lost, or would unpack differently on
// another machine, refuses the archive with a *RefusedError. So does exceeding a
// limit. Of permissions only the executable bit is kept: files have 0644 or 0755,
// directories 0755. After an error part of the archive may be in dir: unpack into
// a directory that can be dropped.
func Unpack(ctx context.Context, path string, root *os.Root, dir string, options Options) (Tree, error) {
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	sub, err := root.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	to := newDisk(ctx, sub)
	defer to.close()
	tree, err := read(ctx, path, options, to)
	if err == nil {
		err = to.sync(tree)
	}
	if err != nil {
		return nil, orCause(ctx, err)
	}
	return tree, nil
}

// read walks over an archive, whatever its format is.
func read(ctx context.Context, path string, options Options, to sink) (Tree, error) {
	file, info, err := hashing.Open(path, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	w := newWalk(ctx, to, options, info.Size())
	err = w.archive(&source{ctx, file}, info.Size())
	if err == nil && len(w.tree) == 0 {
		err = w.nothing()
	}
	if err != nil {
		return nil, orCause(ctx, err)
	}
	w.tree.sort()
	return w.tree, nil
}

func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// source is a file that reads as ended with an error once its context is done,
// so that a decompressor does not go on by itself.
type source struct {
	ctx  context.Context
	file *os.File
}

func (s *source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.file.Read(p)
}

func (s *source) ReadAt(p []byte, offset int64) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.file.ReadAt(p, offset)
}

// head is how the file begins.
func (s *source) head() ([]byte, error) {
	head := make([]byte, 512)
	n, err := s.ReadAt(head, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:n], err
}
