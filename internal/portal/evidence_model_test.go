package portal_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// errand takes releases and fixes to production, as recipes do, while others interfere. Reports and
// looks are kept, and recorded early, late or never.
type errand struct {
	*truth
	unwritten []*testRun
	runs      []*testRun
	looks     []look
	read      map[string][]string // digests of the statements that somebody has read, by fix
	versions  map[string]string   // what version a fix last asked for
	staging   []string
}

// TestNothingReachesProductionOnEvidenceForOtherContent lets deployments, test runs,
// approvals, fixes and amendments happen in between one another.
func TestNothingReachesProductionOnEvidenceForOtherContent(t *testing.T) {
	judged := map[portal.Mode]int{}
	rapid.Check(t, func(t *rapid.T) {
		e := newErrand(t)
		defer e.add(judged)
		for range rapid.IntRange(2, 5).Draw(t, "errands") {
			e.travel(t)
		}
	})
	enough(t, judged)
}

func newErrand(t *rapid.T) *errand {
	p := portaltest.Line("dev", "staging", "production")
	p.Stages[1].RequiredTests = []string{"smoke"}
	p.Stages[1].RequiredApprovals = rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "approvals to leave staging")
	p.Emergency.RequiredTests = rapid.SampledFrom([][]string{{"smoke"}, {"smoke"}, nil}).Draw(t, "tests of a fix")
	p.Emergency.RequiredApprovals = rapid.SampledFrom([]int{0, 1, 1, 2}).Draw(t, "approvals of a fix")
	w := portaltest.New(t, p)
	e := &errand{truth: newTruth(w), read: map[string][]string{}, versions: map[string]string{}, staging: []string{"staging"}}
	if rapid.IntRange(0, 2).Draw(t, "another staging") == 0 {
		w.Environment("staging-2", "staging")
		e.staging = append(e.staging, "staging-2")
	}
	register(w,
		bill("1.0.0", "app 1", "web 1"), bill("2.0.0", "app 1", "web 2"), bill("3.0.0", "app 1", "web 3"),
		bill("4.0.0", "app 1", "web 2"), bill("5.0.0", "app 1.f", "web 3"), bill("6.0.0", "app 6", "web 3"))
	e.arrives(t, "1.0.0")
	clear(e.judged)
	return e
}

// arrives takes a release to production the regular way.
func (e *errand) arrives(t *rapid.T, release string) {
	e.w.Travel(release, "dev", "staging")
	e.pause(t)
	e.begin(t, "staging", true)
	e.write()
	e.record(e.runs[len(e.runs)-1], "captured")
	for _, who := range []string{"cid", "dan"} {
		e.look("staging", who)
		e.approve(e.looks[len(e.looks)-1], "captured")
	}
	e.w.Deploy("production", release)
	e.pause(t)
}

func (e *errand) pause(t *rapid.T) {
	e.hold(t)
	e.w.Wait(rapid.SampledFrom([]time.Duration{time.Second, 20 * time.Second, 2 * time.Minute}).Draw(t, "pause"))
}

// another is a release that does not run on an environment. Most have the same app.
func (e *errand) another(t *rapid.T, environment string) string {
	releases := []string{"1.0.0", "2.0.0", "2.0.0", "3.0.0", "3.0.0", "4.0.0", "4.0.0", "5.0.0", "6.0.0"}
	there := e.on(environment).release
	return rapid.SampledFrom(slices.DeleteFunc(releases, func(r string) bool { return r == there })).Draw(t, "release")
}

// travel takes a release or a fix to production, step by step, with something else
// in between.
func (e *errand) travel(t *rapid.T) {
	release := e.another(t, "production")
	staging := rapid.SampledFrom(e.staging).Draw(t, "by way of")
	next := func() bool { return e.release(t, release, staging) }
	if rapid.IntRange(0, 3).Draw(t, "a fix") == 0 {
		name := e.anyFix(t)
		next = func() bool { return e.fix(t, name) }
	}
	for range 20 {
		if rapid.IntRange(0, 3).Draw(t, "disturbed") == 0 {
			e.disturb(t, release)
			e.pause(t)
		}
		arrived := next()
		e.pause(t)
		if arrived {
			return
		}
	}
}

// release does for a release what keeps it from production, or takes it there.
func (e *errand) release(t *rapid.T, release, staging string) bool {
	d := portal.Deploy{Environment: "production", Release: release, Redeploy: fmt.Sprint(e.w.Now.Unix())}
	proposal, err := e.w.Facts().Propose(d)
	if err != nil {
		return true
	}
	rules := (&portal.RefusalError{Verdict: proposal.Verdict}).Rules()
	lacks := func(rule portal.Rule) bool { return slices.Contains(rules, rule) }
	first := rapid.Bool().Draw(t, "tests come first")
	switch {
	case lacks(portal.EnvironmentHeld):
		for name, x := range e.w.State.Fixes {
			if x.Active() {
				return e.fix(t, name) && false
			}
		}
	case lacks(portal.FixRegression):
		return true
	case lacks(portal.StageOrder), (lacks(portal.TestsPassed) || lacks(portal.Approvals)) && !e.w.State.Sites[staging].Runs(release):
		e.toStaging(t, release, staging)
	case lacks(portal.TestsPassed) && (first || !lacks(portal.Approvals)):
		e.test(t, staging)
	case lacks(portal.Approvals):
		e.consent(t, staging)
	default:
		return e.w.TryDeploy(d) == nil
	}
	return false
}

func (e *errand) toStaging(t *rapid.T, release, staging string) {
	_ = e.w.TryDeploy(portal.Deploy{Environment: "dev", Release: release, Redeploy: fmt.Sprint(e.w.Now.Unix())})
	e.deploy(t, staging, release)
}

// deploy brings a release to staging, or half of it.
func (e *errand) deploy(t *rapid.T, staging, release string) {
	d := portal.Deploy{Environment: staging, Release: release, Redeploy: rapid.SampledFrom([]string{"", "a", fmt.Sprint(e.w.Now.Unix())}).Draw(t, "redeploy")}
	if rapid.IntRange(0, 7).Draw(t, "breaks") > 0 {
		_ = e.w.TryDeploy(d)
		return
	}
	if _, err := e.w.Do(portal.StartDeployment{Deploy: d}); err == nil {
		e.w.MustDo(portal.EndDeployment{Environment: staging, Epoch: e.w.State.Sites[staging].Epoch, Outcome: portal.Failed, Observed: portal.ObservedNew})
	}
}

// test continues a test run.
func (e *errand) test(t *rapid.T, staging string) {
	switch {
	case len(e.unwritten) > 0:
		e.write()
	case len(e.runs) > 0 && rapid.IntRange(0, 2).Draw(t, "record") > 0:
		e.record(e.aRun(t), e.how(t))
	default:
		e.begin(t, staging, rapid.IntRange(0, 5).Draw(t, "passes") > 0)
	}
}

// how is the form in which a recorder names what was tested.
func (e *errand) how(t *rapid.T) string {
	return rapid.SampledFrom([]string{"captured", "captured", "by reference", "by name"}).Draw(t, "how")
}

// aRun is a run, the newest more often than not.
func (e *errand) aRun(t *rapid.T) *testRun {
	return e.runs[max(0, len(e.runs)-1-rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "run"))]
}

// begin starts a run of the suite on what staging runs now.
func (e *errand) begin(t *rapid.T, staging string, passes bool) {
	site := e.w.State.Sites[staging]
	if site.Running == nil || !site.Intact() {
		return
	}
	run := &testRun{on: e.on(staging), passed: passes, dated: rapid.Bool().Draw(t, "dated")}
	run.sha256, run.begun = portaltest.SHA256(fmt.Sprint("run", len(e.runs), len(e.unwritten), e.w.Now)), e.begun[staging]
	if x := e.w.State.HoldingFix(staging); x != nil && slices.Contains(site.Running.Fixes, x.Name) {
		run.fix = x.Name
	}
	e.unwritten = append(e.unwritten, run)
}

func (e *errand) write() {
	for _, run := range e.unwritten {
		run.about, run.written, run.alone = e.on(run.on.environment), e.w.Now, e.begun[run.on.environment] == run.begun
		e.runs = append(e.runs, run)
	}
	e.unwritten = nil
}

// record records a run: for the content that was captured when it began, or for the current
// content, by reference or by the release's name. A recorder who captures nothing must see to it
// that nothing is deployed until the report is written.
func (e *errand) record(run *testRun, how string) {
	if how != "captured" && !run.alone {
		return
	}
	c := portal.RecordTest{
		Environment: run.on.environment, Release: run.on.release, Fix: run.fix, Suite: "smoke", Passed: run.passed,
		ReportSHA256: run.sha256, ReportDated: run.dated, ReportWritten: run.written, RunID: run.sha256,
	}
	if there := e.w.State.Sites[c.Environment].Running; how != "by name" && there != nil {
		c.Release = there.Release
	}
	if run.fix != "" {
		c.Release = ""
	}
	if how == "captured" {
		c.Digest = run.on.digest
	}
	if events, err := e.w.Do(c); err == nil {
		e.recorded(run, events)
	}
}

// consent continues an approval.
func (e *errand) consent(t *rapid.T, staging string) {
	who := rapid.SampledFrom([]string{"cid", "dan"}).Draw(t, "who")
	if len(e.looks) == 0 || rapid.IntRange(0, 2).Draw(t, "looks") == 0 {
		e.look(staging, who)
		return
	}
	e.approve(e.looks[max(0, len(e.looks)-1-rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "look"))], "captured")
}

func (e *errand) look(staging, who string) {
	if e.w.State.Sites[staging].Intact() {
		on := e.on(staging)
		e.looks = append(e.looks, look{on.release, on.digest, who})
	}
}

// approve records what somebody has seen, some time ago.
func (e *errand) approve(seen look, how string) {
	c := portal.RecordApproval{Release: seen.release, Stage: "staging", Approver: seen.who, Digest: seen.digest}
	if how != "captured" {
		c.Digest = ""
	}
	if _, err := e.w.Do(c); err == nil {
		e.approved[seen] = true
	}
}

// anyFix is a fix in progress, or else a new one.
func (e *errand) anyFix(t *rapid.T) string {
	for i := 1; ; i++ {
		name := fmt.Sprint("EF-", i)
		if x := e.w.State.Fixes[name]; x == nil || x.Active() || (i > 1 && rapid.IntRange(0, 9).Draw(t, "an old fix") == 0) {
			return name
		}
	}
}

// fix takes a fix one step further, as a recipe goes that reads its statement first.
func (e *errand) fix(t *rapid.T, name string) bool {
	x := e.w.State.Fixes[name]
	wish := e.wish(t, name)
	switch step := rapid.IntRange(0, 4).Draw(t, "of the fix"); {
	case step == 0, x == nil && len(e.read[name]) == 0:
		e.peruse(wish)
	case step == 1 && x != nil && x.Active() && x.Started, x != nil && x.Active() && len(e.unwritten) > 0:
		e.test(t, x.Plan.Steps[x.Done].Environment)
	case x != nil && x.Active() && x.Plan.Steps[x.Done].Action == portal.StepTest && step < 4:
		e.test(t, x.Plan.Steps[x.Done].Environment)
	default:
		e.open(wish)
	}
	x = e.w.State.Fixes[name]
	return x != nil && !x.Active()
}

// wish is the request for a fix: as before, or amended.
func (e *errand) wish(t *rapid.T, name string) portal.FixWish {
	version := e.versions[name]
	if version == "" || rapid.IntRange(0, 4).Draw(t, "amended") == 0 {
		version = rapid.SampledFrom([]string{"1.f", "1.g", "1.h"}).Draw(t, "version")
	}
	e.versions[name] = version
	wish := portaltest.Fix(name, version)
	if rapid.IntRange(0, 3).Draw(t, "tested") > 0 {
		wish.Bypass = slices.DeleteFunc(wish.Bypass, func(r portal.Rule) bool { return r == portal.FixTested })
	}
	wish.AdvanceTo = rapid.SampledFrom([]string{"staging", ""}).Draw(t, "how far")
	wish.Approvals = map[string]string{}
	for _, who := range []string{"ann", "ben", "eve"} {
		readings := append([]string{""}, e.read[name]...)
		if n := rapid.SampledFrom([]int{0, 0, 0, 1, 2, 99}).Draw(t, who+" has read"); n < len(readings) {
			wish.Approvals[who] = readings[len(readings)-1-n]
		}
	}
	return wish
}

// peruse is a person who reads what a fix would do now.
func (e *errand) peruse(wish portal.FixWish) {
	if proposal, err := e.w.Facts().PlanFix(wish); err == nil {
		e.read[wish.Name] = append(e.read[wish.Name], portaltest.SHA256(proposal.Plan.Statement))
	}
}

// open opens a fix, amends it or continues it.
func (e *errand) open(wish portal.FixWish) {
	proposal, err := e.w.Facts().PlanFix(wish)
	if err != nil {
		return
	}
	events, err := e.w.Do(portal.OpenFix{FixWish: wish})
	if err != nil {
		return
	}
	e.opened(wish, events)
	_ = e.w.RunSteps(wish.Name, proposal.Stop)
}

// disturb is what others do in between any two steps.
func (e *errand) disturb(t *rapid.T, release string) {
	staging := rapid.SampledFrom(e.staging).Draw(t, "where")
	there := e.w.State.Sites[staging].Running
	switch rapid.SampledFrom([]string{"other", "back", "again", "fix", "fix", "withdraw", "amend", "revoke", "late", "approve", "reference"}).Draw(t, "what") {
	case "other":
		e.toStaging(t, e.another(t, staging), staging)
	case "back": // to what production runs, and then perhaps forward again
		if there := e.w.State.Sites["production"].Running; there != nil {
			e.deploy(t, staging, there.Release)
		}
	case "again":
		if there != nil {
			e.deploy(t, staging, there.Release)
		}
	case "fix": // read, approved and untested, all at once
		wish := portaltest.Fix(e.anyFix(t), rapid.SampledFrom([]string{"1.f", "1.g"}).Draw(t, "version"))
		e.peruse(wish)
		for _, who := range []string{"ben", "eve"} {
			if read := e.read[wish.Name]; len(read) > 0 {
				wish.Approvals[who] = read[len(read)-1]
			}
		}
		e.open(wish)
	case "withdraw":
		if x := e.w.State.Fixes[e.anyFix(t)]; x != nil {
			wish := portaltest.Fix(x.Name, e.versions[x.Name])
			wish.Fix, wish.Withdraw = x.Fix, "enough"
			e.open(wish)
		}
	case "amend":
		e.open(e.wish(t, e.anyFix(t)))
	case "revoke":
		_, _ = e.w.Do(portal.RevokeApproval{Release: release, Stage: "staging", Approver: rapid.SampledFrom([]string{"cid", "dan"}).Draw(t, "who"), Reason: "no"})
	case "late":
		e.write()
		e.record(e.aRun(t), e.how(t))
	case "approve":
		e.approve(rapid.SampledFrom(e.looks).Draw(t, "look"), "captured")
	default: // approving what one has just looked at needs no digest
		if there != nil && len(e.staging) == 1 && e.w.State.Sites[staging].Intact() {
			e.look(staging, "dan")
			e.approve(e.looks[len(e.looks)-1], "by reference")
		}
	}
}
