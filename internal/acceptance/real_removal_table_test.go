package acceptance

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the table of the guide "Removing and replacing" is about: its columns.
const (
	ofADeployment   = "a deployment"
	ofAnEnvironment = "an environment"
)

// way is a row of that table: what happens, and which test shows it for each
// column. A test tells what it has shown through proofs.
type way struct {
	name        string
	deployment  string
	shownFor    string // the test of the deployment's cell
	environment string
	shownOf     string // the test of the environment's cell
}

const (
	refusedWays = "TestRealEveryWayToRemoveOrReplace"
	allowedWays = "TestRealWhatMayBeRemoved"
	staleWays   = "TestRealADestroyOfWhatWasNotPlannedIsRefused"
	otherRoots  = "TestRealAnotherRootDoesNotTakeAnEnvironmentAway"
)

var everyRow = []way{
	{
		"`terraform destroy`, or the resource is deleted from the configuration",
		"the content is removed, if no rule refuses", allowedWays,
		"destroyed, if nothing runs there any more: Terraform destroys the deployments that refer to it first", allowedWays,
	},
	{
		"a saved plan that destroys, applied later",
		"refused at apply with `stale-plan` if something else runs there then", staleWays,
		"refused at apply if its declaration has changed since, or if a release runs there then", staleWays,
	},
	{
		"`terraform taint`, or a provisioner that failed",
		"refused: run `terraform untaint`; to deploy the same release again, change `redeploy`", refusedWays,
		"refused: run `terraform untaint`", refusedWays,
	},
	{
		"taint, applied with `-refresh=false`",
		"**removed and deployed again**, if no rule refuses the removal: the provider cannot see the taint", allowedWays,
		"refused at apply while a release runs there", allowedWays,
	},
	{"`-replace`", "refused: change `redeploy` instead", refusedWays, "refused", refusedWays},
	{"`replace_triggered_by`", "refused: let the trigger change `redeploy` instead", refusedWays, "refused", refusedWays},
	{"`count` loses its last element", "as a destroy of that one", allowedWays, "as a destroy of that one", allowedWays},
	{
		"`count` loses another element, so that those after it shift",
		"refused: use `for_each`, or `moved` blocks", refusedWays, "refused, likewise", refusedWays,
	},
	{
		"another key of `for_each`, or another address",
		"refused: add a `moved` block", refusedWays, "refused, likewise", refusedWays,
	},
	{"a `moved` block", "nothing", allowedWays, "nothing", allowedWays},
	{
		"a `removed` block with `destroy = false`",
		"removed from the state; it keeps running", allowedWays, "removed from the state; it stays declared in the ledger", allowedWays,
	},
	{"a `removed` block with `destroy = true`", "as a destroy", allowedWays, "as a destroy", allowedWays},
	{
		"`terraform state rm`, then declared again",
		"adopted if it declares the release that runs; else refused: import it first", allowedWays,
		"adopted if it declares the same; else refused: import it first", allowedWays,
	},
	{
		"declared by another root module as well",
		"adopted there, or refused there, likewise. Each of the two can remove it, but neither removes what its own state does not say", otherRoots,
		"likewise", otherRoots,
	},
	{"destroyed by another root module", "the next plan deploys it again", otherRoots, "refused at apply while a release runs there", otherRoots},
	{"another `environment` of a deployment", "removed from the one, if no rule refuses, and deployed to the other", allowedWays, "", ""},
	{"another `name` or `pipeline` of an environment", "as for its environment", refusedWays, "refused while anything runs there: see below", refusedWays},
	{"a `name`, `environment` or `pipeline` that is not known at plan", "refused", refusedWays, "refused while anything runs there", refusedWays},
	{
		"a deposed object, left over by `create_before_destroy`",
		"refused: forget the resource with `terraform state rm`, then import it", refusedWays, "refused, likewise", refusedWays,
	},
}

// proofs notes which cells of the table a test has shown.
type proofs struct {
	t     *testing.T
	shown map[[2]string]bool
}

// proves has the test fail at its end unless it has shown just the cells that the
// table gives it.
func proves(t *testing.T) *proofs {
	p := &proofs{t, map[[2]string]bool{}}
	t.Cleanup(func() {
		want := map[[2]string]bool{}
		for _, row := range everyRow {
			if row.shownFor == t.Name() {
				want[[2]string{row.name, ofADeployment}] = true
			}
			if row.shownOf == t.Name() {
				want[[2]string{row.name, ofAnEnvironment}] = true
			}
		}
		if diff := cmp.Diff(want, p.shown); diff != "" && !t.Failed() {
			t.Errorf("shown of the table (-want +got):\n%s", diff)
		}
	})
	return p
}

// row notes that the cells of a row have been shown.
func (p *proofs) row(name string, of ...string) {
	p.t.Helper()
	if !slices.ContainsFunc(everyRow, func(row way) bool { return row.name == name }) {
		p.t.Fatalf("the table has no row %q", name)
	}
	for _, column := range of {
		p.shown[[2]string{name, column}] = true
	}
}

func TestTheGuideSaysOfEveryWayWhatTestsShow(t *testing.T) {
	text, err := os.ReadFile("../../templates/guides/removing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## What each operation does")
	var got, want [][]string
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(got) > 0 {
				break
			}
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		got = append(got, cells)
	}
	want = append(want, []string{"operation", ofADeployment, ofAnEnvironment}, []string{"---", "---", "---"})
	tests := map[string]bool{refusedWays: true, allowedWays: true, staleWays: true, otherRoots: true}
	for _, row := range everyRow {
		want = append(want, []string{row.name, row.deployment, row.environment})
		if (row.deployment != "") != tests[row.shownFor] || (row.environment != "") != tests[row.shownOf] {
			t.Errorf("%s: a cell without a test, or a test without a cell", row.name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the guide's table (-tested +written):\n%s", diff)
	}
}
