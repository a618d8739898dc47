package archive

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/releaseportal/terraform-provider-portal/internal/durable"
	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
)

// sink is where a walk puts what it has found good. Names are clean, parents come
// before what is in them, and no name comes twice.
type sink interface {
	mkdir(name string) error
	create(name string, executable bool) (io.WriteCloser, error)
	duplicate(from, to string, executable bool) error
}

// nowhere takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) mkdir(string) error                          { return nil }
func (nowhere) create(string, bool) (io.WriteCloser, error) { return discard{}, nil }
func (nowhere) duplicate(string, string, bool) error        { return nil }

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }

// disk writes below a root.
type disk struct {
	ctx  context.Context
	root *os.Root
	dir  string   // where it wrote last
	last *os.Root // that directory, open: each name is walked from there, and archives go by directory
}

func newDisk(ctx context.Context, root *os.Root) *disk {
	return &disk{ctx: ctx, root: root, dir: ".", last: root}
}

func (d *disk) close() {
	if d.last != d.root {
		_ = d.last.Close()
	}
}

// parent opens the directory that a name is in.
func (d *disk) parent(name string) (in *os.Root, base string, err error) {
	dir, base := path.Dir(name), path.Base(name)
	if dir == d.dir {
		return d.last, base, nil
	}
	if path.Dir(dir) == d.dir {
		in, err = d.last.OpenRoot(path.Base(dir))
	} else {
		in, err = d.root.OpenRoot(dir)
	}
	if err != nil {
		return nil, "", err
	}
	d.close()
	d.dir, d.last = dir, in
	return in, base, nil
}

func (d *disk) mkdir(name string) error {
	in, base, err := d.parent(name)
	if err != nil {
		return err
	}
	if err := in.Mkdir(base, 0o755); err != nil {
		return err
	}
	return in.Chmod(base, 0o755) // whatever the umask is
}

func (d *disk) create(name string, executable bool) (io.WriteCloser, error) {
	perm := fs.FileMode(0o644)
	if executable {
		perm = 0o755
	}
	in, base, err := d.parent(name)
	if err != nil {
		return nil, err
	}
	file, err := in.OpenFile(base, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, err
	}
	return &written{file, perm}, nil
}

// written is a file that gets its permissions, whatever the umask is, once it is
// complete.
type written struct {
	*os.File
	perm fs.FileMode
}

func (w *written) Close() error { return errors.Join(w.Chmod(w.perm), w.File.Close()) }

func (d *disk) duplicate(from, to string, executable bool) error {
	source, err := d.root.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := d.create(to, executable)
	if err != nil {
		return err
	}
	_, _, err = hashing.Copy(d.ctx, file, source)
	return errors.Join(err, file.Close())
}

// manySyncs is from how many files on flushing the whole file system is faster
// than flushing each file, by measurement.
const manySyncs = 32

// sync makes files durable, then the names in their directories. With many
// files it asks for the file system as a whole if the system has such a call
// that reports errors.
func (d *disk) sync(tree Tree) error {
	if len(tree) >= manySyncs {
		if done, err := durable.SyncFileSystem(d.root); done || err != nil {
			return err
		}
	}
	dirs := []string{"."}
	for _, entry := range tree {
		if d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		if entry.Type == 'd' {
			dirs = append(dirs, entry.Path)
			continue
		}
		file, err := d.root.OpenFile(entry.Path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	for _, dir := range dirs {
		if err := durable.SyncDirIn(d.root, dir); err != nil {
			return err
		}
	}
	return nil
}
