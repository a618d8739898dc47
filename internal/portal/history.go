package portal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// history asks the stages of a pipeline what they say about one release. Text is rendered only if
// it is read.
type history struct {
	f        Facts
	g        *graph
	release  string
	evidence map[string]*Evidence // by environment
	accepts  acceptance
	// clockWrong is whether it is unknown how long anything has run.
	clockWrong bool

	answers *answers
	last    stageReport // the last one judged, kept for reuse
}

// acceptance says which runs of a release count.
type acceptance struct {
	digest string   // of the content to be deployed
	fixes  []string // that it carries
	exact  exactness
}

// exactness says where only exactly this content counts. Elsewhere the release counts with any of
// the fixes that it carries now.
type exactness int

const (
	exactNowhere    exactness = iota
	exactOnTheLast            // on the stages directly before the final one
	exactEverywhere           // for an emergency fix
)

func (f Facts) newHistory(g *graph, release string, accepts acceptance) *history {
	h := &history{f: f, g: g, release: release, evidence: f.evidence[release], accepts: accepts}
	if accepts.exact != exactEverywhere { // a wrong clock never holds up fixes
		problem, _ := f.ClockProblem()
		h.clockWrong = problem != ""
	}
	h.answers = h.rememberedAnswers()
	return h
}

// takes reports whether a run on a stage counts.
func (h *history) takes(stage int, run *Run) bool {
	switch h.accepts.exact {
	case exactEverywhere:
		return run.Digest == h.accepts.digest
	case exactOnTheLast:
		if slices.Contains(h.g.before[h.g.final], stage) {
			return run.Digest == h.accepts.digest
		}
	}
	for _, fix := range run.Fixes {
		if !slices.Contains(h.accepts.fixes, fix) {
			return false
		}
	}
	return true
}

// openBefore is the rules that any stage before one leaves unsatisfied.
func (h *history) openBefore(stage int) ruleSet {
	h.answers.mutex.Lock()
	defer h.answers.mutex.Unlock()
	before := h.before(stage)
	open := before.open
	if before.due > h.f.Now.UnixMicro() {
		open |= 1 << soakPlace
	}
	return open
}

// before is the answer of all the stages before one.
func (h *history) before(stage int) answer {
	all := &h.answers.before[stage]
	if !all.known {
		all.known = true // also before the others are asked: a circle in a record must not loop for ever
		for _, before := range h.g.before[stage] {
			all.add(h.at(before))
			all.add(h.before(before))
		}
	}
	return *all
}

// at is the answer of one stage.
func (h *history) at(stage int) answer {
	a := &h.answers.at[stage]
	if a.known {
		return *a
	}
	a.known = true
	h.report(&h.last, stage, h.last.all[:0])
	for i, rule := range rulebook {
		if rule.AtStage == nil {
			break // the rules of the history come first
		}
		if i != soakPlace && rule.AtStage(&h.last, h) {
			a.open |= 1 << i
		}
	}
	if due, byTime := h.last.soakedAt(h); byTime {
		a.due = due
	} else {
		a.open |= 1 << soakPlace
	}
	return *a
}

// reports asks every stage before one, in the pipeline's order.
func (h *history) reports(stage int) []stageReport {
	ancestors := h.g.ancestors(stage)
	reports := make([]stageReport, 0, len(ancestors))
	all := make([]siteReport, 0, len(h.f.Sites)) // of every stage, one after the other
	for _, before := range ancestors {
		reports = append(reports, stageReport{})
		report := &reports[len(reports)-1]
		h.report(report, before, all[len(all):])
		all = all[:len(all)+len(report.all)]
	}
	return reports
}

// stageReport is what one stage says about a release.
type stageReport struct {
	stage *Stage
	at    int          // its place in the pipeline
	all   []siteReport // of every environment
	// counted are those that count by the stage's quorum; none if the stage has no environment.
	counted   []siteReport
	approvers approvers
}

// report asks one stage. The reports of its environments are put into the given slice.
func (h *history) report(r *stageReport, at int, room []siteReport) {
	stage := &h.g.pipeline.Stages[at]
	r.stage, r.at, r.all = stage, at, room
	if stage.RequiredApprovals > 0 {
		r.approvers = h.approversOf(stage, at)
	}
	for _, site := range h.g.sites[at] {
		r.all = append(r.all, siteReport{site: site, evidence: h.evidence[site.Name]})
		h.ask(&r.all[len(r.all)-1], stage, at)
	}
	r.counted = r.all
	if stage.Quorum != QuorumAll && len(r.all) > 1 {
		closest := 0 // the closest one is enough
		for i := range r.all {
			if h.closer(&r.all[i], &r.all[closest]) < 0 {
				closest = i
			}
		}
		r.counted = r.all[closest : closest+1]
	}
}

// against reports whether any of the stage's environments, counted or not, has a failing newest
// result, or a newest deployment of the release that did not succeed.
func (r *stageReport) against() bool {
	return slices.ContainsFunc(r.all, func(s siteReport) bool { return s.failed > 0 || s.trouble != noTrouble })
}

// reached reports whether the release has been on the stage, by its quorum.
func (r *stageReport) reached() bool {
	for i := range r.counted {
		if !r.counted[i].counts() {
			return false
		}
	}
	return len(r.counted) > 0
}

// underway reports whether a deployment of the release to the stage has not ended.
func (r *stageReport) underway() bool {
	return slices.ContainsFunc(r.counted, func(s siteReport) bool { return s.trouble == notEnded })
}

// trouble is why an environment does not count, although the release may have run.
type trouble uint8

const (
	noTrouble trouble = iota
	notEnded          // its newest deployment is in progress, or abandoned
	unsettled         // its newest deployment did not succeed
	failedOn          // a deployment did not succeed, and is what runs there
)

// siteReport is what one environment says about a release.
type siteReport struct {
	site                   *Site
	evidence               *Evidence
	tally                  tally
	trouble                trouble
	other                  bool // it ran, but not with the content that counts
	passed, failed, absent int  // of the suites that the stage requires
	lacks                  time.Duration
}

// ask fills in what an environment says.
func (h *history) ask(r *siteReport, stage *Stage, at int) {
	site, place := r.site, r.site.Place()
	r.evidence.addUp(&r.tally, h, place, at)
	r.other = !r.tally.ran && r.evidence.ranAt(place)
	switch a := site.Attempt; {
	case a == nil || a.Outcome == Succeeded && site.Observed == nil: // the usual case
	case a.Release == h.release && a.Open():
		r.trouble = notEnded
	case a.Release == h.release && !a.settled():
		r.trouble = unsettled
	case site.Observed != nil && site.Observed.Release == h.release && !site.Observed.Content.Equal(site.succeeded()):
		r.trouble = failedOn
	}
	for _, suite := range stage.RequiredTests {
		switch test := r.result(h, at, suite); {
		case test == nil:
			r.absent++
		case !test.Passed:
			r.failed++
		default:
			r.passed++
		}
	}
	r.lacks = max(0, stage.SoakTime-r.tally.soaked)
}

// result is the newest result of a suite that counts, or nil.
func (r *siteReport) result(h *history, at int, suite string) *Test {
	return r.evidence.result(h, r.site.Place(), at, suite)
}

// counts reports whether the release ran here, and nothing speaks against it.
func (r *siteReport) counts() bool { return r.tally.ran && r.trouble == noTrouble }

// supposed reports whether it runs here only in a plan, so that no time passes for it.
func (r *siteReport) supposed() bool {
	now := r.site.Running
	return r.tally.running && now != nil && now.Supposed() && r.tally.since.Equal(now.At)
}

// gaps weighs what is missing, so that the environment that is closest can be found.
func (h *history) gaps(r *siteReport) int {
	const much = 1 << 20
	n := 0
	weigh := func(rule Rule, gaps int) {
		if h.f.Pipeline.Level(rule) == LevelError {
			gaps *= much // what refuses comes before what only warns
		}
		n += gaps
	}
	weigh(TestsPassed, r.absent+r.failed)
	if r.lacks > 0 {
		weigh(SoakTime, 1)
	}
	if !r.counts() {
		weigh(StageOrder, much)
	}
	return n
}

// closer orders the environments of a stage: first the one that lacks least, and if only time is
// missing, the one whose time is over first.
func (h *history) closer(a, b *siteReport) int {
	standing := func(r *siteReport) int {
		if r.lacks > 0 && !r.tally.running {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(h.gaps(a), h.gaps(b)), cmp.Compare(standing(a), standing(b)), cmp.Compare(a.lacks, b.lacks))
}

// text is the stage's line in the table of stages.
func (r *stageReport) text(h *history) string {
	if len(r.counted) == 0 {
		return "has no environment"
	}
	var b strings.Builder
	for i := range r.counted {
		if i > 0 {
			b.WriteString("; ")
		}
		site := &r.counted[i]
		if len(r.counted) > 1 || site.site.Name != r.stage.Name {
			b.WriteString(site.site.Name + ": ")
		}
		site.writeText(&b, h, r)
	}
	if need := r.stage.RequiredApprovals; need > 0 {
		of := ", approvals: %d of %d"
		if len(r.counted) > 1 {
			of = "; approvals to leave the stage: %d of %d"
		}
		fmt.Fprintf(&b, of, len(r.approvers.count), need)
	}
	return b.String()
}

func (r *siteReport) writeText(b *strings.Builder, h *history, stage *stageReport) {
	switch {
	case r.trouble != noTrouble:
		b.WriteString(r.troubleText())
	case r.other:
		b.WriteString("ran with other content: emergency fixes were added or withdrawn since")
		return
	case !r.tally.ran:
		b.WriteString("never deployed")
		return
	case r.supposed() && r.tally.first.Equal(r.tally.since):
		b.WriteString("comes with this plan")
	default:
		b.WriteString("ran from " + FormatTime(r.tally.first))
	}
	var passed, absent []string
	var failed []*Test
	for _, suite := range stage.stage.RequiredTests {
		switch test := r.result(h, stage.at, suite); {
		case test == nil:
			absent = append(absent, suite)
		case test.Passed:
			passed = append(passed, suite)
		default:
			failed = append(failed, test)
		}
	}
	writeList(b, ", tests passed: ", passed)
	for _, test := range failed {
		fmt.Fprintf(b, ", test failed: %s at %s", test.Suite, FormatTime(test.At))
	}
	writeList(b, ", test missing: ", absent)
	if r.lacks > 0 {
		fmt.Fprintf(b, ", soaked %s of %s", FormatDuration(r.tally.soaked.Truncate(time.Second)), FormatDuration(stage.stage.SoakTime))
	}
}

func (r *siteReport) troubleText() string {
	switch a := r.site.Attempt; r.trouble {
	case notEnded:
		return fmt.Sprintf("its newest deployment, of %s, has not ended", FormatTime(a.StartedAt))
	case unsettled:
		return fmt.Sprintf("its newest deployment ended %s at %s", a.Outcome, FormatTime(a.EndedAt))
	}
	return fmt.Sprintf("a deployment of it did not succeed at %s, and is what runs there", FormatTime(r.site.Observed.At))
}

func writeList(b *strings.Builder, what string, items []string) {
	if len(items) > 0 {
		b.WriteString(what + strings.Join(items, ", "))
	}
}
