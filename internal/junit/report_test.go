package junit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	twoPassed  = `<testsuite timestamp="2026-01-02T03:04:05"><testcase name="a"/><testcase name="b"/></testsuite>`
	oneFailed  = `<testsuite><testcase name="c"><failure/></testcase></testsuite>`
	oneSkipped = `<testsuite><testcase name="d"><skipped/></testcase></testsuite>`
)

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// lay writes files into a new directory, each a minute older than the one
// before, and returns their paths.
func lay(t *testing.T, at time.Time, files ...string) []string {
	t.Helper()
	root := t.TempDir()
	paths := make([]string, 0, len(files)/2)
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(root, filepath.FromSlash(files[i]))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		at = at.Add(-time.Minute)
		paths = append(paths, path)
	}
	return paths
}

func TestOneFile(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	path := lay(t, at, "r.xml", twoPassed)[0]
	got, err := Read(path)
	want := &Report{Files: []string{path}, Tests: 2, SHA256: hexSum(twoPassed), Timestamped: true, OldestFile: path, Oldest: at}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestManyFilesAreOneResult(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	paths := lay(t, at, "y/r.xml", twoPassed, "x/r.xml", oneFailed, "x/s.xml", oneSkipped)
	got, err := Read(paths...)
	want := &Report{
		Files: []string{paths[1], paths[2], paths[0]}, Tests: 3, Failures: 1, Skipped: 1, Timestamped: true,
		OldestFile: paths[2], Oldest: at.Add(-2 * time.Minute), Notes: []string{`test "c" failed`},
		SHA256: hexSum(hexSum(oneFailed) + "  x/r.xml\x00" + hexSum(oneSkipped) + "  x/s.xml\x00" + hexSum(twoPassed) + "  y/r.xml\x00"),
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if again, err := Read(paths[2], paths[0], paths[1]); !cmp.Equal(got, again) || err != nil {
		t.Errorf("in another order: %+v, %v", again, err)
	}
	elsewhere := lay(t, at, "y/r.xml", twoPassed, "x/r.xml", oneFailed, "x/s.xml", oneSkipped)
	if other, err := Read(elsewhere...); err != nil || other.SHA256 != got.SHA256 {
		t.Errorf("in another directory: %+v, %v", other, err)
	}
	t.Chdir(filepath.Dir(filepath.Dir(paths[0])))
	if other, err := Read("./y/r.xml", "x//r.xml", "y/../x/s.xml"); err != nil || other.SHA256 != got.SHA256 {
		t.Errorf("in other words: %+v, %v", other, err)
	}
	for name, files := range map[string][]string{
		"renamed": {"y/r.xml", twoPassed, "x/q.xml", oneFailed, "x/s.xml", oneSkipped},
		"swapped": {"y/r.xml", oneFailed, "x/r.xml", twoPassed, "x/s.xml", oneSkipped},
		"changed": {"y/r.xml", twoPassed + "\n", "x/r.xml", oneFailed, "x/s.xml", oneSkipped},
	} {
		if other, err := Read(lay(t, at, files...)...); err != nil || other.SHA256 == got.SHA256 {
			t.Errorf("%s: %+v, %v", name, other, err)
		}
	}
}

func TestFilesWithoutATestBesideOthers(t *testing.T) {
	paths := lay(t, time.Now(), "a.xml", `<testsuite/>`, "b.xml", oneSkipped, "c.xml", twoPassed)
	if got, err := Read(paths...); err != nil || got.Tests != 2 || got.Skipped != 1 || got.Failures != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	var nothing *NothingRanError
	if _, err := Read(paths[:2]...); !errors.As(err, &nothing) || nothing.Report.Skipped != 1 || !strings.Contains(err.Error(), paths[1]) {
		t.Errorf("%v", err)
	}
}

func TestOneFileThatCannotBeReadSpoilsTheResult(t *testing.T) {
	paths := lay(t, time.Now(), "a.xml", twoPassed, "b.xml", "<testsuite>", "c.xml", `<project/>`)
	if got, err := Read(paths[0], paths[1]); err == nil || !strings.HasPrefix(err.Error(), paths[1]+" cannot be read as a JUnit report: it is truncated") {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Read(paths[0], paths[2]); err == nil || !strings.Contains(err.Error(), paths[2]+" cannot be read as a JUnit report: it has no <testsuite>") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTimestamps(t *testing.T) {
	for name, c := range map[string]struct {
		xml  string
		want bool
	}{
		"of a suite":                  {`<testsuite timestamp="27 Nov 2026 09:00:43 GMT"><testcase name="a"/></testsuite>`, true},
		"of all suites":               {`<testsuites timestamp="2026-11-27"><testsuite><testcase name="a"/></testsuite></testsuites>`, true},
		"of a case":                   {`<testsuite><testcase name="a" timestamp="2026-11-27"/></testsuite>`, true},
		"none":                        {`<testsuite time="1"><testcase name="a" time="1"/></testsuite>`, false},
		"an empty one":                {`<testsuite timestamp=""><testcase name="a"/></testsuite>`, false},
		"of a suite that never began": {`<testsuite timestamp="0001-01-01T00:00:00"><testcase name="a"/></testsuite>`, false},
		"of the beginning of time":    {`<testsuite timestamp="1970-01-01T00:00:00Z"><testcase name="a"/></testsuite>`, false},
		"of something else":           {`<testsuite><properties timestamp="2026-11-27"/><testcase name="a"/></testsuite>`, false},
	} {
		if got, err := Read(write(t, "r.xml", c.xml)); err != nil || got.Timestamped != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestFilesThatAreNotRead(t *testing.T) {
	large := write(t, "large.xml", "<testsuite>")
	if err := os.Truncate(large, largestFile+1); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name  string
		paths []string
		want  string
	}{
		{"no file", nil, "no report was given"},
		{"a large one", []string{large}, " is larger than 64 MiB"},
		{"a directory", []string{t.TempDir()}, " is not a file"},
		{"too many", make([]string, mostFiles+1), "20001 report files are too many"},
	}
	for _, c := range cases {
		if got, err := Read(c.paths...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.xml")); !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), "none.xml does not exist") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestFilesThatAreTooLargeTogether(t *testing.T) {
	path := write(t, "r.xml", twoPassed)
	if err := os.Truncate(path, largestFile); err != nil { // zeros after the report
		t.Fatal(err)
	}
	small := write(t, "s.xml", oneFailed)
	const want = "the report files are larger than 256 MiB together"
	if got, err := Read(path, path, path, path, small); err == nil || err.Error() != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Read(path, path, path, small+"x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("as large as they may be: %v", err)
	}
}

func TestNotesAreFewAndShort(t *testing.T) {
	many := "<testsuite>" + strings.Repeat(`<testcase name="`+strings.Repeat("ä&#10;", 1000)+`"><failure/></testcase>`, 10) + "</testsuite>"
	got, err := Read(write(t, "r.xml", many))
	if err != nil || got.Failures != 10 || len(got.Notes) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, note := range got.Notes {
		if n := len([]rune(note)); n != 240 || strings.Contains(note, "\n") {
			t.Errorf("a note of %d characters: %q", n, note)
		}
	}
}
