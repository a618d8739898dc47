package acceptance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// everyCase reports whether this run tries every case of a matrix that would take
// minutes: "make test-crash" does. "make test" tries the sample that some and
// oneOfEach choose, which is the same in every run.
func everyCase() bool { return os.Getenv("PORTAL_TEST_EVERY_CASE") != "" }

// some is every nth case, from the first on.
func some[T any](cases []T, nth int) []T {
	if everyCase() {
		return cases
	}
	var sample []T
	for i := 0; i < len(cases); i += nth {
		sample = append(sample, cases[i])
	}
	return sample
}

// oneOfEach is one case of each kind: the first one of the first kind, the second
// one of the second, and so on, so that what else the cases differ in is mixed.
func oneOfEach[T any](cases []T, kind func(T) string) []T {
	if everyCase() {
		return cases
	}
	var kinds []string
	of := map[string][]T{}
	for _, c := range cases {
		if !slices.Contains(kinds, kind(c)) {
			kinds = append(kinds, kind(c))
		}
		of[kind(c)] = append(of[kind(c)], c)
	}
	var sample []T
	for i, k := range kinds {
		sample = append(sample, of[k][i%len(of[k])])
	}
	return sample
}

// pair is what happens, and the environment it happens on.
type pair struct{ what, on string }

var stagingAndProduction = []string{"staging", "production"}

func pairs(whats, environments []string) []pair {
	var all []pair
	for _, what := range whats {
		for _, on := range environments {
			all = append(all, pair{what, on})
		}
	}
	return all
}

func first(p pair) string { return p.what }

// "make test-crash" runs every test that tries a sample, and they are named there.
func TestEveryMatrixIsTriedAsAWhole(t *testing.T) {
	makefile, err := os.ReadFile("../../GNUmakefile")
	if err != nil {
		t.Fatal(err)
	}
	_, names, _ := strings.Cut(string(makefile), "\nMATRICES := ")
	names, _, _ = strings.Cut(names, "\n")
	matrices, err := regexp.Compile(names)
	if err != nil || names == "" {
		t.Fatalf("the makefile names no matrices: %q, %v", names, err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	sampled := 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			function, is := declaration.(*ast.FuncDecl)
			if !is || !strings.HasPrefix(function.Name.Name, "Test") {
				continue
			}
			samples := false
			ast.Inspect(function, func(node ast.Node) bool {
				if call, is := node.(*ast.CallExpr); is {
					if name, is := call.Fun.(*ast.Ident); is && slices.Contains([]string{"some", "oneOfEach", "randomKills"}, name.Name) {
						samples = true
					}
				}
				return true
			})
			if samples {
				sampled++
				if !matrices.MatchString(function.Name.Name) {
					t.Errorf("%s tries a sample, and no run of make test-crash tries all of it", function.Name.Name)
				}
			}
		}
	}
	if sampled == 0 {
		t.Error("no test tries a sample")
	}
}
