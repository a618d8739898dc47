package portal_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// testRun is a run of the suite as it really happened.
type testRun struct {
	on      thing  // what ran when it began
	fix     string // the fix that it is about; "": the release
	passed  bool
	begun   int  // how many deployments had begun there by that time
	alone   bool // nothing was deployed there until the report was written
	about   thing
	written time.Time
	sha256  string
	dated   bool
}

// thing is a content of a release on an environment.
type thing struct{ environment, release, digest string }

// look is a person who has looked at a release on staging.
type look struct{ release, digest, who string }

// declared is an emergency fix as it was last opened or amended.
type declared struct {
	readers  []string // who approved it and had read exactly that statement
	untested bool     // it declares that it skips its test
	over     []thing  // what it has been deployed to staging as since
}

// truth is what was really tested, seen and read, whatever is recorded. It follows what really
// happens and what is deployed, and judges every deployment to production by that.
type truth struct {
	w  *portaltest.World
	at int // in the world's log

	begun    map[string]int // deployments, by environment
	newest   map[thing]bool // whether its newest recorded run was on it, and passed
	approved map[look]bool
	fixes    map[string]*declared
	judged   map[portal.Mode]int
	untested int // fixes that declared so
}

func newTruth(w *portaltest.World) *truth {
	return &truth{
		w: w, begun: map[string]int{}, newest: map[thing]bool{}, approved: map[look]bool{}, fixes: map[string]*declared{}, judged: map[portal.Mode]int{},
	}
}

// on is what is in service on an environment.
func (k *truth) on(environment string) thing {
	there := k.w.State.Sites[environment].InService()
	if there == nil {
		return thing{environment: environment}
	}
	return thing{environment, there.Release, there.Digest}
}

// recorded notes what a recorded run was really about: what ran when it began, if that still ran
// when its report was written. Two releases may have the same content.
func (k *truth) recorded(run *testRun, events []portal.Event) {
	for _, event := range events {
		if r, is := event.(portal.TestRecorded); is {
			about := run.on.environment == r.Environment && run.on.digest == r.Digest && run.about.digest == r.Digest
			k.newest[thing{r.Environment, r.Release, r.Digest}] = run.passed && about
		}
	}
}

// opened notes who had read the statement that a fix was opened or amended with. A name without a
// digest counts as a reader of the first statement.
func (k *truth) opened(wish portal.FixWish, events []portal.Event) {
	for _, event := range events {
		var plan portal.FixPlan
		first := false
		switch e := event.(type) {
		case portal.FixOpened:
			plan, first = e.Plan, true
		case portal.FixAmended:
			plan = e.Plan
		default:
			continue
		}
		x := &declared{untested: slices.Contains(wish.Bypass, portal.FixTested)}
		for name, read := range wish.Approvals {
			if name != wish.Justification.RequestedBy && (read == portaltest.SHA256(plan.Statement) || (first && read == "")) {
				x.readers = append(x.readers, name)
			}
		}
		k.fixes[wish.Name] = x
	}
}

// hold judges what was deployed since it was last called.
func (k *truth) hold(t *rapid.T) {
	for ; k.at < len(k.w.Log); k.at++ {
		switch r := k.w.Log[k.at].Event.(type) {
		case portal.ApprovalRevoked:
			for seen := range k.approved {
				if seen.release == r.Release && seen.who == r.Approver {
					delete(k.approved, seen)
				}
			}
		case portal.DeploymentStarted:
			k.begun[r.Environment]++
			x := k.bringer(r)
			switch {
			case r.Environment != "production" && x != nil:
				x.over = append(x.over, thing{r.Environment, r.Release, r.Digest})
			case r.Environment != "production":
			case x != nil:
				k.judgeFix(t, r, x)
			case r.Mode == portal.ModeEnter || r.Mode == portal.ModeRedeploy && r.Digest != r.FromDigest:
				k.judge(t, r)
			}
		}
	}
}

// bringer is the fix that a deployment brings to an environment, or nil.
func (k *truth) bringer(r portal.DeploymentStarted) *declared {
	if r.Step == nil || !slices.Contains(r.Fixes, r.Step.Fix) {
		return nil
	}
	return k.fixes[r.Step.Fix]
}

func (k *truth) judge(t *rapid.T, r portal.DeploymentStarted) {
	k.judged[r.Mode]++
	version := portal.Effective(r.Release, r.Fixes)
	passed := false
	for _, environment := range []string{"staging", "staging-2"} {
		passed = passed || k.newest[thing{environment, r.Release, r.Digest}]
	}
	if !passed {
		t.Fatalf("production gets %s (%s), and the newest result on staging is of no run that passed on that content", version, r.Mode)
	}
	saw := 0
	for seen := range k.approved {
		if seen.release == r.Release && seen.digest == r.Digest {
			saw++
		}
	}
	if need := k.w.State.Pipeline.Stage("staging").RequiredApprovals; saw < need {
		t.Fatalf("production gets %s (%s), and %d of %d people have seen and approved that content", version, r.Mode, saw, need)
	}
}

func (k *truth) judgeFix(t *rapid.T, r portal.DeploymentStarted, x *declared) {
	k.judged[r.Mode]++
	version := portal.Effective(r.Release, r.Fixes)
	if need := k.w.State.Pipeline.Emergency.RequiredApprovals; len(x.readers) < need {
		t.Fatalf("production gets %s, and %d of %d people have read and approved what that fix does", version, len(x.readers), need)
	}
	if x.untested || len(k.w.State.Pipeline.Emergency.RequiredTests) == 0 {
		k.untested++
		return
	}
	if len(x.over) == 0 || !k.newest[x.over[len(x.over)-1]] {
		t.Fatalf("production gets %s, and no run that passed was on what it came to staging as: %v", version, x.over)
	}
}

// enough checks that the walks got far enough: otherwise they prove nothing.
func (k *truth) add(to map[portal.Mode]int) {
	for mode, n := range k.judged {
		to[mode] += n
	}
}

func enough(t *testing.T, judged map[portal.Mode]int) {
	t.Helper()
	t.Logf("deployments to production that were judged: %v", judged)
	for _, mode := range []portal.Mode{portal.ModeEnter, portal.ModeFix} {
		if judged[mode] < 40 && !testing.Short() { // which tries less
			t.Errorf("%d deployments (%s) were judged: too few to prove anything", judged[mode], mode)
		}
	}
}
