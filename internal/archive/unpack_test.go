package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type member struct {
	name string
	text string
	mode fs.FileMode
	kind byte // of tar; 0 is a regular file
}

func tarGz(t testing.TB, members ...member) []byte {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	writer := tar.NewWriter(zipped)
	for _, m := range members {
		header := &tar.Header{Name: m.name, Mode: int64(m.mode), Typeflag: m.kind, Size: int64(len(m.text))}
		switch m.kind {
		case 0:
			header.Typeflag = tar.TypeReg
		case tar.TypeSymlink, tar.TypeLink:
			header.Linkname, header.Size, m.text = m.text, 0, ""
		}
		if err := writer.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write([]byte(m.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(writer.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func zipped(t testing.TB, members ...member) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	for _, m := range members {
		header := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		header.SetMode(m.mode)
		switch m.kind {
		case tar.TypeSymlink:
			header.SetMode(fs.ModeSymlink | 0o777)
		case tar.TypeDir:
			header.SetMode(fs.ModeDir | 0o755)
		case tar.TypeChar:
			header.SetMode(fs.ModeDevice | fs.ModeCharDevice)
		}
		file, err := writer.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(m.name, "/") {
			continue
		}
		if _, err := file.Write([]byte(m.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func unpack(t testing.TB, archive []byte, limits Limits) (Tree, string, error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "archive")
	if err := os.WriteFile(path, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(dir, "root")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	tree, err := Unpack(context.Background(), path, root, "to", limits)
	if err == nil {
		again, readErr := ReadTree(context.Background(), root, "to")
		if diff := cmp.Diff(tree, again); readErr != nil || diff != "" {
			t.Errorf("what was written is not what is there: %v\n%s", readErr, diff)
		}
	}
	return tree, dir, err
}

var formats = map[string]func(testing.TB, ...member) []byte{"tar.gz": tarGz, "zip": zipped}

func TestUnpackKeepsFilesDirectoriesAndTheExecutableBit(t *testing.T) {
	for format, build := range formats {
		t.Run(format, func(t *testing.T) {
			tree, dir, err := unpack(t, build(t,
				member{name: "empty/", kind: tar.TypeDir, mode: 0o700},
				member{name: "./bin/run.sh", text: "run", mode: 0o4711},
				member{name: "bin/", kind: tar.TypeDir, mode: 0o755},
				member{name: "css/skin/main.css", text: "body{}", mode: 0o600},
			), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			want := Tree{
				{Path: "bin", Type: 'd'},
				{Path: "bin/run.sh", Type: 'x', Size: 3, SHA256: sum("run")},
				{Path: "css", Type: 'd'},
				{Path: "css/skin", Type: 'd'},
				{Path: "css/skin/main.css", Type: 'f', Size: 6, SHA256: sum("body{}")},
				{Path: "empty", Type: 'd'},
			}
			if diff := cmp.Diff(want, tree); diff != "" {
				t.Error(diff)
			}
			for name, mode := range map[string]fs.FileMode{"bin/run.sh": 0o755, "css/skin/main.css": 0o644, "empty": fs.ModeDir | 0o755} {
				if info, err := os.Stat(filepath.Join(dir, "root", "to", name)); err != nil || info.Mode() != mode {
					t.Errorf("%s has mode %v, want %v (%v)", name, info.Mode(), mode, err)
				}
			}
		})
	}
}

func TestUnpackRefuses(t *testing.T) {
	cases := map[string]struct {
		members []member
		want    string
	}{
		"a name that leads out":             {[]member{{name: "../out"}}, "leads out"},
		"a name that leads out further in":  {[]member{{name: "a/../../out"}}, "leads out"},
		"an absolute name":                  {[]member{{name: "/etc/passwd"}}, "absolute"},
		"a backslash":                       {[]member{{name: `a\b`}}, "backslash"},
		"a line feed":                       {[]member{{name: "a\nb"}}, "control characters"},
		"an override of direction":          {[]member{{name: "a\u202eb"}}, "control characters"},
		"a name that is not UTF-8":          {[]member{{name: "a\xffb"}}, "UTF-8"},
		"a very long name":                  {[]member{{name: strings.Repeat("a", 256)}}, "more than 255 bytes"},
		"a file twice":                      {[]member{{name: "a"}, {name: "./a"}}, "twice"},
		"names that differ in case":         {[]member{{name: "Readme"}, {name: "README"}}, "upper and lower case"},
		"names that differ in case further": {[]member{{name: "Straße/k"}, {name: "straße/\u212a"}}, "upper and lower case"},
		"directories that differ in case":   {[]member{{name: "Css/a"}, {name: "css/b"}}, "upper and lower case"},
		"a file below a file":               {[]member{{name: "a"}, {name: "a/b"}}, "as a file and as a directory"},
		"a symbolic link":                   {[]member{{name: "a", text: "/etc", kind: tar.TypeSymlink}, {name: "a/b"}}, "neither a regular file"},
		"a device":                          {[]member{{name: "a", kind: tar.TypeChar}}, "neither a regular file"},
		"too many entries":                  {[]member{{name: "1"}, {name: "2"}, {name: "3"}, {name: "4"}}, "more than 3 entries"},
		"too many bytes":                    {[]member{{name: "1", text: strings.Repeat("incompressible? no", 1<<18)}}, "more than 4194304 bytes"},
	}
	for name, c := range cases {
		for format, build := range formats {
			t.Run(name+" in "+format, func(t *testing.T) {
				_, dir, err := unpack(t, build(t, c.members...), Limits{Entries: 3, Bytes: 4 << 20, Ratio: 1 << 30})
				var refused *RefusedError
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q in it", err, c.want)
				}
				nothingOutside(t, dir)
			})
		}
	}
}

func TestUnpackRefusesWhatIsTarOnly(t *testing.T) {
	for name, kind := range map[string]byte{"a hard link": tar.TypeLink, "a pipe": tar.TypeFifo, "a block device": tar.TypeBlock} {
		t.Run(name, func(t *testing.T) {
			_, _, err := unpack(t, tarGz(t, member{name: "a", kind: kind}), Limits{})
			if err == nil || !strings.Contains(err.Error(), "neither a regular file") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUnpackRefusesABomb(t *testing.T) {
	for format, build := range formats {
		t.Run(format, func(t *testing.T) {
			_, _, err := unpack(t, build(t, member{name: "a", text: strings.Repeat("\x00", 8<<20)}), Limits{})
			if err == nil || !strings.Contains(err.Error(), "more than 200 times its size") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUnpackRefusesADamagedArchive(t *testing.T) {
	for format, build := range formats {
		whole := build(t, member{name: "a", text: strings.Repeat("content ", 1000)}, member{name: "b", text: "more"})
		for name, archive := range map[string][]byte{
			"cut short":    whole[:len(whole)/2],
			"empty":        nil,
			"other format": append([]byte("Rar!"), whole...),
		} {
			t.Run(fmt.Sprintf("%s %s", format, name), func(t *testing.T) {
				_, _, err := unpack(t, archive, Limits{})
				var refused *RefusedError
				if !errors.As(err, &refused) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestUnpackStopsWhenItsContextIsDone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "archive")
	if err := os.WriteFile(path, tarGz(t, member{name: "a", text: "x"}), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	why := errors.New("the lease is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := Unpack(ctx, path, root, "to", Limits{}); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

// nothingOutside fails where anything but regular files and directories below
// root/to, and the archive itself, is in dir.
func nothingOutside(t testing.TB, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		inside := name == "." || name == "archive" || name == "root" || name == "root/to" || strings.HasPrefix(name, "root/to/")
		if !inside || !entry.IsDir() && !entry.Type().IsRegular() {
			t.Errorf("there is %s, a %v", name, entry.Type())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func FuzzUnpack(f *testing.F) {
	for _, build := range formats {
		f.Add(build(f, member{name: "a/b", text: "text", mode: 0o755}))
		f.Add(build(f, member{name: "../out", text: "text"}))
		f.Add(build(f, member{name: "link", text: "/etc", kind: tar.TypeSymlink}, member{name: "link/a"}))
		f.Add(build(f, member{name: "d/", kind: tar.TypeDir}, member{name: "D", text: "x"}))
	}
	f.Add([]byte("PK\x05\x06"))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, archive []byte) {
		_, dir, _ := unpack(t, archive, Limits{Entries: 50, Bytes: 1 << 20})
		nothingOutside(t, dir)
	})
}

func BenchmarkUnpackAThousandSmallFiles(b *testing.B) {
	var members []member
	for i := range 1000 {
		members = append(members, member{name: fmt.Sprintf("dir%d/file%d", i%20, i), text: fmt.Sprint(i)})
	}
	archive := tarGz(b, members...)
	for b.Loop() {
		if _, _, err := unpack(b, archive, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}
