package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/releaseportal/terraform-provider-portal/internal/archive"
	"github.com/releaseportal/terraform-provider-portal/internal/durable"
	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// format is the version of both files below; a newer one is not read.
const format = 1

// manifest says what was put into a release directory.
type manifest struct {
	Format      int               `json:"format"`
	Key         string            `json:"key"`
	Epoch       int64             `json:"epoch"`
	Pipeline    string            `json:"pipeline"`
	Environment string            `json:"environment"`
	Release     string            `json:"release"`
	Content     portal.Content    `json:"content"`
	Trees       map[string]string `json:"trees,omitempty"` // digest of what an archive was unpacked to, by component
	// Files are these trees. Manifests of earlier versions have none.
	Files map[string]archive.Tree `json:"files,omitempty"`
}

// state says who has been here last. It is written before any work is done.
type state struct {
	Format      int    `json:"format"`
	Key         string `json:"key"`
	Epoch       int64  `json:"epoch"`
	Ledger      string `json:"ledger"`
	Pipeline    string `json:"pipeline"`
	Environment string `json:"environment"`
}

func (s state) owner() target.Owner {
	return target.Owner{Ledger: s.Ledger, Place: target.Place{Pipeline: s.Pipeline, Environment: s.Environment}}
}

func (t *Target) readManifest(dir string) (manifest, error) {
	var read manifest
	name := t.manifest(dir)
	if err := readJSON(name, &read, func() int { return read.Format }); err != nil {
		return manifest{}, unknown("%s, which records what is in service, %w: restore it, or move %s away and apply again", name, err, t.current())
	}
	for component, item := range read.Content {
		if target.CheckName(component) != nil || !portal.IsDigest(item.SHA256) {
			return manifest{}, unknown("%s, which records what is in service, was altered at component %q: restore it, or move %s away and apply again", name, component, t.current())
		}
	}
	return read, nil
}

// Owner implements target.Owned.
func (t *Target) Owner(context.Context) (target.Owner, string, error) {
	read, err := t.readState()
	return read.owner(), t.note(), err
}

// note is where it is noted who has been here last.
func (t *Target) note() string { return filepath.Join(t.path, stateName) }

func (t *Target) readState() (state, error) {
	var read state
	name := t.note()
	switch err := readJSON(name, &read, func() int { return read.Format }); {
	case errors.Is(err, fs.ErrNotExist):
		return state{}, nil
	case errors.Is(err, fs.ErrPermission):
		return state{}, t.unreachable(err)
	case err != nil:
		return state{}, unknown("%s, which records the last deployment, %w: restore it, or remove it if no other deployment can be in progress", name, err)
	}
	return read, nil
}

func readJSON(name string, into any, version func() int) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("cannot be read (%w)", hashing.WithoutPath(err))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return errors.New("is damaged")
	}
	if version() != format {
		return fmt.Errorf("has format %d, which this version of the provider does not know", version())
	}
	return nil
}

// writeJSON replaces a file in one step, durably. The caller holds the lock, so
// the name it is written under first is nobody else's.
func writeJSON(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	next := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".next")
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, name); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(name))
}

// baseName is the release directory's name for what is wanted. The digest is in
// it since one version can come with two contents, and the other way round.
func baseName(release string, content portal.Content) string {
	if release == "" {
		release = "content"
	}
	return release + "-" + content.Digest()[:12]
}

// candidate is the n-th name for it: one whose content was damaged while it was
// in service is not repaired in place, which would put half of it in service.
func candidate(base string, n int) string {
	if n == 1 {
		return base
	}
	return fmt.Sprintf("%s.%d", base, n)
}

var releaseDir = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+_-]*-[0-9a-f]{12}(\.[0-9]+)?$`)

// ours reports whether a name in releases/ is one that candidate makes.
func ours(dir string) bool { return releaseDir.MatchString(dir) }
