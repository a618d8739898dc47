package portal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// siteReport is what one environment of a stage before says about a release.
type siteReport struct {
	site    *Site
	blocked string // why it cannot vouch, although the release may have run: ""
	heard   testimony
	other   bool // it ran, but not with the content that counts
	passed  []string
	missing []string
	failed  []Test
	lacks   time.Duration // of the soak time
}

// supposed reports whether it runs there as a plan supposes and not in fact, so that
// no time passes for it.
func (r *siteReport) supposed() bool {
	now := r.site.Running
	return r.heard.running && now != nil && now.Supposed() && r.heard.since.Equal(now.At)
}

// gaps weighs what is missing, so that the environment that is closest can be
// told.
func (r siteReport) gaps(level func(Rule) Level) int {
	const much = 1 << 20
	n := 0
	weigh := func(rule Rule, gaps int) {
		if level(rule) == LevelError {
			gaps *= much // what refuses comes before what only warns
		}
		n += gaps
	}
	weigh(TestsPassed, len(r.missing)+len(r.failed))
	if r.lacks > 0 {
		weigh(SoakTime, 1)
	}
	if !r.vouches() {
		weigh(StageOrder, much)
	}
	return n
}

// closer orders the environments of a stage: first the one that lacks least,
// and where only time is missing, the one that time will do first.
func closer(a, b siteReport, level func(Rule) Level) int {
	standing := func(r siteReport) int {
		if r.lacks > 0 && !r.heard.running {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.gaps(level), b.gaps(level)), cmp.Compare(standing(a), standing(b)), cmp.Compare(a.lacks, b.lacks))
}

func (r siteReport) vouches() bool { return r.heard.ran && r.blocked == "" }

// stageReport is what one stage before says about a release.
type stageReport struct {
	stage     *Stage
	counted   []siteReport // by the stage's quorum; empty where the stage has no environment
	approvers []string     // who have approved it, and count
	elsewhere []string     // who have approved it with other content
	// against is whether any of its environments, counted or not, has a failing newest
	// result, or a newest deployment of the release that did not succeed.
	against bool
}

// reports asks every stage before the given one about a release.
func (f Facts) reports(index map[string]int, stage, release string, accepts func(before *Stage) func(Run) bool) []stageReport {
	stages := f.Pipeline.before(index, stage)
	sites := f.byStage(index)
	reports := make([]stageReport, 0, len(stages))
	all := make([]siteReport, 0, len(f.Sites)) // of every stage, one after the other
	for _, before := range stages {
		report := stageReport{stage: before}
		if before.RequiredApprovals > 0 {
			report.approvers, report.elsewhere = f.approversOf(release, before.Name, accepts(before))
		}
		first, accepts := len(all), accepts(before)
		for _, site := range sites[index[before.Name]] {
			heard := f.reportOf(site, before, release, accepts)
			report.against = report.against || len(heard.failed) > 0 || heard.blocked != ""
			all = append(all, heard)
		}
		report.counted = all[first:len(all):len(all)]
		if before.Quorum != QuorumAll && len(report.counted) > 1 {
			slices.SortStableFunc(report.counted, func(a, b siteReport) int { return closer(a, b, f.Pipeline.Level) })
			report.counted = report.counted[:1] // the one that is closest is enough
		}
		reports = append(reports, report)
	}
	return reports
}

// byStage lists the regular environments of every stage, by name, in the order
// of the index.
func (f Facts) byStage(index map[string]int) [][]*Site {
	sites := make([][]*Site, len(index))
	one := make([]*Site, len(index)) // most stages have one
	for _, site := range f.Sites {
		i, known := index[site.Stage]
		if !known || site.Lane != LaneRegular {
			continue
		}
		if sites[i] == nil {
			sites[i] = one[i : i : i+1]
		}
		sites[i] = append(sites[i], site)
	}
	for _, on := range sites {
		if len(on) > 1 {
			slices.SortFunc(on, func(a, b *Site) int { return strings.Compare(a.Name, b.Name) })
		}
	}
	return sites
}

func (f Facts) reportOf(site *Site, stage *Stage, release string, accepts func(Run) bool) siteReport {
	evidence := f.Evidence(release, site.Name)
	report := siteReport{site: site, heard: evidence.hear(site.Place(), accepts, f.Now)}
	report.other = !report.heard.ran && evidence.ranAt(site.Place())
	if a := site.Attempt; a != nil && a.Release == release && !a.settled() {
		report.blocked = fmt.Sprintf("its newest deployment ended %s at %s", a.Outcome, FormatTime(a.EndedAt))
		if a.Open() {
			report.blocked = "its newest deployment, of " + FormatTime(a.StartedAt) + ", has not ended"
		}
	}
	if seen := site.Observed; report.blocked == "" && seen != nil && seen.Release == release && !seen.Content.Equal(site.succeeded()) {
		report.blocked = fmt.Sprintf("a deployment of it did not succeed at %s, and is what runs there", FormatTime(seen.At))
	}
	for i, suite := range stage.RequiredTests {
		switch test := evidence.result(site.Place(), suite, accepts); {
		case test == nil:
			report.missing = append(report.missing, suite)
		case !test.Passed:
			report.failed = append(report.failed, *test)
		case len(report.passed) == i:
			report.passed = stage.RequiredTests[: i+1 : i+1] // all of them so far
		default:
			report.passed = append(report.passed, suite)
		}
	}
	report.lacks = max(0, stage.SoakTime-report.heard.soaked)
	return report
}

// approversOf lists who has approved that the release leaves the stage and
// counts: distinct people, never the one who deploys, for content that is accepted.
// Where the pipeline lists approvers, only theirs count, and only with a signature.
// Besides it lists who has approved other content only.
func (f Facts) approversOf(release, stage string, accepts func(Run) bool) (names, elsewhere []string) {
	own, _ := f.ContentOf(release) // what is not known was never approved without a digest
	approvers := f.Pipeline.Approvers
	for _, approval := range f.Approvals(release) {
		if approval.Stage != stage || !approval.Revoked.IsZero() || strings.EqualFold(approval.Approver, f.By.Name) {
			continue
		}
		if listed, there := approvers[approval.Approver]; len(approvers) > 0 &&
			(!there || approval.Signature == "" || !slices.Contains(listed.May, "release")) {
			continue
		}
		switch {
		case !accepts(approval.run(own)):
			elsewhere = append(elsewhere, approval.Approver)
		case !among(names, approval.Approver):
			names = append(names, approval.Approver)
		}
	}
	elsewhere = slices.DeleteFunc(sortedSet(elsewhere), func(name string) bool { return among(names, name) })
	slices.Sort(names)
	return names, elsewhere
}

// reached reports whether the release has been on the stage, by its quorum.
func (r stageReport) reached() bool {
	return len(r.counted) > 0 && !slices.ContainsFunc(r.counted, func(s siteReport) bool { return !s.vouches() })
}

// underway reports whether the release is only just being deployed to the stage.
func (r stageReport) underway() bool {
	return slices.ContainsFunc(r.counted, func(s siteReport) bool { return s.blocked != "" && s.site.Attempt.Open() })
}

// text is the stage's line in the table of the way.
func (r stageReport) text() string {
	if len(r.counted) == 0 {
		return "has no environment"
	}
	var line [160]byte // what most lines need
	b := line[:0]
	for i := range r.counted {
		if i > 0 {
			b = append(b, "; "...)
		}
		site := &r.counted[i]
		if len(r.counted) > 1 || site.site.Name != r.stage.Name {
			b = append(append(b, site.site.Name...), ": "...)
		}
		b = site.appendText(b, r.stage)
	}
	if r.stage.RequiredApprovals > 0 {
		b = fmt.Appendf(b, ", approvals: %d of %d", len(r.approvers), r.stage.RequiredApprovals)
	}
	return string(b)
}

func (r *siteReport) appendText(b []byte, stage *Stage) []byte {
	switch {
	case r.blocked != "":
		b = append(b, r.blocked...)
	case r.other:
		return append(b, "ran, but not as it is now: emergency fixes were laid over it since, or taken back"...)
	case !r.heard.ran:
		return append(b, "never deployed"...)
	case r.supposed() && r.heard.first.Equal(r.heard.since):
		b = append(b, "comes with this plan"...)
	default:
		b = r.heard.first.UTC().AppendFormat(append(b, "ran from "...), time.RFC3339)
	}
	b = appendList(b, ", tests passed: ", r.passed)
	for _, test := range r.failed {
		b = fmt.Appendf(b, ", test failed: %s at %s", test.Suite, FormatTime(test.At))
	}
	b = appendList(b, ", test missing: ", r.missing)
	if r.lacks > 0 {
		b = fmt.Appendf(b, ", soaked %s of %s", FormatDuration(r.heard.soaked.Truncate(time.Second)), FormatDuration(stage.SoakTime))
	}
	return b
}

func appendList(b []byte, what string, items []string) []byte {
	for i, item := range items {
		if i == 0 {
			b = append(b, what...)
		} else {
			b = append(b, ", "...)
		}
		b = append(b, item...)
	}
	return b
}

// gateOrder judges stage-order. Only the final stage is for emergencies.
func gateOrder(reports []stageReport, final bool) Gate {
	gate := Gate{Rule: StageOrder}
	var missing []string
	for _, r := range reports {
		if !r.reached() {
			missing = append(missing, r.stage.Name)
		}
	}
	if len(missing) == 0 {
		gate.Detail = "It has been on every stage before."
		return gate
	}
	gate.Status = Refused
	gate.Detail = fmt.Sprintf("It has not been through every stage before it: %s missing.", isAre(missing))
	gate.Cure = fmt.Sprintf("Take it through %s.", joinAnd(missing))
	if final {
		gate.Cure = fmt.Sprintf("Take it through %s, or, to repair production now, declare a portal_emergency_fix.", joinAnd(missing))
	}
	if slices.ContainsFunc(reports, stageReport.underway) {
		gate.Cure += " A deployment of it there has not ended: plan again when it has. In one configuration, let this deployment's release refer to that one (release = portal_release_deployment.NAME.release), so that it comes after it."
	}
	return gate
}

// gateTests judges tests-passed.
func gateTests(reports []stageReport) Gate {
	gate := Gate{Rule: TestsPassed, Detail: "Every required suite has passed on the stages before."}
	var lines, cures []string
	for _, r := range reports {
		if len(r.counted) == 0 && len(r.stage.RequiredTests) > 0 {
			lines = append(lines, fmt.Sprintf("no result of %s on %s", joinAnd(r.stage.RequiredTests), r.stage.Name))
		}
		for _, site := range r.counted {
			for _, test := range site.failed {
				lines = append(lines, fmt.Sprintf("%s failed on %s at %s", test.Suite, site.site.Name, FormatTime(test.At)))
				cures = append(cures, fmt.Sprintf("a passing result of %s on %s", test.Suite, site.site.Name))
			}
			for _, suite := range site.missing {
				lines = append(lines, fmt.Sprintf("no result of %s on %s", suite, site.site.Name))
				cures = append(cures, fmt.Sprintf("a passing result of %s on %s", suite, site.site.Name))
			}
		}
	}
	if len(lines) == 0 {
		return gate
	}
	gate.Status = Refused
	gate.Detail = "A required suite has no passing newest result: " + strings.Join(lines, "; ") + "."
	if len(cures) > 0 {
		gate.Cure = "Record (portal_test_result) " + joinAnd(cures) + ", while the release runs there."
	}
	return gate
}

// gateSoak judges soak-time.
func gateSoak(reports []stageReport, f Facts) Gate {
	now := f.Now
	gate := Gate{Rule: SoakTime, Detail: "It has run long enough on the stages before."}
	if problem, cure := f.ClockProblem(); problem != "" && slices.ContainsFunc(reports, func(r stageReport) bool { return r.stage.SoakTime > 0 }) {
		gate.Status, gate.Detail, gate.Cure = Refused, "How long it has run cannot be told. "+problem+".", cure
		return gate
	}
	var lines []string
	var at Time
	byTime, supposed := true, false
	for _, r := range reports {
		if r.stage.SoakTime > 0 && len(r.counted) == 0 {
			lines, byTime = append(lines, fmt.Sprintf("%s: 0s of %s", r.stage.Name, FormatDuration(r.stage.SoakTime))), false
		}
		for _, site := range r.counted {
			if site.lacks == 0 {
				continue
			}
			line := fmt.Sprintf("%s: %s of %s", site.site.Name, FormatDuration(site.heard.soaked.Truncate(time.Second)), FormatDuration(r.stage.SoakTime))
			switch {
			case site.supposed():
				supposed = true
				line += ", and only this plan takes it there"
			case site.heard.running:
				due := now.Add(site.lacks)
				if due.After(at) {
					at = due
				}
				line += ", enough from " + FormatTime(roundUp(due))
			default:
				byTime = false
				line += ", and it does not run there now"
			}
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return gate
	}
	gate.Status = Refused
	gate.Detail = "It has not run long enough: " + strings.Join(lines, "; ") + "."
	switch {
	case supposed: // to wait would not help: a plan that is refused brings it nowhere
		gate.Cure = "Apply the stages before without this deployment, and let it run there for the soak time."
	case byTime:
		gate.At = roundUp(at)
		gate.Cure = "Wait until " + FormatTime(gate.At) + "."
	default:
		gate.Cure = "Let it run there for the soak time."
	}
	return gate
}

// roundUp gives the full second that is not before t, because messages show
// seconds and must not promise too early.
func roundUp(t Time) Time {
	if whole := t.Truncate(time.Second); whole.Before(t) {
		return whole.Add(time.Second)
	}
	return t
}

// gateApprovals judges approvals.
func gateApprovals(reports []stageReport, deployer string) Gate {
	gate := Gate{Rule: Approvals, Detail: "Every stage before has the approvals it asks for."}
	var lines []string
	for _, r := range reports {
		if need := r.stage.RequiredApprovals; len(r.approvers) < need {
			line := fmt.Sprintf("%s: %d of %d (%s)", r.stage.Name, len(r.approvers), need, orNone(r.approvers))
			if len(r.elsewhere) > 0 {
				line += fmt.Sprintf("; %s approved it with other content, before emergency fixes were added or withdrawn", joinAnd(r.elsewhere))
			}
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return gate
	}
	gate.Status = Refused
	gate.Detail = "Approvals to leave a stage are missing: " + strings.Join(lines, "; ") + "."
	gate.Cure = "Record them with portal_approval."
	if deployer != "" {
		gate.Cure = fmt.Sprintf("Record them with portal_approval; %s, who deploys, does not count.", deployer)
	}
	return gate
}

func isAre(items []string) string {
	if len(items) == 1 {
		return items[0] + " is"
	}
	return joinAnd(items) + " are"
}

func joinAnd(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}
