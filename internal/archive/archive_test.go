package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

func tarred(t testing.TB, members ...member) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
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
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	if _, err := writer.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func tarGz(t testing.TB, members ...member) []byte {
	t.Helper()
	return gzipped(t, tarred(t, members...))
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
		if strings.HasSuffix(m.name, "/") && m.text == "" {
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

// unpack judges an archive by Check and by Unpack, which have to agree, and what
// was written has to be what Unpack says.
func unpack(t testing.TB, archive []byte, options Options) (Tree, string, error) {
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
	judged := Check(context.Background(), path, options)
	tree, err := Unpack(context.Background(), path, root, "to", options)
	if fmt.Sprint(judged) != fmt.Sprint(err) {
		t.Errorf("Check says %v, Unpack says %v", judged, err)
	}
	if err == nil {
		again, readErr := ReadTree(context.Background(), root, "to", nil)
		if diff := cmp.Diff(tree, again); readErr != nil || diff != "" {
			t.Errorf("what was written is not what is there: %v\n%s", readErr, diff)
		}
	}
	return tree, dir, err
}

// refused fails unless an archive was refused with these words.
func refused(t testing.TB, err error, words ...string) {
	t.Helper()
	var refused *RefusedError
	if !errors.As(err, &refused) {
		t.Errorf("got %v, no refusal", err)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("got %v, want %q in it", err, word)
		}
	}
	if refused.Cure == "" {
		t.Errorf("%v names no cure", err)
	}
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
			), Options{})
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

func TestRefused(t *testing.T) {
	cases := map[string]struct {
		members []member
		want    []string
	}{
		"a name that leads out":             {[]member{{name: "../out"}}, []string{`"../out" leads out`, "from inside the folder"}},
		"a name that leads out further in":  {[]member{{name: "a/../../out"}}, []string{"leads out"}},
		"an absolute name":                  {[]member{{name: "/etc/passwd"}}, []string{`"/etc/passwd" has an absolute name`, "tar -czf ARCHIVE -C FOLDER ."}},
		"a backslash":                       {[]member{{name: `a\b`}}, []string{`"a\\b" has a backslash in its name`, "separates folders by /"}},
		"a line feed":                       {[]member{{name: "a\nb"}}, []string{"control characters"}},
		"an override of direction":          {[]member{{name: "a\u202eb"}}, []string{"control characters"}},
		"a name that is not UTF-8":          {[]member{{name: "a\xffb"}}, []string{"not UTF-8", "writes names as UTF-8"}},
		"a very long name":                  {[]member{{name: strings.Repeat("a", 256)}}, []string{"more than 255 bytes"}},
		"a very long path":                  {[]member{{name: strings.Repeat("abcdefg/", 600) + "a"}}, []string{"more than 4096 bytes"}},
		"a file without a name":             {[]member{{name: "./."}}, []string{"without a name"}},
		"a file twice, changed":             {[]member{{name: "a", text: "1"}, {name: "./a", text: "2"}}, []string{`"./a" occurs twice`, "different content", "remove the old archive first"}},
		"a file twice, longer":              {[]member{{name: "a", text: "1"}, {name: "a", text: "11"}}, []string{`"a" occurs twice`}},
		"a file twice, once executable":     {[]member{{name: "a", text: "1", mode: 0o644}, {name: "a", text: "1", mode: 0o755}}, []string{`"a" occurs twice, only once as an executable`}},
		"names that differ in case":         {[]member{{name: "Readme"}, {name: "README"}}, []string{`"README" differs from "Readme" only in upper and lower case`, "rename one"}},
		"names that differ in case further": {[]member{{name: "Straße/k"}, {name: "straße/\u212a"}}, []string{"upper and lower case"}},
		"names that differ in length too":   {[]member{{name: "ſ/a"}, {name: "ſ/A"}}, []string{`"ſ/A" differs from "ſ/a"`}},
		"directories that differ in case":   {[]member{{name: "Css/a"}, {name: "css/b"}}, []string{`"css" differs from "Css" only in upper and lower case`}},
		"deep directories that differ":      {[]member{{name: "a/Css/b/c"}, {name: "a/css/b/d"}}, []string{`"a/css" differs from "a/Css"`}},
		"a file below a file":               {[]member{{name: "a"}, {name: "a/b"}}, []string{`"a" occurs both as a file and as a directory`}},
		"a file in place of a directory":    {[]member{{name: "a/b"}, {name: "a"}}, []string{`"a" occurs both as a file and as a directory`}},
		"a symbolic link":                   {[]member{{name: "a", text: "main.css", kind: tar.TypeSymlink}, {name: "a/b"}}, []string{`"a" is a symbolic link to "main.css"`, "tar -h, zip without -y"}},
		"a symbolic link that leads out":    {[]member{{name: "a", text: "/etc/x", kind: tar.TypeSymlink}}, []string{`"a" is a symbolic link to "/etc/x"`}},
		"a device":                          {[]member{{name: "a", kind: tar.TypeChar}}, []string{`"a" is a`, "device", "neither a file nor a directory", "tar --exclude, zip -x"}},
		"a directory too deep":              {[]member{{name: strings.Repeat("d/", 101) + "a"}}, []string{"more than 100 folders deep"}},
		"nothing":                           {nil, []string{"has nothing in it"}},
		"only its own folder":               {[]member{{name: "./", kind: tar.TypeDir}}, []string{"has nothing in it"}},
	}
	for name, c := range cases {
		for format, build := range formats {
			t.Run(name+" in "+format, func(t *testing.T) {
				_, dir, err := unpack(t, build(t, c.members...), Options{})
				refused(t, err, c.want...)
				nothingOutside(t, dir)
			})
		}
	}
}

func TestAccepted(t *testing.T) {
	deep := strings.Repeat("d/", 100) + "a"
	cases := map[string]struct {
		members []member
		want    []string
	}{
		"a file twice with equal content":        {[]member{{name: "a", text: "1"}, {name: "b"}, {name: "a", text: "1"}}, []string{"a", "b"}},
		"a file twice under two spellings":       {[]member{{name: "p/./d/a", text: "1"}, {name: "p//d/a", text: "1"}}, []string{"p", "p/d", "p/d/a"}},
		"an executable twice, with other rights": {[]member{{name: "a", mode: 0o755}, {name: "a", mode: 0o4711}}, []string{"a"}},
		"a directory twice":                      {[]member{{name: "d/", kind: tar.TypeDir}, {name: "d/a"}, {name: "d/", kind: tar.TypeDir}}, []string{"d", "d/a"}},
		"a directory after what is in it":        {[]member{{name: "d/e/a"}, {name: "d/e/", kind: tar.TypeDir}, {name: "d/", kind: tar.TypeDir}}, []string{"d", "d/e", "d/e/a"}},
		"names that only look alike":             {[]member{{name: "d-a"}, {name: "d/a"}, {name: "d.a"}}, []string{"d", "d-a", "d.a", "d/a"}},
		"only a directory":                       {[]member{{name: "d/", kind: tar.TypeDir}}, []string{"d"}},
		"a name with two dots":                   {[]member{{name: "a..b/..c"}}, []string{"a..b", "a..b/..c"}},
	}
	for name, c := range cases {
		for format, build := range formats {
			t.Run(name+" in "+format, func(t *testing.T) {
				tree, _, err := unpack(t, build(t, c.members...), Options{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, paths(tree)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
	if tree, _, err := unpack(t, tarGz(t, member{name: deep}), Options{}); err != nil || len(tree) != 101 {
		t.Errorf("100 directories: %v, %d entries", err, len(tree))
	}
}

func paths(tree Tree) []string {
	var list []string
	for _, entry := range tree {
		list = append(list, entry.Path)
	}
	return list
}

func TestADamagedArchiveIsRefused(t *testing.T) {
	for format, build := range formats {
		whole := build(t, member{name: "a", text: strings.Repeat("content ", 1000)}, member{name: "b", text: "more"})
		for name, archive := range map[string][]byte{
			"cut short":    whole[:len(whole)/2],
			"empty":        nil,
			"other format": append([]byte("Rar!"), whole...),
		} {
			t.Run(fmt.Sprintf("%s %s", format, name), func(t *testing.T) {
				_, _, err := unpack(t, archive, Options{})
				refused(t, err)
			})
		}
	}
}

func TestItStopsWhenItsContextIsDone(t *testing.T) {
	for format, build := range formats {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "archive")
			if err := os.WriteFile(path, build(t, member{name: "a", text: "x"}), 0o600); err != nil {
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
			if _, err := Unpack(ctx, path, root, "to", Options{}); !errors.Is(err, why) {
				t.Errorf("Unpack: %v", err)
			}
			if err := Check(ctx, path, Options{}); !errors.Is(err, why) {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// nothingOutside fails if anything but regular files and directories below
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
	plain := tarred(f, member{name: "a", text: "text"}, member{name: "b", text: "a", kind: tar.TypeLink})
	for _, archive := range [][]byte{plain, bzip2ed(f), xzed(plain, dictionary8MiB), zstded(f, plain), rawTar(sparsePAX("a", 9000)), rawTar(sparseGNU("a", 9000))} {
		f.Add(archive)
	}
	f.Add([]byte("PK\x05\x06"))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, archive []byte) {
		_, dir, _ := unpack(t, archive, Options{Limits: Limits{Entries: 50, Bytes: 1 << 20}})
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
		if _, _, err := unpack(b, archive, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

func TestATreeWithoutSomeOfIt(t *testing.T) {
	tree := Tree{{Path: "a", Type: 'd'}, {Path: "a.d", Type: 'd'}, {Path: "a.txt", Type: 'f'}, {Path: "a/b", Type: 'd'}, {Path: "a/b/c", Type: 'f'}, {Path: "d", Type: 'f'}}
	got := tree.Without(func(path string, dir bool) bool { return path == "a" && dir || path == "a.d" || path == "d" && dir })
	if diff := cmp.Diff(Tree{{Path: "a.txt", Type: 'f'}, {Path: "d", Type: 'f'}}, got); diff != "" {
		t.Error(diff)
	}
	text, err := json.Marshal(tree)
	var read Tree
	if err := errors.Join(err, json.Unmarshal(text, &read)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tree, read); diff != "" {
		t.Error(diff)
	}
}
