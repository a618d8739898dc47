package directory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/releaseportal/terraform-provider-portal/internal/archive"
	"github.com/releaseportal/terraform-provider-portal/internal/artifact"
	"github.com/releaseportal/terraform-provider-portal/internal/durable"
	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// build makes the release directory dir: all of it in a hidden one first, then
// the manifest, then the name.
func (t *Target) build(ctx context.Context, dir string, change target.Change) (err error) {
	if err := os.Mkdir(t.releases(), dirMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	staging, err := os.MkdirTemp(t.releases(), stagingStart)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil && !errors.Is(err, errKilled) {
			_ = os.RemoveAll(staging) // a full disk should not stay full; the next deployment tries again
		}
	}()
	trees, err := fill(ctx, staging, change)
	if err != nil {
		return err
	}
	if err := t.reached(pointStaged); err != nil {
		return err
	}
	err = writeJSON(t.manifest(dir), manifest{
		Format: format, Key: change.Key, Epoch: change.Epoch, Pipeline: change.Pipeline,
		Environment: change.Environment, Release: change.Release, Content: change.To, Trees: digests(trees), Files: trees,
	})
	if err != nil {
		return err
	}
	if err := t.reached(pointNoted); err != nil {
		return err
	}
	if err := os.Rename(staging, t.release(dir)); err != nil {
		return err
	}
	if err := durable.SyncDir(t.releases()); err != nil {
		return err
	}
	return t.reached(pointPlaced)
}

func digests(trees map[string]archive.Tree) map[string]string {
	if trees == nil {
		return nil
	}
	digests := make(map[string]string, len(trees))
	for name, tree := range trees {
		digests[name] = tree.Digest()
	}
	return digests
}

// fill writes every component into staging, durably, and gives what archives were
// unpacked to.
func fill(ctx context.Context, staging string, change target.Change) (trees map[string]archive.Tree, err error) {
	if err := os.Chmod(staging, dirMode); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(staging)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, name := range change.To.Names() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		wanted := change.To[name].SHA256
		if change.To[name].Kind == KindArchive {
			tree, err := unpack(ctx, root, name, change.Files[name], wanted, change.To[name].StripComponents)
			if err != nil {
				return nil, fmt.Errorf("component %q: %w", name, err)
			}
			if trees == nil {
				trees = map[string]archive.Tree{}
			}
			trees[name] = tree
			continue
		}
		if err := install(ctx, root, name, change.Files[name], wanted); err != nil {
			return nil, fmt.Errorf("component %q: %w", name, err)
		}
	}
	return trees, durable.SyncDir(staging)
}

// unpack takes the digest of the archive first: what is unpacked cannot be
// compared with it any more.
func unpack(ctx context.Context, root *os.Root, name, from, wanted string, strip int) (archive.Tree, error) {
	found, _, err := artifact.SumFile(from)
	if err != nil {
		return nil, err
	}
	if found != wanted {
		return nil, changed(from, wanted, found)
	}
	return archive.Unpack(ctx, from, root, name, archive.Options{StripComponents: strip})
}

// install copies and hashes in one go, so that the bytes in service are the
// ones that were judged even if the file changes meanwhile.
func install(ctx context.Context, root *os.Root, name, from, wanted string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	found, _, err := hashing.Copy(ctx, file, source)
	if err == nil {
		err = file.Chmod(fileMode) // whatever the umask is
	}
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if found != wanted {
		return changed(from, wanted, found)
	}
	return nil
}

func changed(path, wanted, found string) error {
	return fmt.Errorf("%s in the artifact cache changed after it was checked (sha256 %s, not %s): apply again to fetch it again",
		filepath.Base(path), found, wanted)
}
