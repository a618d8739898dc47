package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rawMember is an entry of a tar that the standard library does not write.
func rawMember(name string, kind byte, size int64, alter func(header []byte), content string) []byte {
	header := make([]byte, 512)
	copy(header, name)
	copy(header[100:], "0000644\x000000000\x000000000\x00")
	copy(header[124:], fmt.Sprintf("%011o\x0000000000000\x00", size))
	copy(header[148:], "        ")
	header[156] = kind
	copy(header[257:], "ustar\x0000")
	if alter != nil {
		alter(header)
	}
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
	return slices.Concat(header, filled([]byte(content)))
}

// filled is content up to the end of a block.
func filled(content []byte) []byte { return append(content, make([]byte, -len(content)&511)...) }

func rawTar(members ...[]byte) []byte {
	return append(bytes.Join(members, nil), make([]byte, 1024)...)
}

func paxRecords(kind byte, records ...string) []byte {
	var all strings.Builder
	for _, record := range records {
		length := len(record) + 2
		for length != len(fmt.Sprintf("%d %s\n", length, record)) {
			length++
		}
		fmt.Fprintf(&all, "%d %s\n", length, record)
	}
	return rawMember("PaxHeader", kind, int64(all.Len()), nil, all.String())
}

// sparsePAX is a file of size bytes that begins with "abc" and is a hole after it.
func sparsePAX(name string, size int64) []byte {
	content := append(filled(fmt.Appendf(nil, "2\n0\n3\n%d\n0\n", size)), "abc"...)
	return append(paxRecords('x', "GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name="+name, fmt.Sprint("GNU.sparse.realsize=", size)),
		rawMember("GNUSparseFile.0/"+name, tar.TypeReg, int64(len(content)), nil, string(content))...)
}

// sparseGNU is the same in the older way.
func sparseGNU(name string, size int64) []byte {
	return rawMember(name, tar.TypeGNUSparse, 3, func(header []byte) {
		copy(header[257:], "ustar  \x00")
		copy(header[386:], fmt.Sprintf("%011o\x00%011o\x00%011o\x00%011o\x00", 0, 3, size, 0))
		copy(header[483:], fmt.Sprintf("%011o\x00", size))
	}, "abc")
}

func TestSparseFilesAreWrittenInFull(t *testing.T) {
	const size = 100_000
	want := TreeEntry{Path: "img", Type: 'f', Size: size, SHA256: sum("abc" + strings.Repeat("\x00", size-3))}
	for name, member := range map[string][]byte{"PAX": sparsePAX("img", size), "GNU": sparseGNU("img", size)} {
		t.Run(name, func(t *testing.T) {
			whole := rawTar(member, rawMember("b", tar.TypeReg, 1, nil, "b"))
			tree, _, err := unpack(t, whole, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(Tree{{Path: "b", Type: 'f', Size: 1, SHA256: sum("b")}, want}, tree); diff != "" {
				t.Error(diff)
			}
			_, _, err = unpack(t, whole, Options{Limits: Limits{Bytes: size - 1}})
			refused(t, err, "unpacks to more than 99999 bytes")
			_, _, err = unpack(t, gzipped(t, whole), Options{Limits: Limits{Ratio: 10, RatioFrom: 1}})
			refused(t, err, "unpacks to more than 10 times its size")
		})
	}
}

func TestHardLinksAreCopies(t *testing.T) {
	link := func(name, target string) member {
		return member{name: name, text: target, kind: tar.TypeLink, mode: 0o755}
	}
	file := member{name: "./css/main.css", text: "body{}"}
	for name, c := range map[string]struct {
		members []member
		want    []string // the files with the content
		refuses []string
	}{
		"to a file before it":          {[]member{file, link("./a", "./css/main.css")}, []string{"a", "css/main.css"}, nil},
		"to it under another spelling": {[]member{file, link("a", "css/main.css")}, []string{"a", "css/main.css"}, nil},
		"to a link":                    {[]member{file, link("a", "css/main.css"), link("b/c", "a")}, []string{"a", "b/c", "css/main.css"}, nil},
		"to itself":                    {[]member{file, link("css/main.css", "css/main.css")}, []string{"css/main.css"}, nil},
		"all of it twice":              {[]member{file, link("a", "css/main.css"), link("css/main.css", "css/main.css"), link("a", "css/main.css")}, []string{"a", "css/main.css"}, nil},
		"to itself, not there":         {[]member{link("a", "a"), file}, nil, []string{`"a" is a hard link to "a", which is not a file before it in the archive`, "tar --hard-dereference"}},
		"to a file after it":           {[]member{link("a", "css/main.css"), file}, nil, []string{`"a" is a hard link to "css/main.css"`}},
		"to a directory":               {[]member{file, link("a", "css")}, nil, []string{`"a" is a hard link to "css"`}},
		"to a name in other case":      {[]member{file, link("a", "CSS/main.css")}, nil, []string{`"a" is a hard link to "CSS/main.css"`}},
		"out of the archive":           {[]member{file, link("a", "../css/main.css")}, nil, []string{`"a" is a hard link to "../css/main.css"`}},
		"in place of another file":     {[]member{file, {name: "a", text: "other"}, link("a", "css/main.css")}, nil, []string{`"a" occurs twice, with different content`}},
		"out of it by its own name":    {[]member{file, link("../a", "css/main.css")}, nil, []string{`"../a" leads out`}},
		"that differs in case":         {[]member{file, link("CSS/b", "css/main.css")}, nil, []string{"upper and lower case"}},
	} {
		t.Run(name, func(t *testing.T) {
			tree, dir, err := unpack(t, tarGz(t, c.members...), Options{})
			if c.refuses != nil {
				refused(t, err, c.refuses...)
				nothingOutside(t, dir)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			for _, entry := range tree {
				if entry.Type != 'd' {
					files = append(files, entry.Path)
					if entry.SHA256 != sum("body{}") || entry.Type != 'f' {
						t.Errorf("%s is %+v", entry.Path, entry)
					}
				}
			}
			if diff := cmp.Diff(c.want, files); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHardLinksCount(t *testing.T) {
	members := []member{{name: "a", text: strings.Repeat("a", 1<<20)}}
	for i := range 8 {
		members = append(members, member{name: fmt.Sprint("b", i), text: "a", kind: tar.TypeLink})
	}
	_, _, err := unpack(t, tarred(t, members...), Options{Limits: Limits{Bytes: 6 << 20}})
	refused(t, err, "unpacks to more than 6291456 bytes")
}

func TestWhatOnlyTarHas(t *testing.T) {
	file := rawMember("a", tar.TypeReg, 1, nil, "a")
	for name, c := range map[string]struct {
		content []byte
		want    []string // its paths
		refuses string
	}{
		"a global header":                 {rawTar(paxRecords('g', "comment=1234"), file), []string{"a"}, ""},
		"a global header with a name":     {rawTar(paxRecords('g', "path=b"), file), nil, `sets "path" for all entries after it`},
		"a label":                         {rawTar(rawMember("backup", 'V', 0, nil, ""), file), []string{"a"}, ""},
		"a directory of an incremental":   {rawTar(rawMember("d/", 'D', 4, nil, "Ya\x00\x00"), rawMember("d/a", tar.TypeReg, 1, nil, "a")), []string{"d", "d/a"}, ""},
		"a contiguous file":               {rawTar(rawMember("a", tar.TypeCont, 1, nil, "a")), []string{"a"}, ""},
		"a file of an old tar":            {rawTar(rawMember("a", 0, 1, func(h []byte) { clear(h[257:265]) }, "a")), []string{"a"}, ""},
		"no end":                          {file, []string{"a"}, ""},
		"padding":                         {append(rawTar(file), make([]byte, 20*512)...), []string{"a"}, ""},
		"a lone block of zeros":           {append(append(bytes.Clone(file), make([]byte, 512)...), file...), nil, "damaged"},
		"the rest of a file":              {rawTar(rawMember("a", 'M', 1, nil, "a")), nil, "continues in another file"},
		"a named pipe":                    {rawTar(rawMember("a", tar.TypeFifo, 0, nil, "")), nil, `"a" is a named pipe, neither a file nor a directory`},
		"a block device":                  {rawTar(rawMember("a", tar.TypeBlock, 0, nil, "")), nil, `"a" is a block device`},
		"a type that nobody knows":        {rawTar(rawMember("a", 'Z', 0, nil, "")), nil, `"a" is of the type 'Z'`},
		"a file cut short":                {file[:512], nil, "cut short"},
		"a symbolic link with a long aim": {rawTar(paxRecords('x', "linkpath="+strings.Repeat("x", 200)), rawMember("a", tar.TypeSymlink, 0, nil, "")), nil, `xxx…xxx`},
		"data after its end":              {append(rawTar(file), 'x'), nil, "more data after its end"},
	} {
		t.Run(name, func(t *testing.T) {
			tree, _, err := unpack(t, c.content, Options{})
			if c.refuses != "" {
				refused(t, err, c.refuses)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, paths(tree)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStripComponents(t *testing.T) {
	link := member{name: "site-1.0/b", text: "site-1.0/a", kind: tar.TypeLink}
	for name, c := range map[string]struct {
		members []member
		strip   int
		want    []string
		refuses string
	}{
		"the folder around it":            {[]member{{name: "site-1.0/", kind: tar.TypeDir}, {name: "site-1.0/a"}, {name: "site-1.0/d/b"}}, 1, []string{"a", "d", "d/b"}, ""},
		"two folders":                     {[]member{{name: "x/y/"}, {name: "x/y/a"}}, 2, []string{"a"}, ""},
		"a leading dot is one":            {[]member{{name: "./"}, {name: "./d/a"}}, 1, []string{"d", "d/a"}, ""},
		"doubled slashes are none":        {[]member{{name: "x//d//a"}}, 1, []string{"d", "d/a"}, ""},
		"another folder":                  {[]member{{name: "x/a"}, {name: "y/b"}}, 1, []string{"a", "b"}, ""},
		"a hard link":                     {[]member{{name: "site-1.0/a", text: "1"}, link}, 1, []string{"a", "b"}, ""},
		"two that become equal":           {[]member{{name: "x/a", text: "1"}, {name: "y/a", text: "1"}}, 1, []string{"a"}, ""},
		"two that become one":             {[]member{{name: "x/a", text: "1"}, {name: "y/a", text: "2"}}, 1, nil, `"y/a" occurs twice, with different content`},
		"two that differ in case then":    {[]member{{name: "x/a"}, {name: "y/A"}}, 1, nil, "upper and lower case"},
		"a file beside the folder":        {[]member{{name: "site/a"}, {name: "README"}}, 1, nil, `"README" has no name left after strip_components = 1`},
		"more than there is":              {[]member{{name: "site/"}, {name: "site/d/"}}, 3, nil, "has nothing left after strip_components = 3: use a smaller strip_components"},
		"a name that leads out":           {[]member{{name: "../a"}}, 1, nil, "leads out"},
		"a name that leads out, deeper":   {[]member{{name: "x/../../a"}}, 1, nil, "leads out"},
		"an absolute name":                {[]member{{name: "/x/a"}}, 1, nil, "absolute"},
		"a directory that becomes a file": {[]member{{name: "x/a/b"}, {name: "y/a"}}, 1, nil, "both as a file and as a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.members {
				if strings.HasSuffix(c.members[i].name, "/") {
					c.members[i].kind = tar.TypeDir
				}
			}
			tree, dir, err := unpack(t, tarGz(t, c.members...), Options{StripComponents: c.strip})
			if c.refuses != "" {
				refused(t, err, c.refuses)
				nothingOutside(t, dir)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, paths(tree)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
