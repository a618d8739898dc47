package artifact

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/durable"
	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
)

// store reads src to its end into a temporary file of the cache. Where its
// sha256 is the wanted one the file is made durable and moved to its place;
// otherwise it is dropped. Either way the digest found is returned.
func (c *Cache) store(ctx context.Context, wanted string, src io.Reader) (found string, err error) {
	fail := func(err error) (string, error) {
		var read *readError
		if errors.As(err, &read) || ctx.Err() != nil {
			return "", err
		}
		return "", &CacheError{Dir: c.dir, Err: err}
	}
	object := c.object(wanted)
	if err := c.prepare(filepath.Dir(object)); err != nil {
		return fail(err)
	}
	temp, err := os.CreateTemp(c.temporary(), "fetch-*")
	if err != nil {
		return fail(err)
	}
	placed := false
	defer func() {
		_ = temp.Close() // closed before, unless something failed
		if !placed {
			_ = os.Remove(temp.Name()) // tidied up later if it stays
		}
	}()
	found, _, err = hashing.Copy(ctx, temp, &sourceReader{Reader: src, left: c.limit})
	if err != nil {
		return fail(err)
	}
	if found != wanted {
		return found, nil
	}
	if err := errors.Join(temp.Chmod(0o444), temp.Sync(), temp.Close()); err != nil {
		return fail(err)
	}
	if err := os.Rename(temp.Name(), object); err != nil {
		return fail(err)
	}
	placed = true
	if err := durable.SyncDir(filepath.Dir(object)); err != nil {
		return fail(err)
	}
	if info, err := os.Lstat(object); err == nil {
		sums.put(object, info, found) // what was just written need not be read again
	}
	return found, nil
}

func (c *Cache) temporary() string { return filepath.Join(c.dir, "tmp") }

// prepare creates the directories, durably, and once a process drops what
// killed runs left behind.
func (c *Cache) prepare(shard string) error {
	if _, err := os.Stat(c.dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(c.dir, 0o700); err != nil {
			return err
		}
		if err := durable.SyncDir(filepath.Dir(c.dir)); err != nil {
			return err
		}
	}
	info, err := os.Stat(c.dir)
	if err != nil {
		return err
	}
	for _, dir := range []string{c.temporary(), filepath.Dir(shard), shard} {
		switch err := os.Mkdir(dir, info.Mode().Perm()); {
		case errors.Is(err, fs.ErrExist):
			continue
		case err != nil:
			return err
		}
		if err := durable.SyncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	c.tidy.Do(c.dropLeftovers)
	return nil
}

// leftoverAge is longer than any fetch may take, so that nobody's work in
// progress is taken for a leftover.
const leftoverAge = 48 * time.Hour

func (c *Cache) dropLeftovers() {
	entries, err := os.ReadDir(c.temporary())
	if err != nil {
		return // the cache works without it
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > leftoverAge {
			_ = os.Remove(filepath.Join(c.temporary(), entry.Name()))
		}
	}
}
