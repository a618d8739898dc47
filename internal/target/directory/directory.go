package directory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/archive"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// Config is what a configuration says of a directory.
type Config struct {
	Path string `json:"path"` // absolute
	Keep int    `json:"keep"` // how many releases stay on disk, the one in service included; 0 means 5

	// Its default is what a server unpacks beside a component: see unpacked.
	target.Ignoring
}

// Kind is a directory on this host.
var Kind = target.Definition[Config]{
	Name:      "directory",
	Unpacks:   true,
	New:       func(config Config, _ target.Credential, _ target.Place) (target.Target, error) { return New(config) },
	Address:   Config.Address,
	LocalPath: func(config Config) string { return config.Path },
}.Kind()

const defaultKeep = 5

// KindArchive is the kind of components that are unpacked.
const KindArchive = archive.Kind

// Target is a directory that content goes to.
type Target struct {
	path    string
	keep    int
	ignores target.Patterns // nil: the default
	now     func() time.Time
	off     atomic.Int64 // see ClockOff
	// reached is called at every boundary of Apply, for tests that end it there.
	reached func(point) error
}

var (
	_ target.Keeper = (*Target)(nil)
	_ target.Owned  = (*Target)(nil)
	_ target.Timed  = (*Target)(nil)
)

// New checks the configuration. It does not look at the directory, which is
// created by the first deployment.
func New(config Config) (*Target, error) {
	switch {
	case !filepath.IsAbs(config.Path):
		return nil, fmt.Errorf("the directory's path %q is not absolute", config.Path)
	case filepath.Clean(config.Path) == filepath.Dir(filepath.Clean(config.Path)):
		return nil, fmt.Errorf("the directory's path is %q, the root of the file system: use a separate directory", config.Path)
	case config.Keep < 0:
		return nil, fmt.Errorf("keep is %d: keep 1 release or more", config.Keep)
	}
	if err := config.IgnorePatterns.Check(); err != nil {
		return nil, err
	}
	if config.Keep == 0 {
		config.Keep = defaultKeep
	}
	return &Target{
		path: filepath.Clean(config.Path), keep: config.Keep, ignores: config.IgnorePatterns,
		now: time.Now, reached: func(point) error { return nil },
	}, nil
}

const (
	currentName  = "current"
	nextName     = ".current.next"
	releasesName = "releases"
	stateName    = ".portal.json"
	lockName     = ".portal.lock"
	stagingStart = ".staging-"
)

// What is in service is read by servers that run as somebody else.
const (
	dirMode  fs.FileMode = 0o755
	fileMode fs.FileMode = 0o644
)

func (t *Target) current() string            { return filepath.Join(t.path, currentName) }
func (t *Target) releases() string           { return filepath.Join(t.path, releasesName) }
func (t *Target) release(dir string) string  { return filepath.Join(t.releases(), dir) }
func (t *Target) manifest(dir string) string { return filepath.Join(t.releases(), dir+".json") }
func (t *Target) unreachable(err error) error {
	return fmt.Errorf("%w: %w", target.ErrUnreachable, err)
}

func unknown(format string, arguments ...any) error {
	return fmt.Errorf("%w: %w", target.ErrUnknownContent, fmt.Errorf(format, arguments...))
}

// probe reports whether the directory is there.
func (t *Target) probe() (there bool, err error) {
	info, err := os.Stat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if link, err := os.Readlink(t.path); err == nil {
			return false, t.unreachable(fmt.Errorf("%s is a link to %s, which does not exist", t.path, link))
		}
		return false, nil
	case err != nil:
		return false, t.unreachable(err)
	case !info.IsDir():
		return false, t.unreachable(fmt.Errorf("%s is not a directory", t.path))
	}
	return true, nil
}

// serving is the name of the release directory that current leads to; "" if
// there is none.
func (t *Target) serving() (string, error) {
	link, err := os.Readlink(t.current())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case errors.Is(err, fs.ErrPermission):
		return "", t.unreachable(err)
	case err != nil:
		return "", unknown("%s is not a link that a deployment made: check what it is, move it away and apply again", t.current())
	}
	parent, dir := filepath.Split(link)
	if filepath.Clean(parent) != releasesName || filepath.IsAbs(link) || !ours(dir) {
		return "", unknown("%s points to %q, which no deployment made: check what it is, remove the link and apply again", t.current(), link)
	}
	return dir, nil
}

// Observe reads every byte of what is in service. It takes no lock: where a
// deployment switches meanwhile it looks again.
func (t *Target) Observe(ctx context.Context) (target.Observation, error) {
	for attempt := 1; ; attempt++ {
		observation, dir, err := t.observe(ctx)
		if ctx.Err() != nil {
			return target.Observation{}, fmt.Errorf("%w: %w", target.ErrUnreachable, context.Cause(ctx))
		}
		if now, linkErr := t.serving(); attempt < 5 && linkErr == nil && now != dir {
			continue
		}
		return observation, err
	}
}

func (t *Target) observe(ctx context.Context) (target.Observation, string, error) {
	if there, err := t.probe(); err != nil || !there {
		return target.Observation{}, "", err
	}
	state, err := t.readState()
	if err != nil {
		return target.Observation{}, "", err
	}
	dir, err := t.serving()
	if err != nil || dir == "" {
		return target.Observation{Epoch: state.Epoch, Owner: state.owner()}, dir, err
	}
	kept, err := t.readManifest(dir)
	if err != nil {
		return target.Observation{}, dir, err
	}
	content, differences, err := t.look(ctx, dir, kept)
	if err != nil {
		return target.Observation{}, dir, err
	}
	return target.Observation{Content: content, Differences: differences, Epoch: state.Epoch, Owner: state.owner()}, dir, nil
}
