package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/safehttp"
)

// Cache keeps components by their sha256, as sha256/<two digits>/<digest> below
// its directory. It may be used by many goroutines and by many processes at
// once, also over a shared directory. Nothing is ever removed from it but what
// no longer has its digest.
type Cache struct {
	dir     string
	limit   int64
	timeout time.Duration
	client  *http.Client

	tidy sync.Once

	mu      sync.Mutex
	fetches map[string]*turn // by digest, while somebody fetches or waits
	looks   looks
}

// Option alters a cache from its defaults.
type Option func(*Cache)

// withMaxSize sets how many bytes a component may have; the default is maxSize.
func withMaxSize(bytes int64) Option { return func(c *Cache) { c.limit = bytes } }

// WithTimeout bounds the fetching of one component from an address, attempts
// and all; the default is 30 minutes. The context may bound it closer.
func WithTimeout(d time.Duration) Option { return func(c *Cache) { c.timeout = d } }

// withHTTPClient replaces the client that components are fetched with. It
// should be one of safehttp.NewClient.
func withHTTPClient(client *http.Client) Option { return func(c *Cache) { c.client = client } }

// Open gives the cache in dir. The directory need not exist: it is created,
// open to its owner only, when the first component is put into it. If it
// exists its own permissions also decide those of what is created below, so a
// cache can be shared by a group.
func Open(dir string, options ...Option) (*Cache, error) {
	if dir == "" {
		return nil, errors.New("the artifact cache has no directory: set artifact_cache")
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, &CacheError{Dir: dir, Err: err}
	}
	if info, err := os.Stat(absolute); err == nil && !info.IsDir() {
		return nil, &CacheError{Dir: absolute, Err: errors.New("it is not a directory")}
	}
	c := &Cache{dir: absolute, limit: maxSize, timeout: 30 * time.Minute, fetches: map[string]*turn{}, looks: newLooks()}
	for _, option := range options {
		option(c)
	}
	if c.client == nil {
		c.client = safehttp.NewClient(safehttp.Options{Retries: 3})
	}
	return c, nil
}

func (c *Cache) object(digest string) string {
	return filepath.Join(c.dir, "sha256", digest[:2], digest)
}

// Has reports whether the cache holds a file under that digest. It does not
// read it: Fetch does.
func (c *Cache) Has(digest string) bool {
	if !portal.IsDigest(digest) {
		return false
	}
	info, err := os.Lstat(c.object(digest))
	return err == nil && info.Mode().IsRegular()
}

// Check says at plan time whether Fetch can be expected to work: nil if the
// cache has the component or where the path's file has the digest now. Of an
// address that is not in the cache nothing can be known yet, and it is nil.
// Archives are looked into.
// Errors are those of Fetch.
func (c *Cache) Check(ctx context.Context, source Source) error {
	if err := source.check(); err != nil {
		return err
	}
	if c.Has(source.SHA256) {
		return c.look(ctx, source, c.object(source.SHA256))
	}
	if IsRemote(source.Location) {
		_, err := parseRemote(source)
		return err
	}
	found, _, err := sums.file(ctx, source.Location, c.limit)
	if err != nil {
		return &UnavailableError{Location: source.Location, Wanted: source.SHA256, Err: hashing.WithoutPath(err)}
	}
	if found != source.SHA256 {
		return &MismatchError{Location: source.Location, Wanted: source.SHA256, Found: found}
	}
	return c.look(ctx, source, source.Location)
}

// Fetch gives the path of a read-only file in the cache that has the source's
// sha256: checked now, by reading it, unless this process has read it before
// and it has not been touched since. A file in the cache that lost its digest
// is removed and fetched again. Several calls for the same digest do the work
// once. Errors are a *MismatchError, an *UnavailableError, an *ArchiveError or a
// *CacheError, or the context's cause.
func (c *Cache) Fetch(ctx context.Context, source Source) (path string, err error) {
	if err := source.check(); err != nil {
		return "", err
	}
	if path, err = c.fetch(ctx, source); err != nil {
		return "", err
	}
	if err := c.look(ctx, source, path); err != nil {
		return "", err
	}
	return path, nil
}

func (c *Cache) fetch(ctx context.Context, source Source) (path string, err error) {
	done, err := c.wait(ctx, source.SHA256)
	if err != nil {
		return "", err
	}
	defer done()
	object := c.object(source.SHA256)
	switch ok, err := c.verify(ctx, object, source.SHA256); {
	case err != nil:
		return "", err
	case ok:
		return object, nil
	}
	if IsRemote(source.Location) {
		err = c.download(ctx, source)
	} else {
		err = c.copyIn(ctx, source)
	}
	if err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("fetching %s: %w", safehttp.Redact(source.Location), context.Cause(ctx))
		}
		return "", err
	}
	return object, nil
}

// verify reports whether the cached object is there with its digest, and
// removes it if it is there without.
func (c *Cache) verify(ctx context.Context, object, digest string) (bool, error) {
	found, _, err := sums.file(ctx, object, c.limit)
	switch {
	case err == nil && found == digest:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, fs.ErrPermission):
		return false, &CacheError{Dir: c.dir, Err: err}
	}
	// Corrupt, not a regular file, or unreadable: it serves nobody.
	if err := os.RemoveAll(object); err != nil {
		return false, &CacheError{Dir: c.dir, Err: err}
	}
	return false, nil
}

func (c *Cache) copyIn(ctx context.Context, source Source) error {
	unavailable := func(err error) error {
		return &UnavailableError{Location: source.Location, Wanted: source.SHA256, Err: hashing.WithoutPath(err)}
	}
	file, _, err := hashing.Open(source.Location, c.limit)
	if err != nil {
		return unavailable(err)
	}
	defer file.Close()
	found, err := c.store(ctx, source.SHA256, file)
	if failed := (*readError)(nil); errors.As(err, &failed) {
		return unavailable(failed.err)
	}
	if err != nil {
		return err
	}
	if found != source.SHA256 {
		return &MismatchError{Location: source.Location, Wanted: source.SHA256, Found: found}
	}
	return nil
}

// turn lets one caller at a time work on a digest. Who comes next finds the
// work done, or does it with its own context: one caller's cancellation is
// not another's failure.
type turn struct {
	free    chan struct{}
	waiting int
}

func (c *Cache) wait(ctx context.Context, digest string) (done func(), err error) {
	c.mu.Lock()
	t := c.fetches[digest]
	if t == nil {
		t = &turn{free: make(chan struct{}, 1)}
		t.free <- struct{}{}
		c.fetches[digest] = t
	}
	t.waiting++
	c.mu.Unlock()

	leave := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if t.waiting--; t.waiting == 0 {
			delete(c.fetches, digest)
		}
	}
	select {
	case <-t.free:
		return func() { t.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, context.Cause(ctx)
	}
}

// readError distinguishes a failing source from a failing cache.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

type sourceReader struct {
	io.Reader
	left int64
}

var errTooLarge = errors.New("it is larger than allowed")

func (r *sourceReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return n, &readError{errTooLarge}
	}
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}
