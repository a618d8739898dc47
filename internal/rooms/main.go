// Command rooms draws rooms.svg: which room of the provider imports which. A room is
// a directory below internal, with what lies in it. It draws what is in the binary,
// and leaves out arrows that follow from others.
package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:generate go run . ../.. rooms.svg

const module = "github.com/releaseportal/terraform-provider-portal"

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: rooms ROOT FILE"))
	}
	imports, err := importsOf(os.Args[1])
	if err != nil {
		fail(err)
	}
	if err := os.WriteFile(os.Args[2], draw(imports), 0o644); err != nil { //nolint:gosec // for everybody to read
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// binary is the room that is none: main.go.
const binary = "main.go"

// graph has, for each room, those that it imports, in order.
type graph map[string][]string

// importsOf reads the imports of every room that is in the binary, on any platform.
func importsOf(root string) (graph, error) {
	imports := graph{}
	seen := map[string]bool{}
	packages := []string{module}
	for len(packages) > 0 {
		path := packages[0]
		packages = packages[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		found, err := importsOfPackage(filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(path, module))))
		if err != nil {
			return nil, err
		}
		packages = append(packages, found...)
		from := roomOf(path)
		for _, other := range found {
			if to := roomOf(other); to != from && !slices.Contains(imports[from], to) {
				imports[from] = append(imports[from], to)
			}
		}
		slices.Sort(imports[from])
		if imports[from] == nil {
			imports[from] = []string{}
		}
	}
	return imports, nil
}

// importsOfPackage lists the packages of this module that one imports.
func importsOfPackage(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, spec := range parsed.Imports {
			if path, err := strconv.Unquote(spec.Path.Value); err == nil && strings.HasPrefix(path, module+"/") {
				found = append(found, path)
			}
		}
	}
	return found, nil
}

func roomOf(path string) string {
	if path == module {
		return binary
	}
	room, _, _ := strings.Cut(strings.TrimPrefix(path, module+"/internal/"), "/")
	return room
}

// reaches reports whether one room imports another, itself or through others.
func (g graph) reaches(from, to string) bool {
	return slices.ContainsFunc(g[from], func(next string) bool { return next == to || g.reaches(next, to) })
}

// direct is the graph without the arrows that follow from others.
func (g graph) direct() graph {
	reduced := graph{}
	for from, all := range g {
		reduced[from] = slices.DeleteFunc(slices.Clone(all), func(to string) bool {
			return slices.ContainsFunc(all, func(other string) bool { return g.reaches(other, to) })
		})
	}
	return reduced
}

// draw draws the graph from top to bottom: each room as high as those that import it
// let it be.
func draw(imports graph) []byte {
	p := place(imports.direct())
	var out bytes.Buffer
	width, height := p.size()
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d"`, width, height)
	fmt.Fprintln(&out, ` font-family="sans-serif" font-size="15">`)
	fmt.Fprintln(&out, "<!-- Made by go generate ./internal/rooms from the imports. -->")
	fmt.Fprintln(&out, "<title>Which room imports which</title>")
	fmt.Fprintln(&out, `<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">`)
	fmt.Fprintln(&out, `<path d="M0,0 L8,4 L0,8 z" fill="#57606a"/></marker></defs>`)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	for _, arrow := range p.arrows {
		fmt.Fprintf(&out, `<path d="%s" fill="none" stroke="#57606a" marker-end="url(#tip)"/>`+"\n", p.path(arrow))
	}
	for _, row := range p.rows {
		for _, n := range row {
			if n.room == "" {
				continue
			}
			x, y := p.center(n)
			fmt.Fprintf(&out, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="#ddf4ff" stroke="#0969da"/>`+"\n",
				x-boxWidth/2, y-boxHeight/2, boxWidth, boxHeight)
			fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="middle" fill="#1f2328">%s</text>`+"\n", x, y+5, n.room)
		}
	}
	fmt.Fprintln(&out, "</svg>")
	return out.Bytes()
}
