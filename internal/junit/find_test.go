package junit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{
		"TEST-b.xml", "TEST-a.xml", "notes.txt", "a/target/TEST-c.xml", "a/b/target/TEST-d.xml", ".hidden/TEST-e.xml",
		"[odd]/r*.xml", "[odd]/rx.xml", "{x,y}.xml", "directory.xml/inner.xml",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Skip(err) // a file system that has no such names
		}
	}
	if err := os.Symlink("..", "a/loop"); err != nil {
		t.Log(err)
	}
	whole, err := filepath.Abs("TEST-a.xml")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name     string
		patterns []string
		want     []string // nil: no match
	}{
		{"a path", []string{"TEST-a.xml"}, []string{"TEST-a.xml"}},
		{"a pattern, sorted", []string{"TEST-*.xml"}, []string{"TEST-a.xml", "TEST-b.xml"}},
		{"any number of directories", []string{"**/TEST-*.xml"}, []string{".hidden/TEST-e.xml", "TEST-a.xml", "TEST-b.xml", "a/b/target/TEST-d.xml", "a/target/TEST-c.xml"}},
		{"some directories", []string{"a/**/target/*.xml"}, []string{"a/b/target/TEST-d.xml", "a/target/TEST-c.xml"}},
		{"alternatives", []string{"TEST-{a,b}.xml"}, []string{"TEST-a.xml", "TEST-b.xml"}},
		{"a class", []string{"TEST-[a].xml"}, []string{"TEST-a.xml"}},
		{"each file once", []string{"TEST-b.xml", "./TEST-b.xml", "TEST-*.xml", "a/../TEST-a.xml"}, []string{"TEST-a.xml", "TEST-b.xml"}},
		{"once, also by its whole path", []string{"TEST-a.xml", whole}, []string{whole}},
		{"the order of patterns does not count", []string{"a/target/*.xml", "TEST-a.xml"}, []string{"TEST-a.xml", "a/target/TEST-c.xml"}},
		{"a name with special characters is meant literally", []string{"[odd]/r*.xml"}, []string{"[odd]/r*.xml"}},
		{"such a directory in a pattern is escaped", []string{`\[odd\]/*.xml`}, []string{"[odd]/r*.xml", "[odd]/rx.xml"}},
		{"a name with braces is meant literally", []string{"{x,y}.xml"}, []string{"{x,y}.xml"}},
		{"files where a pattern has directories", []string{"*/target/*.xml"}, []string{"a/target/TEST-c.xml"}},
		{"files where a pattern has named directories", []string{"*/rx.xml"}, []string{"[odd]/rx.xml"}},
		{"a file that is named as a directory", []string{"notes.txt/*.xml"}, nil},
		{"directories do not match a pattern", []string{"directory.*"}, nil},
		{"no file", []string{"none.xml"}, nil},
		{"no match", []string{"none/**/*.xml"}, nil},
		{"one pattern of several without a match", []string{"TEST-a.xml", "none-*.xml"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Find(c.patterns...)
			for i := range got {
				got[i] = filepath.ToSlash(got[i])
			}
			var none *NoMatchError
			if (c.want == nil) != errors.As(err, &none) || (c.want == nil) != errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("%v, %v", got, err)
			}
			if c.want == nil && none.Pattern != c.patterns[len(c.patterns)-1] {
				t.Errorf("it blames %q", none.Pattern)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatPatternsMatchIsOneResult(t *testing.T) {
	paths := lay(t, time.Now(), "a/r.xml", twoPassed, "b/r.xml", oneFailed)
	root := filepath.Dir(filepath.Dir(paths[0]))
	got, err := ReadMatches(filepath.Join(root, "**", "*.xml"), paths[0])
	if err != nil || got.Tests != 3 || got.Failures != 1 || !cmp.Equal(got.Files, paths) {
		t.Errorf("%+v, %v", got, err)
	}
	var none *NoMatchError
	if got, err := ReadMatches(filepath.Join(root, "*.xml")); got != nil || !errors.As(err, &none) {
		t.Errorf("%+v, %v", got, err)
	}
	exit := int64(1)
	if v, err := Judge(Run{Err: none, RunnerExit: &exit}); err != nil || v.Outcome() != "failed" {
		t.Errorf("a runner that failed and left no report: %+v, %v", v, err)
	}
}

func TestWhatIsNoPattern(t *testing.T) {
	var none *NoMatchError
	for pattern, want := range map[string]string{"": "the path of a report is empty", "a[.xml": "a[.xml is not a valid path pattern"} {
		if _, err := Find(pattern); err == nil || errors.As(err, &none) || err.Error() != want {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	if got := (&NoMatchError{"a/*.xml"}).Error() + "; " + (&NoMatchError{"a.xml"}).Error(); got != "no file matches a/*.xml; a.xml does not exist" {
		t.Error(got)
	}
}

// A directory that cannot be looked into may hold the report that fails.
func TestADirectoryThatCannotBeReadIsAnError(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("a/secret", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("a/r.xml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod("a/secret", 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod("a/secret", 0o700) })
	if _, err := os.ReadDir("a/secret"); err == nil {
		t.Skip("this user may read everything")
	}
	if got, err := Find("a/**/*.xml"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, %v", got, err)
	}
}
