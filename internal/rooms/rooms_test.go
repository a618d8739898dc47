package main

import (
	"bytes"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

func TestTheFigureHasTheImports(t *testing.T) {
	imports, err := importsOf(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(imports["provider"]) == 0 || len(imports["portal"]) != 0 {
		t.Fatalf("provider imports %v, portal %v", imports["provider"], imports["portal"])
	}
	drawn, err := os.ReadFile("rooms.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(drawn, draw(imports)) {
		t.Error("rooms.svg is out of date: run go generate ./internal/rooms")
	}
}

// CONTRIBUTING.md has a line for each room.
func TestEveryRoomIsDescribed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	rooms, err := os.ReadDir(filepath.Join(root, "internal"))
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, line := range regexp.MustCompile("(?m)^\\| `internal/([a-z]+)` \\|").FindAllSubmatch(text, -1) {
		described[string(line[1])] = true
	}
	for _, room := range rooms {
		if !described[room.Name()] {
			t.Errorf("CONTRIBUTING.md does not describe internal/%s", room.Name())
		}
		delete(described, room.Name())
	}
	for room := range described {
		t.Errorf("CONTRIBUTING.md describes internal/%s, which is not there", room)
	}
}

// likeALink is what a doc comment writes as a link to something declared in Go.
var likeALink = regexp.MustCompile(`\[\*?((?:[a-z][a-z0-9]*\.)?[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)?)\]`)

func TestDocLinksLead(t *testing.T) {
	packages := documented(t)
	links := 0
	for path, p := range packages {
		known := map[string]bool{}
		for _, text := range textsOf(p) {
			for _, link := range linksOf(p.Parser().Parse(text)) {
				name := link.Name
				if link.Recv != "" {
					name = link.Recv + "." + name
				}
				other := packages[link.ImportPath]
				if link.ImportPath == "" {
					other = p
				}
				if other != nil && !declares(other, name) {
					t.Errorf("%s: [%s.%s] is not declared", path, link.ImportPath, name)
				}
				known[plain(link.Text)] = true
				links++
			}
			for _, like := range likeALink.FindAllStringSubmatch(text, -1) {
				if !known[like[1]] {
					t.Errorf("%s: %s leads nowhere", path, like[0])
				}
			}
		}
	}
	if links == 0 {
		t.Error("no doc links were found")
	}
}

// documented reads the doc comments of every package of this module.
func documented(t *testing.T) map[string]*doc.Package {
	t.Helper()
	packages := map[string]*doc.Package{}
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if entry.Name() == "testdata" {
			return fs.SkipDir
		}
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			files = append(files, file)
		}
		if len(files) == 0 {
			return nil
		}
		relative, err := filepath.Rel(root, dir)
		if err != nil {
			return err
		}
		path := module + "/" + filepath.ToSlash(relative)
		packages[path], err = doc.NewFromFiles(fset, files, path, doc.AllDecls)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

func textsOf(p *doc.Package) []string {
	texts := []string{p.Doc}
	values := func(of []*doc.Value) {
		for _, v := range of {
			texts = append(texts, v.Doc)
		}
	}
	functions := func(of []*doc.Func) {
		for _, f := range of {
			texts = append(texts, f.Doc)
		}
	}
	values(p.Consts)
	values(p.Vars)
	functions(p.Funcs)
	for _, declared := range p.Types {
		texts = append(texts, declared.Doc)
		values(declared.Consts)
		values(declared.Vars)
		functions(declared.Funcs)
		functions(declared.Methods)
	}
	return texts
}

// declares reports whether a package has a name, or a method or a field of an
// interface or struct, written Type.Name.
func declares(p *doc.Package, name string) bool {
	if name == "" {
		return true // the package itself
	}
	owner, member, isMember := strings.Cut(name, ".")
	for _, declared := range p.Types {
		if declared.Name != owner {
			if !isMember && hasFunction(declared.Funcs, name) {
				return true
			}
			continue
		}
		return !isMember || hasFunction(declared.Methods, member) || hasMember(declared, member)
	}
	return !isMember && (hasFunction(p.Funcs, name) || hasValue(p, name))
}

func hasFunction(of []*doc.Func, name string) bool {
	for _, f := range of {
		if f.Name == name {
			return true
		}
	}
	return false
}

func hasValue(p *doc.Package, name string) bool {
	all := append(append([]*doc.Value{}, p.Consts...), p.Vars...)
	for _, declared := range p.Types {
		all = append(append(all, declared.Consts...), declared.Vars...)
	}
	for _, v := range all {
		for _, other := range v.Names {
			if other == name {
				return true
			}
		}
	}
	return false
}

func hasMember(declared *doc.Type, name string) bool {
	for _, spec := range declared.Decl.Specs {
		found := false
		ast.Inspect(spec, func(n ast.Node) bool {
			if field, is := n.(*ast.Field); is {
				for _, other := range field.Names {
					found = found || other.Name == name
				}
			}
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

func linksOf(parsed *comment.Doc) []*comment.DocLink {
	var links []*comment.DocLink
	texts := func(of []comment.Text) {
		for _, text := range of {
			if link, is := text.(*comment.DocLink); is {
				links = append(links, link)
			}
		}
	}
	var blocks func(of []comment.Block)
	blocks = func(of []comment.Block) {
		for _, block := range of {
			switch b := block.(type) {
			case *comment.Paragraph:
				texts(b.Text)
			case *comment.Heading:
				texts(b.Text)
			case *comment.List:
				for _, item := range b.Items {
					blocks(item.Content)
				}
			}
		}
	}
	blocks(parsed.Content)
	return links
}

// plain is the text of a link as the comment has it.
func plain(of []comment.Text) string {
	var text strings.Builder
	for _, t := range of {
		switch t := t.(type) {
		case comment.Plain:
			text.WriteString(string(t))
		case comment.Italic:
			text.WriteString(string(t))
		}
	}
	return strings.TrimPrefix(text.String(), "*")
}
