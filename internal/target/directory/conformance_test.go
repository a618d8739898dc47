package directory

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
	"github.com/releaseportal/terraform-provider-portal/internal/target/targettest"
)

func TestMain(m *testing.M) {
	targettest.Main(m, func(config []byte) (target.Target, error) {
		var decoded Config
		if err := json.Unmarshal(config, &decoded); err != nil {
			return nil, err
		}
		return New(decoded)
	})
}

func mustNew(t testing.TB, config Config) *Target {
	t.Helper()
	opened, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestConformance(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Harness {
		config := Config{Path: filepath.Join(t.TempDir(), "srv", "intranet")}
		encoded, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		place := mustNew(t, config)
		staging := func() bool {
			found, _ := filepath.Glob(filepath.Join(config.Path, releasesName, stagingStart+"*"))
			return len(found) > 0
		}
		return targettest.Harness{
			Config: encoded,
			Target: place,
			Break: func(t *testing.T) {
				if err := os.Rename(config.Path, config.Path+".away"); err != nil {
					t.Fatal(err)
				}
				mustWrite(t, config.Path, "a file")
			},
			Tamper: func(t *testing.T, name string) {
				path := filepath.Join(config.Path, currentName, name)
				if info, err := os.Stat(path); err == nil && info.IsDir() {
					path = filepath.Join(path, "index.html") // of what was unpacked
				}
				mustWrite(t, path, "by hand")
			},
			AtWork: staging,
			Quiet:  func() bool { return !staging() },
			Slow: func(t *testing.T) { // somebody else holds the lock and does not let go
				other := mustNew(t, config)
				unlock, err := other.lock(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(unlock)
			},
			Gone: func(t *testing.T) []string {
				if _, err := os.Lstat(config.Path); err == nil {
					return list(t, config.Path)
				}
				return nil
			},
		}
	})
}

func mustWrite(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// list names everything below a directory, following no link.
func list(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if path != dir {
			names = append(names, strings.TrimPrefix(path, dir+string(filepath.Separator)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
