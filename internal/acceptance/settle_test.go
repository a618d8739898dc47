package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// mustBeKilled fails unless the provider died under Terraform.
func (r *root) mustBeKilled(point string) {
	r.w.t.Helper()
	killed := r.run([]string{"PORTAL_CRASH_AT=" + point}, "apply", "-auto-approve")
	if killed.code == 0 || !strings.Contains(killed.output, "lugin") {
		r.w.t.Fatalf("it was not killed at %s:\n%s", point, killed.output)
	}
	r.mustNotBeTainted()
}

// passes tells how often a fix of these steps passes each point.
func passes(steps []portal.Step) map[rollout.Point]int {
	deployments := len(slices.DeleteFunc(slices.Clone(steps), func(s portal.Step) bool { return !s.Deploys() }))
	return map[rollout.Point]int{
		rollout.BeforeOpen: 1, rollout.AfterOpen: 1, rollout.BeforeStep: len(steps), rollout.AfterStep: len(steps),
		rollout.AfterStart: deployments, rollout.BeforeApply: deployments, rollout.AfterApply: deployments, rollout.BeforeEnd: deployments, rollout.AfterEnd: deployments,
	}
}

// comesRight are the refusals that the next apply has overcome: a holder is not
// seen to be dead yet, a step had to be recovered first, and the plan had rested
// on what could not be told then, or what a target has is nothing known.
var comesRight = regexp.MustCompile(`environment-held:|stale-plan:|neither\s+what\s+it\s+ran\s+before\s+nor`)

// pause waits longer each time, two seconds at most: an apply costs more than a
// look at a file does.
type pause struct{ next time.Duration }

func (p *pause) wait() {
	p.next = min(max(2*p.next, 100*time.Millisecond), 2*time.Second)
	time.Sleep(p.next)
}

// settle applies until it works.
func (r *root) settle() {
	r.w.t.Helper()
	for began, again := time.Now(), (pause{}); ; again.wait() {
		got := r.run(nil, "apply", "-auto-approve")
		r.mustNotBeTainted()
		if got.code == 0 {
			return
		}
		if r.approve(got.output) {
			continue
		}
		if time.Since(began) > leaseIsOver || !comesRight.MatchString(got.output) {
			r.w.t.Fatalf("%s after the kill:\n%s", time.Since(began), got.fault())
		}
	}
}

// asksForApproval is the statement that nobody has approved yet.
var asksForApproval = regexp.MustCompile(`approvals\s+=\s+{\s+"NAME"\s+=\s+"([0-9a-f]{64})"`)

// approve has bob read the statement that a run of Terraform asks an approval for,
// if it does: the situation, or the fix, is another one than he has approved.
func (r *root) approve(output string) bool {
	r.w.t.Helper()
	asked := asksForApproval.FindStringSubmatch(output)
	if asked == nil {
		return false
	}
	path := filepath.Join(r.dir, "main.tf")
	text, err := os.ReadFile(path)
	if err != nil {
		r.w.t.Fatal(err)
	}
	approved := regexp.MustCompile(`"bob@example.com" = "[0-9a-f]*"`).ReplaceAllString(string(text), `"bob@example.com" = "`+asked[1]+`"`)
	if approved == string(text) {
		return false
	}
	if err := os.WriteFile(path, []byte(approved), 0o644); err != nil {
		r.w.t.Fatal(err)
	}
	return true
}

// read has bob approve what a plan shows now.
func (r *root) read() *root {
	r.w.t.Helper()
	if planned := r.run(nil, "plan", "-lock=false"); !r.approve(planned.output) {
		r.w.t.Fatalf("it asks for no approval:\n%s", planned.output)
	}
	return r
}

// fault is what Terraform said of what went wrong.
func (g result) fault() string {
	_, fault, _ := strings.Cut(g.output, "Error:")
	return fault
}
