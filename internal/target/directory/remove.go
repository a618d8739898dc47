package directory

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/durable"
)

// dropLeftovers removes what a deployment that was killed left half done. The
// lock is held, so nobody is at work on it.
func (t *Target) dropLeftovers(serving string) error {
	leftovers := []string{filepath.Join(t.path, nextName), filepath.Join(t.path, "."+stateName+".next")}
	entries, err := os.ReadDir(t.releases())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		unfinished := strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".json.next")
		if strings.HasPrefix(name, stagingStart) || unfinished {
			leftovers = append(leftovers, t.release(name))
		}
		if dir, isManifest := strings.CutSuffix(name, ".json"); isManifest && ours(dir) && dir != serving {
			if _, err := os.Lstat(t.release(dir)); errors.Is(err, fs.ErrNotExist) {
				leftovers = append(leftovers, t.manifest(dir))
			}
		}
	}
	for _, leftover := range leftovers {
		if err := os.RemoveAll(leftover); err != nil {
			return err
		}
	}
	return nil
}

// remove drops a release. The manifest goes last: as long as it is there, what
// is left of the directory is known to be ours.
func (t *Target) remove(dir string) error {
	if err := os.RemoveAll(t.release(dir)); err != nil {
		return err
	}
	if err := os.Remove(t.manifest(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// prune removes the damaged releases and those beyond keep that have been out
// of service for longest, never the one in service.
func (t *Target) prune(serving string, damaged []string) error {
	kept, err := t.built()
	if err != nil {
		return err
	}
	left := t.keep - 1
	for _, dir := range kept {
		switch {
		case dir == serving:
			continue
		case slices.Contains(damaged, dir):
		case left > 0:
			left--
			continue
		}
		if err := t.remove(dir); err != nil {
			return err
		}
	}
	return t.reached(pointPruned)
}

// built lists the releases that deployments put there, the one in service last
// coming first. One whose manifest is gone is the oldest.
func (t *Target) built() ([]string, error) {
	entries, err := os.ReadDir(t.releases())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	served := map[string]time.Time{}
	for _, entry := range entries {
		if entry.IsDir() && ours(entry.Name()) {
			served[entry.Name()] = time.Time{}
		}
	}
	for _, entry := range entries {
		dir, isManifest := strings.CutSuffix(entry.Name(), ".json")
		if !isManifest || !ours(dir) {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		served[dir] = info.ModTime()
	}
	return slices.SortedFunc(maps.Keys(served), func(a, b string) int {
		return cmp.Or(served[b].Compare(served[a]), cmp.Compare(a, b))
	}), nil
}

// empty takes everything out of service, then removes what deployments put
// there and the directory itself where nothing else is in it. The epoch goes
// with it: the one who comes next begins again.
func (t *Target) empty() error {
	if err := os.Remove(t.current()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := durable.SyncDir(t.path); err != nil {
		return err
	}
	if err := t.reached(pointUnlinked); err != nil {
		return err
	}
	releases, err := t.built()
	if err != nil {
		return err
	}
	for _, release := range releases {
		if err := t.remove(release); err != nil {
			return err
		}
	}
	if err := t.reached(pointEmptied); err != nil {
		return err
	}
	for _, path := range []string{t.releases(), filepath.Join(t.path, stateName), filepath.Join(t.path, lockName), t.path} {
		err := os.Remove(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !stays(err) {
			return err
		}
	}
	return nil
}

// stays reports whether a directory could not be removed because it is somebody
// else's too: other files are in it, it is mounted, or it lies where we may not
// remove anything.
func stays(err error) bool {
	return errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EBUSY) || errors.Is(err, fs.ErrPermission)
}
