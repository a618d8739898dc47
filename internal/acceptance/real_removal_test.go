package acceptance

import (
	"slices"
	"strings"
	"testing"
)

const (
	plainBlock   = `resource "portal_release_deployment" "plain" {`
	anotherBlock = `resource "portal_release_deployment" "another" {`
	spareBlock   = `resource "portal_environment" "spare" {`
	saferBlock   = `resource "portal_environment" "safer" {`
)

// TestRealEveryWayToRemoveOrReplace has the ways that are refused.
func TestRealEveryWayToRemoveOrReplace(t *testing.T) {
	t.Parallel()
	proofs := proves(t)
	w := newWorld(t)
	r := w.root("all").write(everyWay())
	r.apply()
	const (
		plain, spare = "portal_release_deployment.plain", "portal_environment.spare"
		inOneGo      = "cannot be destroyed and created in the same plan"
	)
	still := w.still()
	for _, c := range []struct {
		row     string // of the guide's table
		name    string // where a row has several
		tainted []string
		deposed []string
		changes []string
		args    []string
		// Of the two addresses of one thing Terraform takes one or the other first,
		// which makes it read as tainted or as replaced: both name the cure.
		deployment  []string
		environment []string
	}{
		{
			row: "`-replace`", args: []string{"-replace=" + plain, "-replace=" + spare},
			deployment:  []string{"portal_release_deployment intranet/plain " + inOneGo + "; change redeploy"},
			environment: []string{"portal_environment intranet/spare " + inOneGo},
		},
		{
			row: "`terraform taint`, or a provisioner that failed", tainted: []string{plain, spare},
			deployment:  []string{"portal_release_deployment intranet/plain is tainted; Run terraform untaint; change redeploy"},
			environment: []string{"portal_environment intranet/spare is tainted; Run terraform untaint"},
		},
		{
			row: "`terraform taint`, or a provisioner that failed", name: "and destroy", tainted: []string{plain}, args: []string{"-destroy"},
			deployment: []string{"is tainted; Run terraform untaint"},
		},
		{
			row: "`replace_triggered_by`", changes: []string{`"first"`, `"second"`},
			deployment:  []string{"portal_release_deployment intranet/triggered " + inOneGo},
			environment: []string{"portal_environment intranet/spare-triggered " + inOneGo},
		},
		{
			row: "another key of `for_each`, or another address", name: "key", changes: []string{"north", "south"},
			deployment:  []string{"portal_release_deployment intranet/eu ; moved block"},
			environment: []string{"portal_environment intranet/spare-eu ; moved block"},
		},
		{
			row: "another key of `for_each`, or another address", name: "address", changes: []string{plainBlock, anotherBlock, spareBlock, saferBlock},
			deployment:  []string{"portal_release_deployment intranet/plain ; moved block"},
			environment: []string{"portal_environment intranet/spare ; moved block"},
		},
		{
			row: "`count` loses another element, so that those after it shift", changes: []string{`["one", "two"]`, `["two"]`},
			deployment:  []string{"portal_release_deployment intranet/two ; use for_each"},
			environment: []string{"portal_environment intranet/spare-two ; use for_each"},
		},
		{
			row: "another `name` or `pipeline` of an environment", changes: []string{`"old-name"`, `"new-name"`},
			deployment: []string{`Environment "intranet/old-name" cannot be renamed while it runs 2.4.0`},
			environment: []string{`Environment "intranet/old-name" cannot be renamed while it runs 2.4.0` +
				"; Declare the new environment beside this one, with another target"},
		},
		{
			row: "a `name`, `environment` or `pipeline` that is not known at plan", changes: []string{`"once"`, `"twice"`},
			deployment: []string{"portal_release_deployment intranet/vague would move to an environment that is not known yet"},
			environment: []string{
				`Environment "intranet/unknown" cannot be replaced while it runs 2.4.0`,
				`Environment "intranet/unknown-name" cannot be replaced while it runs 2.4.0`,
			},
		},
		{
			row: "a deposed object, left over by `create_before_destroy`", deposed: []string{plain, spare},
			deployment:  []string{"portal_release_deployment intranet/plain is kept and destroyed in the same plan; terraform state rm ADDRESS"},
			environment: []string{"portal_environment intranet/spare is kept and destroyed in the same plan; terraform state rm ADDRESS"},
		},
	} {
		if c.deployment != nil {
			proofs.row(c.row, ofADeployment)
		}
		if c.environment != nil {
			proofs.row(c.row, ofAnEnvironment)
		}
		t.Run(strings.TrimSpace(c.row+" "+c.name), func(t *testing.T) {
			w.t, still.w.t = t, t
			still.remember()
			r.write(everyWay(c.changes...))
			for _, address := range c.tainted {
				r.must("taint", address)
				t.Cleanup(func() { r.must("untaint", address) })
			}
			if c.deposed != nil {
				defer r.depose(c.deposed...)()
			}
			got := r.run(nil, append([]string{"plan"}, c.args...)...)
			for _, parts := range slices.Concat(c.deployment, c.environment) {
				w.mustRefuse(got, strings.Split(parts, "; ")...)
			}
			still.compare()
		})
	}
	w.t = t
	r.write(everyWay()).mustBeEmpty()
}

// TestRealWhatMayBeRemoved has the ways that are let pass, and what they do.
func TestRealWhatMayBeRemoved(t *testing.T) {
	t.Parallel()
	proofs := proves(t)
	w := newWorld(t)
	r := w.root("all").write(everyWay())
	r.apply()
	const plain, spare = "portal_release_deployment.plain", "portal_environment.spare"

	before, declared := w.started(), w.declarations()
	r.write(
		everyWay(plainBlock, anotherBlock, `"portal_environment" "renamed"`, `"portal_environment" "called"`,
			"portal_environment.renamed.", "portal_environment.called."),
		moved(plain, "portal_release_deployment.another"), moved("portal_environment.renamed", "portal_environment.called"),
	).apply()
	w.mustHaveStarted(before, map[string]int{})
	w.mustHaveDeclared(declared, map[string]int{})
	proofs.row("a `moved` block", ofADeployment, ofAnEnvironment)

	back := moved("portal_release_deployment.another", plain) + moved("portal_environment.called", "portal_environment.renamed")

	// Forgotten in one run and declared in the next one, it is adopted.
	forgotten := without(everyWay(), plainBlock, spareBlock)
	r.write(everyWay(), back).apply()
	r.write(forgotten, removedBlock(plain, "false"), removedBlock(spare, "false")).apply()
	w.mustHaveDeclared(declared, map[string]int{})
	proofs.row("a `removed` block with `destroy = false`", ofADeployment, ofAnEnvironment)
	if output := r.write(everyWay()).apply(); !strings.Contains(output, "runs 2.4.0 already") {
		t.Errorf("nothing is told of the adoption:\n%s", output)
	}
	r.must("state", "rm", plain, spare, `portal_environment.all["plain"]`)
	other := inside(inside(everyWay(), plainBlock, "v2_4_0", "v2_5_0"), spareBlock, `"spare"`, `"spare"`+"\n  deletion_protection = true")
	got := r.write(other).run(nil, "plan")
	w.mustRefuse(got, `environment "intranet/spare" is already declared with other values`, "terraform import portal_environment")
	w.mustRefuse(got, "terraform import portal_release_deployment")
	r.write(everyWay()).apply()
	proofs.row("`terraform state rm`, then declared again", ofADeployment, ofAnEnvironment)
	w.mustHaveStarted(before, map[string]int{})
	w.mustHaveDeclared(declared, map[string]int{})
	w.mustRun("plain", "app", "app 2.4.0")

	// What is no longer declared is removed, as are the end of a count and what
	// moves to another environment.
	fewer := strings.NewReplacer(
		`["one", "two"]`, `["one"]`, `["here"].name`, `["there"].name`, `{ north = "eu" }`, "{}", `{ north = "spare-eu" }`, "{}",
	)
	r.write(fewer.Replace(forgotten), removedBlock(plain, "true"), removedBlock(spare, "true")).apply()
	w.mustHaveStarted(before, map[string]int{"plain": 1, "two": 1, "here": 1, "there": 1, "eu": 1})
	w.mustHaveDeclared(declared, map[string]int{"spare": -1, "spare-two": -1, "spare-eu": -1})
	for _, environment := range []string{"plain", "two", "here", "eu"} {
		w.mustRun(environment)
	}
	w.mustRun("there", "app", "app 2.4.0")
	r.mustBeEmpty()
	proofs.row("a `removed` block with `destroy = true`", ofADeployment, ofAnEnvironment)
	proofs.row("`count` loses its last element", ofADeployment, ofAnEnvironment)
	proofs.row("another `environment` of a deployment", ofADeployment)

	// Without a refresh nothing tells that it is tainted: it is removed, and
	// deployed again. Its environment is not forgotten.
	before = w.started()
	r.must("taint", "portal_release_deployment.moving")
	r.must("apply", "-auto-approve", "-refresh=false")
	w.mustHaveStarted(before, map[string]int{"there": 2})
	w.mustRun("there", "app", "app 2.4.0")
	still := w.still()
	still.remember()
	r.must("taint", `portal_environment.all["there"]`)
	r.refuses([]string{"apply", "-auto-approve", "-refresh=false"},
		`environment "intranet/there" still runs 2.4.0`, "Destroy its portal_release_deployment first")
	r.must("untaint", `portal_environment.all["there"]`)
	still.compare()
	proofs.row("taint, applied with `-refresh=false`", ofADeployment, ofAnEnvironment)

	r.must("destroy", "-auto-approve")
	for _, environment := range []string{"there", "one", "triggered", "renamed", "unknown", "vague"} {
		w.mustRun(environment)
	}
	for environment, n := range w.declarations() {
		if n > 0 {
			t.Errorf("%s is still declared", environment)
		}
	}
	entries := w.entries()
	if last := entries[len(entries)-1].Kind; last != "pipeline.retired" {
		t.Errorf("the last entry is %s", last)
	}
	proofs.row("`terraform destroy`, or the resource is deleted from the configuration", ofADeployment, ofAnEnvironment)
}
