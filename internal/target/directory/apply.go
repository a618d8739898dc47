package directory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/durable"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// point is a boundary within Apply.
type point string

const (
	pointRecorded point = "epoch recorded"
	pointStaged   point = "release staged"
	pointNoted    point = "manifest written"
	pointPlaced   point = "release in place"
	pointLinked   point = "next link made"
	pointSwitched point = "link switched"
	pointPruned   point = "old releases pruned"
	pointUnlinked point = "link removed"
	pointEmptied  point = "releases removed"
)

// errKilled stands for a process that ended: nothing is cleaned up after it.
var errKilled = errors.New("killed")

// Apply builds the release beside the ones that are there, unless it is there
// and intact, and switches to it in one step: at no time is part of a release
// in service. It holds the directory's lock throughout and waits for it as long
// as ctx allows. A content without components and release removes all that
// deployments put there.
func (t *Target) Apply(ctx context.Context, change target.Change) error {
	if err := change.Check(); err != nil {
		return err
	}
	emptying := change.Release == "" && len(change.To) == 0
	if there, err := t.probe(); err != nil {
		return err
	} else if !there && emptying {
		return nil
	}
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	before, err := t.serving()
	if err != nil {
		return err
	}
	if err := t.record(change); err != nil {
		return err
	}
	if err := t.reached(pointRecorded); err != nil {
		return err
	}
	if err := t.dropLeftovers(before); err != nil {
		return fmt.Errorf("the remains of a killed deployment cannot be removed: %w", err)
	}
	if emptying {
		return t.empty()
	}
	return t.bring(ctx, change, before)
}

// record refuses the callers of another ledger and a late one, and makes every later
// one of an older epoch late. Epochs count for one environment: if another one's
// content was here, as after a renaming, its epoch says nothing. A ledger gives an
// epoch once: one that comes again for another wish is of a copy from before, as after
// a backup was restored.
func (t *Target) record(change target.Change) error {
	last, err := t.readState()
	if err != nil {
		return err
	}
	if err := last.owner().CheckOwner(change.Ledger, t.note()); err != nil {
		return err
	}
	if last.owner() == change.Owner() {
		if change.Epoch < last.Epoch {
			return fmt.Errorf("%w: %s has seen epoch %d of %s/%s, and this is epoch %d",
				target.ErrStaleEpoch, t.path, last.Epoch, last.Pipeline, last.Environment, change.Epoch)
		}
		if change.Epoch == last.Epoch && change.Key != last.Key {
			return fmt.Errorf("%w: %s has seen another deployment of epoch %d of %s/%s",
				target.ErrStaleEpoch, t.path, last.Epoch, last.Pipeline, last.Environment)
		}
	}
	next := state{Format: format, Key: change.Key, Epoch: change.Epoch, Ledger: change.Ledger, Pipeline: change.Pipeline, Environment: change.Environment}
	if next == last {
		return nil
	}
	if err := writeJSON(t.note(), next); err != nil {
		return fmt.Errorf("the deployment cannot be recorded in %s: %w", t.path, err)
	}
	if info, err := os.Stat(t.note()); err == nil {
		t.off.Store(int64(info.ModTime().Sub(t.now())))
	}
	return nil
}

// ClockOff implements target.Timed.
func (t *Target) ClockOff() time.Duration { return time.Duration(t.off.Load()) }

// bring puts change.To in service.
func (t *Target) bring(ctx context.Context, change target.Change, before string) error {
	dir, intact, damaged, err := t.find(ctx, change.Release, change.To)
	if err != nil {
		return err
	}
	if !intact && change.Kept {
		return fmt.Errorf("%s was in %s a moment ago, but was removed or changed: apply again, with its sources available where they are registered", change.Release, t.releases())
	}
	if !intact {
		if err := t.build(ctx, dir, change); err != nil {
			return err
		}
	}
	if dir != before {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := t.switchTo(dir); err != nil {
			return err
		}
	}
	return t.prune(dir, damaged)
}

// find looks for a release directory that has what is wanted, intact. If there
// is none, dir is a name that is free for it. damaged are those with its name
// that are not as they were built.
func (t *Target) find(ctx context.Context, release string, wanted portal.Content) (dir string, intact bool, damaged []string, err error) {
	base := baseName(release, wanted)
	free := ""
	for n := 1; ; n++ {
		dir := candidate(base, n)
		_, err := os.Lstat(t.release(dir))
		if errors.Is(err, fs.ErrNotExist) {
			if free == "" {
				free = dir
			}
			if n == 1 {
				continue // the second may be in service since the first was damaged
			}
			return free, false, damaged, nil
		}
		if err != nil {
			return "", false, nil, err
		}
		if kept, err := t.readManifest(dir); err == nil && kept.Content.Equal(wanted) {
			content, _, err := t.look(ctx, dir, kept)
			if ctx.Err() != nil {
				return "", false, nil, context.Cause(ctx)
			}
			if err == nil && content.Equal(wanted) {
				return dir, true, damaged, nil
			}
		}
		damaged = append(damaged, dir)
	}
}

// Keeps implements target.Keeper: a rollback to what is still here is a switch of
// the link.
func (t *Target) Keeps(ctx context.Context, release string, content portal.Content) (bool, error) {
	if there, err := t.probe(); err != nil || !there {
		return false, err
	}
	_, intact, _, err := t.find(ctx, release, content)
	if err != nil {
		return false, t.unreachable(err)
	}
	return intact, nil
}

// switchTo puts a release in service in one step.
func (t *Target) switchTo(dir string) error {
	// The time of the manifest is when its release was in service last.
	now := time.Now()
	_ = os.Chtimes(t.manifest(dir), now, now) // decides only which release is pruned first
	next := filepath.Join(t.path, nextName)
	if err := os.Symlink(filepath.Join(releasesName, dir), next); err != nil {
		return err
	}
	if err := t.reached(pointLinked); err != nil {
		return err
	}
	if err := os.Rename(next, t.current()); err != nil {
		return err
	}
	if err := durable.SyncDir(t.path); err != nil {
		return err
	}
	return t.reached(pointSwitched)
}
