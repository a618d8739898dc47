package acceptance

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestRealNoSecretIsWrittenAnywhere(t *testing.T) {
	t.Parallel()
	const password, token = "correct-horse-battery-staple", "tok/en with+specials=%41"
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	r := w.root("all")
	config := []string{pipeline(`name = "development"`, `name = "production"`), environment("development", "development", server.hcl(`credential = "server"`), ""), releases("2.4.0", "2.5.0")}
	r.write(append(config, deploy("development", versionOf("2.4.0")))...)
	// The provider block names it, and its values come from where CI keeps them.
	main := filepath.Join(r.dir, "main.tf")
	text, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	withCredentials := func(text string) string {
		return strings.Replace(text, "  actor ", `  credentials = {
    server = { username = "deployer", password = var.password }
  }
  actor `, 1) + `
variable "password" {
  type      = string
  sensitive = true
}
`
	}
	if err := os.WriteFile(main, []byte(withCredentials(string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
	env := []string{"TF_VAR_password=" + password, "PORTAL_CREDENTIAL_SERVER_TOKEN=" + token, "TF_LOG_PROVIDER=TRACE", "TF_LOG_PATH=" + w.path("provider.log")}
	server.set(printsSecrets)
	var outputs []string
	run := func(fails bool, args ...string) {
		got := r.run(env, args...)
		if (got.code != 0) != fails {
			t.Fatalf("%v: exit code %d\n%s", args, got.code, got.output)
		}
		outputs = append(outputs, got.output)
	}
	run(false, "plan", "-out=saved")
	run(false, "show", "-json", "saved")
	run(true, "apply", "-auto-approve")
	if last := outputs[len(outputs)-1]; !says("PORTAL_CREDENTIAL_PASSWORD=***").MatchString(last) {
		t.Errorf("what the program printed is not shown, masked:\n%s", last)
	}
	server.set(behaves)
	run(false, "apply", "-auto-approve")
	run(false, "show", "-json")
	for _, output := range outputs {
		mustNotHave(t, "the output", withoutVariables(t, output), password, token)
	}
	err = filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if name := filepath.Base(path); name != "saved" { // an archive: it was looked at by show
			mustNotHave(t, path, string(text), password, token)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.path("provider.log")); err != nil {
		t.Error("there is no log to look at:", err)
	}
}

// withoutVariables drops what a plan in JSON says of the root module's variables:
// Terraform puts the values there that it was given, also the sensitive ones.
func withoutVariables(t *testing.T, output string) string {
	t.Helper()
	var plan map[string]json.RawMessage
	if json.Unmarshal([]byte(output), &plan) != nil {
		return output // of another command
	}
	delete(plan, "variables")
	rest, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	return string(rest)
}

func mustNotHave(t *testing.T, where, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s has the secret %q", where, secret)
		}
	}
}

func TestRealAPipelineMayLetARulePass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := func(level string) []string {
		return []string{
			pipelineWith(`rules = { "stage-order" = "`+level+`", "soak-time" = "`+level+`" }`, `name = "development", soak_time = "1h"`, `name = "qa"`, `name = "production"`),
			environments("development", "qa", "production"), releases("2.4.0"), deploy("development", versionOf("2.4.0")),
		}
	}
	r := w.root("all").write(config("warn")...)
	r.apply()
	r.write(append(config("warn"), deploy("production", releaseOf("development")))...)
	output := r.must("plan")
	for _, want := range []string{
		`Warning: stage-order: release 2.4.0 goes to "production" although it breaks this rule`, `2.4.0 never ran on qa`, `Take it through qa`,
		`Warning: soak-time: release 2.4.0 goes to "production" although it breaks this rule`, `it ran less than 1h on development`,
	} {
		if !says(want).MatchString(output) {
			t.Errorf("%q is missing in\n%s", want, output)
		}
	}
	r.apply()
	started := events[portal.DeploymentStarted](t, w.entries())
	if recorded := strings.Join(started[len(started)-1].Warnings, "\n"); !strings.Contains(recorded, "stage-order: ") || !strings.Contains(recorded, "soak-time: ") {
		t.Errorf("recorded warnings: %s", recorded)
	}
	r.write(config("off")...).apply() // production is emptied
	r.write(append(config("off"), deploy("production", releaseOf("development")))...)
	if output := r.must("plan"); strings.Contains(output, "Warning: stage-order") || strings.Contains(output, "Warning: soak-time") {
		t.Errorf("a rule that is off warns:\n%s", output)
	}
}

func TestRealARollbackInAFreezeOnlyWarns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := func(version, more string) []string {
		return []string{simple("development", "production"), releases("2.4.0", "2.5.0"), deploy("development", versionOf(version)), deploy("production", releaseOf("development")), more}
	}
	frozen := freeze(-time.Hour, time.Hour)
	r := w.root("all").write(config("2.4.0", "")...)
	r.apply()
	r.write(config("2.5.0", "")...).apply()
	r.write(config("2.5.0", frozen)...).apply()
	output := r.write(config("2.4.0", frozen)...).must("apply", "-auto-approve")
	if !says(`Warning: freeze: release 2.4.0 goes to "production" although it breaks this rule`, `nobody is there`).MatchString(output) {
		t.Errorf("there is no warning:\n%s", output)
	}
	w.mustRun("production", "app", "app 2.4.0")
}

func TestRealAPlanShowsNoMoreThanWhatChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := func(version string) []string {
		return []string{simple("development", "production"), releases("2.4.0", "2.5.0"), deploy("development", versionOf(version))}
	}
	r := w.root("all").write(config("2.4.0")...)
	r.apply()
	output := r.write(config("2.5.0")...).must("plan")
	if !says(`Plan: 0 to add, 1 to change, 0 to destroy.`).MatchString(output) || !says(`~ app 2.4.0 -> 2.5.0`).MatchString(output) {
		t.Error(output)
	}
	for _, noise := range []string{"portal_environment", "portal_pipeline"} {
		if strings.Contains(output, noise+".") && says(noise+`\S* will be`).MatchString(output) {
			t.Errorf("%s is in the plan:\n%s", noise, output)
		}
	}
	if n := strings.Count(output, "(known after apply)"); n > 5 { // deployed_at, receipt, content_digest, checks, and the source of the component that changes
		t.Errorf("%d values are said to be known after apply:\n%s", n, output)
	}
}

func TestRealACredentialThatNobodyHasIsMissedBeforeTheTargetIsTouched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newCommandTarget(t, w.path("server"))
	r := w.root("all").write(pipeline(`name = "development"`, `name = "production"`), environment("development", "development", server.hcl(`credential = "server"`), ""), releases("2.4.0"), deploy("development", versionOf("2.4.0")))
	r.refuses([]string{"apply", "-auto-approve"}, `the target names credential "server", which neither the provider block nor the environment variables have`)
	if begun := server.begun(); len(begun) != 0 {
		t.Errorf("begun: %v", begun)
	}
	if got := r.run([]string{"PORTAL_CREDENTIAL_SERVER_USERNAME=deployer"}, "apply", "-auto-approve"); got.code != 0 {
		t.Fatal(got.output)
	}
	// Without it the target cannot be asked, which blocks no plan.
	got := r.run(nil, "plan")
	if got.code != 0 || !says(`Warning: The target of intranet/development cannot be reached`, `names credential "server"`).MatchString(got.output) {
		t.Errorf("exit code %d:\n%s", got.code, got.output)
	}
}

func TestRealADestroyIsPossibleInSpiteOfAPendingRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := simple("development", "qa", "production") + releases("2.4.0", "2.5.0") + chain("2.4.0", "development", "qa", "production")
	r := w.root("all").write(base)
	r.apply()
	refused := strings.Replace(base, "release     = "+releaseOf("qa"), "release     = "+versionOf("2.5.0"), 1)
	// The way around it is for who destroys, which only the command line says.
	const refusal, hint = `stage-order: release 2.5.0 may not enter "production"`, `terraform destroy -refresh=false`
	r.built = true
	if output := r.write(refused).refuses([]string{"plan"}, refusal); strings.Contains(output, "destroy") {
		t.Errorf("a plan that destroys nothing says how to destroy:\n%s", output)
	}
	if runtime.GOOS == "linux" {
		r.refuses([]string{"destroy", "-auto-approve"}, refusal, hint)
		r.refuses([]string{"plan", "-destroy"}, refusal, hint)
	}
	r.must("destroy", "-auto-approve", "-refresh=false")
	for _, environment := range []string{"development", "qa", "production"} {
		w.mustRun(environment)
	}
}
