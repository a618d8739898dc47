package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/terraformtest"
)

const (
	ciGuide   = "../../templates/guides/promoting-from-ci.md.tmpl"
	ciExample = "../../examples/promotion/ci"
)

// ci runs the jobs of the guide to CI as it has them: each in a fresh clone of the
// example, one ledger for all, and a state for each root module, as a backend
// keeps it.
type ci struct {
	*world
	jobs   map[string][]string // by name, the commands
	env    []string
	clones int
	builds int
}

// The tests pass where something good runs on qa.
const integrationTests = `#!/bin/sh
if grep -q good "$SERVERS/qa/current/theme"; then
  echo '<testsuite><testcase name="sign in"/></testsuite>' > "$1/integration.xml"
else
  echo '<testsuite><testcase name="sign in"><failure/></testcase></testsuite>' > "$1/integration.xml"
  exit 3
fi
`

func newCI(t *testing.T) *ci {
	t.Helper()
	c := &ci{world: newWorld(t), jobs: jobsOf(t, ciGuide)}
	for _, dir := range []string{"bin", "states"} {
		if err := os.Mkdir(c.path(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// The jobs call the terraform that has the tests' provider in it.
	executable, err := os.Executable()
	if err == nil {
		err = os.Symlink(executable, c.path("bin/terraform"))
	}
	if err != nil {
		t.Fatal(err)
	}
	c.env = append(terraformtest.Quiet(),
		"PATH="+c.path("bin")+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"), "TMPDIR="+os.Getenv("TMPDIR"),
		"TF_ACC_TERRAFORM_PATH="+terraformPath, "TF_CLI_ARGS=-no-color",
		"PORTAL_LEDGER_URL=sqlite:"+c.path("ledger.db"), "PORTAL_ACTOR=ci@example.com", "SERVERS="+c.path("env"),
	)
	c.must(c.clone(), `terraform -chdir=pipeline apply -auto-approve -var soak_time=0s -var "servers=$SERVERS"`)
	return c
}

// jobsOf reads the jobs of a guide: "# name: what it is for", and its commands.
func jobsOf(t *testing.T, guide string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "```shell\n# development")
	block, _, closed := strings.Cut("# development"+block, "```")
	if !found || !closed {
		t.Fatalf("%s does not have the jobs", guide)
	}
	jobs := map[string][]string{}
	for job := range strings.SplitSeq(strings.TrimSpace(block), "\n\n") {
		lines := strings.Split(job, "\n")
		name, _, _ := strings.Cut(strings.TrimPrefix(lines[0], "# "), ":")
		jobs[name] = lines[1:]
	}
	for name, commands := range map[string]int{"development": 1, "qa": 5, "uat": 2, "uat-approval": 1, "staging": 1, "production": 1} {
		if len(jobs[name]) != commands {
			t.Fatalf("job %s of %s has the commands %q, and this test races between %d", name, guide, jobs[name], commands)
		}
	}
	return jobs
}

// clone is a fresh one of the example's folder, for one job.
func (c *ci) clone() string {
	c.t.Helper()
	c.clones++
	dir := c.path("clones", fmt.Sprint(c.clones), "x", "ci") // components are two folders up from a root module
	if err := os.CopyFS(dir, os.DirFS(ciExample)); err != nil {
		c.t.Fatal(err)
	}
	roots, err := os.ReadDir(dir)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, root := range roots {
		if err := os.Symlink(c.path("states", root.Name()), filepath.Join(dir, root.Name(), "terraform.tfstate")); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := os.Symlink(c.path("components"), filepath.Join(filepath.Dir(dir), "components")); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "run-integration-tests"), []byte(integrationTests), 0o755); err != nil {
		c.t.Fatal(err)
	}
	return dir
}

// sh runs a script in a clone.
func (c *ci) sh(dir, script string, env ...string) result {
	c.t.Helper()
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir, cmd.Env = dir, append(append([]string{}, c.env...), env...)
	output, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), string(output)}
}

func (c *ci) must(dir, script string, env ...string) {
	c.t.Helper()
	if got := c.sh(dir, script, env...); got.code != 0 {
		c.t.Fatalf("%s\nended with %d:\n%s", script, got.code, got.output)
	}
}

// build is a release that was built, and what the job of its development knows.
func (c *ci) build(content string) (version, variable string) {
	c.builds++
	version = fmt.Sprintf("%d.0.0", c.builds)
	c.write("components/theme-"+version+".txt", content+" "+version)
	return version, fmt.Sprintf(`RELEASE={"version":%q,"components":{"theme":%q}}`, version, version)
}

// race is a second build that comes after a command of a job.
type race struct {
	job   string
	after int    // commands of the job
	runs  string // path of a script: the jobs of the second build
}

// job runs one in a clone, with the race, if it is in this job, between two of its
// commands.
func (c *ci) job(name, dir string, r race, env ...string) result {
	c.t.Helper()
	commands := append([]string{}, c.jobs[name]...)
	if r.job == name {
		commands[r.after-1] += "\nsh -e '" + r.runs + "' || exit 99"
	}
	got := c.sh(dir, strings.Join(commands, "\n"), env...)
	if got.code == 99 {
		c.t.Fatalf("the second build did not come between:\n%s", got.output)
	}
	return got
}

// second writes what another build runs, each job in a clone of its own: "qa 1"
// is the first command of that job alone.
func (c *ci) second(variable string, jobs ...string) string {
	c.t.Helper()
	script := "export '" + variable + "'\n"
	for _, job := range jobs {
		commands := c.jobs[job]
		if name, one := strings.CutSuffix(job, " 1"); one {
			commands = c.jobs[name][:1]
		}
		script += "cd '" + c.clone() + "'\n" + strings.Join(commands, "\n") + "\n"
	}
	name := fmt.Sprintf("second-%d.sh", c.clones)
	c.write(name, script)
	return c.path(name)
}

// deployedTo are the releases that were deployed to an environment.
func (c *ci) deployedTo(environment string) map[string]bool {
	c.t.Helper()
	releases := map[string]bool{}
	for _, e := range events[portal.DeploymentStarted](c.t, c.entries()) {
		if e.Environment == environment {
			releases[e.Release] = true
		}
	}
	return releases
}

// mustVouchFor fails where a passing result is not of a good release, and of what
// was deployed of it.
func (c *ci) mustVouchFor(good map[string]bool) {
	c.t.Helper()
	digests := map[string]string{}
	for _, e := range events[portal.DeploymentStarted](c.t, c.entries()) {
		digests[e.Release] = e.Digest
	}
	for _, e := range events[portal.TestRecorded](c.t, c.entries()) {
		if e.Passed != good[e.Release] || e.Digest != digests[e.Release] {
			c.t.Errorf("passed is %v for %s, whose content is %s: %+v", e.Passed, e.Release, digests[e.Release], e)
		}
	}
}

// Releases are tested on qa while another build comes: whichever of the two passes
// its tests, the other one does not go on to uat.
func TestRealCIJobsWhileAnotherBuildComesToQA(t *testing.T) {
	t.Parallel()
	refused := "does not run release"
	for _, c := range []struct {
		name          string
		first, second string
		races         []race
		says          []string // by race: what the job of the first build ends with, if it is refused
		promoted      []string // by race: what came to uat
	}{
		{
			"one that nobody has tested", "good", "bad",
			[]race{{job: "development", after: 1}, {job: "qa", after: 1}, {job: "qa", after: 2}, {job: "qa", after: 3}, {job: "qa", after: 4}, {job: "qa", after: 5}},
			[]string{"", "", refused, refused, refused, ""},
			[]string{"", "", "", "", "", "first"},
		},
		{
			"one that passes its tests", "bad", "good",
			[]race{{job: "qa", after: 1}, {job: "qa", after: 2}, {job: "qa", after: 3}, {job: "qa", after: 4}},
			[]string{"", refused, refused, refused},
			[]string{"second", "second", "second", "second"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newCI(t)
			good := map[string]bool{}
			for i, r := range c.races {
				first, built := s.build(c.first)
				second, builtToo := s.build(c.second)
				good[first], good[second] = c.first == "good", c.second == "good"
				jobs := []string{"development", "qa"}
				if c.second == "bad" {
					jobs[1] = "qa 1"
				}
				r.runs = s.second(builtToo, jobs...)
				if got := s.job("development", s.clone(), r, built); got.code != 0 {
					t.Fatal(got.output)
				}
				got := s.job("qa", s.clone(), r, built)
				if refusal := c.says[i]; (got.code != 0) != (refusal != "") || !says(refusal).MatchString(got.output) {
					t.Errorf("%+v: exit code %d, want a refusal that says %q:\n%s", r, got.code, refusal, got.output)
				}
				_ = s.job("uat", s.clone(), race{}) // it fails if there was never anything to take
				s.mustVouchFor(good)
				came := s.deployedTo("uat")
				for version, want := range map[string]bool{first: c.promoted[i] == "first", second: c.promoted[i] == "second"} {
					if came[version] != want {
						t.Errorf("after %s %d: %s came to uat: %v, want %v", r.job, r.after, version, came[version], want)
					}
				}
			}
		})
	}
}

// Somebody accepts a release on uat while another one comes there: only what was
// looked at goes on.
func TestRealCIJobsWhileAnotherBuildComesToUAT(t *testing.T) {
	t.Parallel()
	s := newCI(t)
	for _, c := range []struct {
		race
		accepted string
	}{
		{race{job: "uat", after: 1}, "second"}, // it is captured, and so it is looked at
		{race{job: "uat", after: 2}, "first"},
		{race{job: "uat-approval", after: 1}, "first"},
		{race{job: "staging", after: 1}, "first"},
	} {
		first, built := s.build("good")
		second, builtToo := s.build("good")
		c.runs = s.second(builtToo, "development", "qa", "uat 1")
		for _, job := range []string{"development", "qa"} {
			if got := s.job(job, s.clone(), c.race, built); got.code != 0 {
				t.Fatal(got.output)
			}
		}
		dir, approval := s.clone(), s.clone()
		if got := s.job("uat", dir, c.race); got.code != 0 {
			t.Fatal(got.output)
		}
		handedOn, err := os.ReadFile(filepath.Join(dir, "uat.tfvars.json"))
		if err == nil {
			err = os.WriteFile(filepath.Join(approval, "uat.tfvars.json"), handedOn, 0o600)
		}
		var seen struct {
			Release string
			Digest  string `json:"content_digest"`
		}
		if err == nil {
			err = json.Unmarshal(handedOn, &seen)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, job := range []string{"uat-approval", "staging", "production"} {
			if got := s.job(job, approval, c.race, "ACCEPTED_BY=jane@example.com"); got.code != 0 {
				t.Fatalf("after %s %d, %s ended with %d:\n%s", c.job, c.after, job, got.code, got.output)
			}
		}
		want, other := first, second
		if c.accepted == "second" {
			want, other = second, first
		}
		approvals := events[portal.ApprovalRecorded](t, s.entries())
		if last := approvals[len(approvals)-1]; seen.Release != want || last.Release != want || last.Digest != seen.Digest {
			t.Errorf("after %s %d: %s was to be accepted, %+v was shown, and approved is %+v", c.job, c.after, want, seen, last)
		}
		for _, environment := range []string{"staging", "production"} {
			if came := s.deployedTo(environment); !came[want] || came[other] {
				t.Errorf("after %s %d: to %s came %v, and %s was accepted", c.job, c.after, environment, came, want)
			}
		}
	}
}
