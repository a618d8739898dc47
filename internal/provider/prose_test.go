package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// What people read here comes in habits that had to be read twice. Each has the usual
// words beside it.
var habits = []struct{ habit, instead string }{
	{`\bwhoever\b`, "the person who"},
	{`\banew\b`, "again"},
	{`\bby now\b`, "now"},
	{`\blaid over\b|\b(?:lay|lays|laying) (?:it|them|the fix|fixes) over\b`, "applied on top of, or: carries"},
	{`\b(?:take|takes|taken|taking)(?: (?:it|one|this|that|them|an? \w+|the \w+))? back\b`, "withdraw, undo, roll back"},
	{`\b(?:take|takes|taken|taking) (?:\S+ ){0,4}along\b`, "carry"},
	{`\bvouch`, "count for, prove"},
	{`\bin (?:the|its|their) way\b`, "block"},
	{`\bis what is\b|\bin what it is\b`, "say it with a subject and a verb"},
	{`\ball the same\b`, "anyway"},
	{`\bwhat is there\b`, "the current content"},
	{`\b(?:stand|stands|stood) on\b`, "be on, belong to"},
	{`\b(?:come|comes|came) to (?:a|an|be|nothing|an end)\b`, "reach, result in"},
	{`\b(?:tell|tells|told)\b`, "report, say, show"},
	{`\bnobody (?:has )?asked\b`, "say what is meant"},
	{`\bis no \w+`, "is not a"},
	{`\b(?:null|empty|refused|allowed|only|also|even|error|warn|warns|but) where\b`, "if, when"},
	{`(?:^|[.;:] )Where (?:there|nothing|no|none|nobody|somebody|it|this|that|something)\b`, "if, when"},
}

// allowed are what a habit finds and means as it is written.
var allowed = regexp.MustCompile(`(?i)\bthere is no \w+|\bis no longer\b|tell terraform|\bis no change\b`)

// recordedText is the beginning of texts that are written to the ledger with an event, whose wording stays.
var recordedText = regexp.MustCompile(`^(?:its process ended while|what (?:it|the target) runs (?:now )?cannot be told|whoever started it has stopped it)`)

// found is the first habit in a text, with what to write instead.
func found(text string) string {
	text = allowed.ReplaceAllString(strings.Join(strings.Fields(text), " "), "")
	for i, expression := range compiled {
		if hit := expression.FindString(text); hit != "" {
			return strconv.Quote(hit) + "; write: " + habits[i].instead
		}
	}
	return ""
}

var compiled = func() (all []*regexp.Regexp) {
	for _, h := range habits {
		all = append(all, regexp.MustCompile("(?i)"+h.habit))
	}
	return all
}()

func TestAHabitIsFound(t *testing.T) {
	for text, want := range map[string]bool{
		"Whoever deploys does not count.":               true,
		"a rollback takes the fix back":                 true,
		"set redeploy to take EF-1 and EF-2 along":      true,
		"It is no directory.":                           true,
		"Null where nothing runs.":                      true,
		"There is no ledger at x, and it is no longer.": false,
		"Where the fix is in force.":                    false,
		"the back of the page; along the way home":      false,
	} {
		if got := found(text); (got != "") != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// Guides, examples and the changelog. The guide to the rules is made from the rules,
// and code blocks show what a run has printed.
func TestPagesHaveTheUsualWords(t *testing.T) {
	root := os.DirFS("../..")
	fences := regexp.MustCompile("(?ms)^\\s*```.*?^\\s*```|`[^`\n]*`|<!-- begin.*?<!-- end -->")
	comments := regexp.MustCompile(`(?m)#\s(.*)$`)
	pages := 0
	for _, start := range []string{"README.md", "CHANGELOG.md", "templates", "examples"} {
		err := fs.WalkDir(root, start, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path == "templates/guides/rules.md" {
				return err
			}
			text, err := fs.ReadFile(root, path)
			if err != nil {
				return err
			}
			var paragraphs []string
			switch filepath.Ext(path) {
			case ".md", ".tmpl":
				paragraphs = strings.Split(fences.ReplaceAllString(string(text), "…"), "\n\n")
			case ".tf", ".hcl":
				for _, comment := range comments.FindAllStringSubmatch(string(text), -1) {
					paragraphs = append(paragraphs, comment[1])
				}
			}
			pages++
			for _, paragraph := range paragraphs {
				if hit := found(paragraph); hit != "" {
					t.Errorf("%s has %s, in:\n%s", path, hit, paragraph)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if pages < 50 {
		t.Errorf("only %d pages were looked at", pages)
	}
}

func TestDescriptionsHaveTheUsualWords(t *testing.T) {
	server, err := providerserver.NewProtocol6WithError(New("test", os.Getenv))()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	look := func(name, text string) {
		if hit := found(text); hit != "" {
			t.Errorf("%s has %s, in:\n%s", name, hit, text)
		}
	}
	var each func(at string, attributes []*tfprotov6.SchemaAttribute)
	each = func(at string, attributes []*tfprotov6.SchemaAttribute) {
		for _, attribute := range attributes {
			look(at+"."+attribute.Name, attribute.Description)
			if attribute.NestedType != nil {
				each(at+"."+attribute.Name, attribute.NestedType.Attributes)
			}
		}
	}
	block := func(name string, s *tfprotov6.Schema) {
		look(name, s.Block.Description)
		each(name, s.Block.Attributes)
	}
	block("provider", schemas.Provider)
	for name, s := range schemas.ResourceSchemas {
		block(name, s)
	}
	for name, s := range schemas.DataSourceSchemas {
		block("data "+name, s)
	}
}

// Texts of messages: string literals of several words, outside tests and what only
// tests and maintainers run. The texts of the domain are its own, many of them
// recorded.
func TestMessagesHaveTheUsualWords(t *testing.T) {
	literals := 0
	for _, room := range []string{"provider", "cli", "rollout", "target", "artifact", "archive", "junit", "ledger", "check", "ci"} {
		err := filepath.WalkDir(filepath.Join("..", room), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.Contains(filepath.ToSlash(path), "test/") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(node ast.Node) bool {
				literal, is := node.(*ast.BasicLit)
				if !is || literal.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(literal.Value)
				if err != nil || len(strings.Fields(text)) < 3 || recordedText.MatchString(text) {
					return true
				}
				literals++
				if hit := found(text); hit != "" {
					t.Errorf("%s has %s, in:\n%s", path, hit, text)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if literals < 500 {
		t.Errorf("only %d texts were looked at", literals)
	}
}
