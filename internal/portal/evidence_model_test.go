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

// testRun is a run of the suite on staging, as the world outside sees it: what was
// there when it began, and whether it passed.
type testRun struct {
	release, digest string
	fix             string // the fix that it is about; "": the release
	passed          bool
	spans           bool // something was deployed before the report was written
	written         time.Time
	sha256          string
}

// look is somebody who has looked at what runs on staging.
type look struct{ release, digest, who string }

// evidence is what really was tested and seen, whatever is recorded of it.
type evidence struct {
	w    *portaltest.World
	read int // of the world's log

	unwritten []*testRun
	runs      []*testRun
	looks     []look
	newest    map[string]bool // content on staging -> what its newest recorded run really came to
	approved  map[string]bool // content that somebody has seen and approved, and not revoked since
	tested    string          // what a fix has brought to staging last
	arrived   int
}

// TestNothingReachesProductionOnEvidenceForOtherContent lets deployments, test runs,
// approvals, fixes and amendments happen in between one another, at least two
// minutes apart. Results are recorded late, for what was captured when the tests
// began, or without that by runners that remove old reports first.
func TestNothingReachesProductionOnEvidenceForOtherContent(t *testing.T) {
	arrived := 0
	rapid.Check(t, func(t *rapid.T) {
		p := portaltest.Line("dev", "staging", "production")
		p.Stages[1].RequiredTests, p.Stages[1].RequiredApprovals = []string{"smoke"}, 1
		p.Emergency.RequiredTests = []string{"smoke"}
		w := portaltest.New(t, p)
		register(w, bill("1.0.0", "app 1", "web 1"), bill("2.0.0", "app 1", "web 2"), bill("3.0.0", "app 3", "web 2"))
		e := &evidence{w: w, newest: map[string]bool{}, approved: map[string]bool{}}
		e.firstRelease(t)
		release := rapid.SampledFrom([]string{"1.0.0", "2.0.0", "2.0.0", "3.0.0"})
		person := rapid.SampledFrom([]string{"cid", "dan"})
		flag := rapid.Bool()
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { e.hold(t); w.Wait(2 * time.Minute) },
			"deploy": func(t *rapid.T) {
				for _, environment := range []string{"dev", "staging", "production"}[:rapid.IntRange(1, 3).Draw(t, "how far")] {
					_ = w.TryDeploy(portal.Deploy{Environment: environment, Release: release.Draw(t, "release"), Redeploy: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "redeploy")})
				}
				e.deployed()
			},
			"travel": func(t *rapid.T) { // as the recipe goes, with something in between
				r, passes := release.Draw(t, "release"), flag.Draw(t, "passes")
				for _, step := range []func(){
					func() { _ = w.TryDeploy(portal.Deploy{Environment: "dev", Release: r}) },
					func() {
						_ = w.TryDeploy(portal.Deploy{Environment: "staging", Release: r, Redeploy: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "redeploy")})
						e.deployed()
					},
					func() { e.begin(passes) },
					func() { e.look("cid") },
					func() { e.write() },
					func() { e.record(e.runs[len(e.runs)-1], true) },
					func() { e.approve(e.looks[len(e.looks)-1]) },
					func() { _ = w.TryDeploy(portal.Deploy{Environment: "production", Release: r}) },
				} {
					step()
					w.Wait(2 * time.Minute)
					if rapid.IntRange(0, 5).Draw(t, "disturbed") == 0 {
						e.disturb(t, release.Draw(t, "other"))
					}
				}
			},
			"begin to test":    func(t *rapid.T) { e.begin(flag.Draw(t, "passes")) },
			"write the report": func(*rapid.T) { e.write() },
			"record": func(t *rapid.T) {
				if len(e.runs) > 0 {
					e.record(rapid.SampledFrom(e.runs).Draw(t, "run"), flag.Draw(t, "captured"))
				}
			},
			"look":    func(t *rapid.T) { e.look(person.Draw(t, "who")) },
			"approve": func(t *rapid.T) { e.approve(rapid.SampledFrom(e.looks).Draw(t, "look")) },
			"revoke": func(t *rapid.T) {
				_, _ = w.Do(portal.RevokeApproval{Release: release.Draw(t, "release"), Stage: "staging", Approver: person.Draw(t, "who"), Reason: "no"})
			},
			"fix or amend": func(t *rapid.T) {
				wish := portaltest.Fix("EF-1", rapid.SampledFrom([]string{"1.f", "1.g"}).Draw(t, "version"))
				wish.Bypass = []portal.Rule{portal.StageOrder, portal.TestsPassed, portal.Approvals, portal.StageOccupied}
				wish.AdvanceTo = rapid.SampledFrom([]string{"staging", "staging", ""}).Draw(t, "how far")
				_ = w.RunFix(wish)
				e.deployed()
			},
			"withdraw": func(*rapid.T) {
				wish := portaltest.Fix("EF-1", "1.f")
				wish.Withdraw = "enough"
				_ = w.RunFix(wish)
				e.deployed()
			},
		})
		arrived += e.arrived
	})
	t.Log(fmt.Sprint(arrived, " deployments to production were judged"))
	if arrived < 5 {
		t.Error("too few: the model proves nothing")
	}
}

// disturb is what may come in between any two steps.
func (e *evidence) disturb(t *rapid.T, release string) {
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		_ = e.w.TryDeploy(portal.Deploy{Environment: "dev", Release: release})
		_ = e.w.TryDeploy(portal.Deploy{Environment: "staging", Release: release})
	case 1:
		wish := portaltest.Fix("EF-1", rapid.SampledFrom([]string{"1.f", "1.g"}).Draw(t, "version"))
		wish.Bypass = portal.BypassableRules()
		_ = e.w.RunFix(wish)
	case 2:
		_ = e.w.TryDeploy(portal.Deploy{Environment: "staging", Release: e.staging().Release, Redeploy: fmt.Sprint(e.w.Now)})
	default:
		_, _ = e.w.Do(portal.RevokeApproval{Release: release, Stage: "staging", Approver: "cid", Reason: "no"})
	}
	e.deployed()
	e.w.Wait(2 * time.Minute)
}

// firstRelease takes 1.0.0 to production as it should go.
func (e *evidence) firstRelease(t *rapid.T) {
	e.w.Travel("1.0.0", "dev", "staging")
	e.w.Wait(2 * time.Minute)
	e.begin(true)
	e.write()
	e.record(e.runs[0], true)
	e.look("cid")
	e.approve(e.looks[0])
	e.w.Deploy("production", "1.0.0")
	e.hold(t)
	e.arrived = 0
}

func (e *evidence) staging() *portal.Installation { return e.w.State.Sites["staging"].Running }

// begin starts a run of the suite on whatever is on staging.
func (e *evidence) begin(passes bool) {
	if !e.w.State.Sites["staging"].Intact() {
		return
	}
	run := &testRun{release: e.staging().Release, digest: e.staging().Digest, passed: passes, sha256: portaltest.SHA256(fmt.Sprint("run", len(e.runs), len(e.unwritten), e.w.Now))}
	if x := e.w.State.Fixes["EF-1"]; x != nil && x.Active() && len(e.staging().Fixes) > 0 {
		run.fix = "EF-1"
	}
	e.unwritten = append(e.unwritten, run)
}

// deployed notes that runs under way have had something deployed under them.
func (e *evidence) deployed() {
	for _, run := range e.unwritten {
		run.spans = run.spans || e.staging().Digest != run.digest || e.staging().At.After(run.written)
	}
}

func (e *evidence) write() {
	for _, run := range e.unwritten {
		run.written = e.w.Now
		e.runs = append(e.runs, run)
	}
	e.unwritten = nil
}

// record records a run: for what was captured when it began, or for what is said to
// run there now.
func (e *evidence) record(run *testRun, captured bool) {
	c := portal.RecordTest{
		Environment: "staging", Release: run.release, Fix: run.fix, Suite: "smoke", Passed: run.passed,
		ReportSHA256: run.sha256, ReportDated: true, ReportWritten: run.written, RunID: run.sha256,
	}
	if run.fix != "" {
		c.Release = ""
	}
	switch {
	case captured:
		c.Digest = run.digest
	case run.spans:
		return // who captures nothing has to see to it that nothing is deployed meanwhile
	case run.fix == "":
		c.Release = e.staging().Release // by reference
	}
	events, err := e.w.Do(c)
	if err == nil && len(events) > 0 {
		recorded, is := events[0].(portal.TestRecorded)
		e.newest[recorded.Digest] = is && run.passed && run.digest == recorded.Digest
	}
}

func (e *evidence) look(who string) {
	e.looks = append(e.looks, look{e.staging().Release, e.staging().Digest, who})
}

// approve records what somebody has seen, some time ago.
func (e *evidence) approve(seen look) {
	_, _ = e.w.Do(portal.RecordApproval{Release: seen.release, Stage: "staging", Approver: seen.who, Digest: seen.digest})
}

// hold judges every deployment to production since it was last called.
func (e *evidence) hold(t *rapid.T) {
	for ; e.read < len(e.w.Log); e.read++ {
		switch r := e.w.Log[e.read].Event.(type) {
		case portal.ApprovalRecorded:
			e.approved[r.Digest+r.Approver] = true
		case portal.ApprovalRevoked:
			for _, approval := range e.w.State.Approvals(r.Release) {
				if approval.Approver == r.Approver {
					delete(e.approved, approval.Digest+r.Approver)
				}
			}
		case portal.DeploymentStarted:
			if r.Environment == "staging" && r.Mode == portal.ModeFix && len(r.Fixes) > 0 {
				e.tested = r.Digest // the newest before the targets get theirs
			}
			if r.Environment == "production" && (r.Mode == portal.ModeEnter || r.Mode == portal.ModeFix && r.Step != nil && len(r.Fixes) > 0 && r.Step.Fix == r.Fixes[len(r.Fixes)-1]) {
				e.judge(t, r)
			}
		}
	}
}

func (e *evidence) judge(t *rapid.T, started portal.DeploymentStarted) {
	x := e.w.State.Fixes["EF-1"]
	if started.Mode == portal.ModeFix && (x == nil || x.Withdrawal != nil) {
		return // it takes the fix back: what production ran before needs no test
	}
	if started.Mode == portal.ModeFix && slices.Contains(x.Bypass, portal.FixTested) {
		return // it goes untested, and says so
	}
	e.arrived++
	tested := started.Digest
	if started.Mode == portal.ModeFix { // tested over whatever was on staging, and shown to be
		tested = e.tested
	}
	if !e.newest[tested] {
		t.Fatalf("production gets %s (%s), and no run that passed was on it", portal.Effective(started.Release, started.Fixes), started.Mode)
	}
	if started.Mode == portal.ModeEnter && !e.approved[started.Digest+"cid"] && !e.approved[started.Digest+"dan"] {
		t.Fatalf("production gets %s, and nobody has approved that content", portal.Effective(started.Release, started.Fixes))
	}
}
