package portal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Strategy says how an emergency fix is tested before it reaches its targets.
type Strategy string

// The strategies. StrategyAuto is only declared, StrategyInPlace only resolved.
const (
	StrategyAuto      Strategy = "auto"      // the least disturbing one; the default
	StrategyDedicated Strategy = "dedicated" // on a duplicate kept for fixes: nothing is interrupted
	StrategyInPlace   Strategy = "in-place"  // the test stage runs what production runs: nothing to interrupt
	StrategyPreempt   Strategy = "preempt"   // over the release under test, whose test waits
	StrategyRollback  Strategy = "rollback"  // the test stage is first rolled back to what production runs
)

// disturbance orders the resolved strategies, the least disturbing first.
var disturbance = []Strategy{StrategyDedicated, StrategyInPlace, StrategyPreempt, StrategyRollback}

// DeclarableStrategies are the strategies that a fix may declare.
func DeclarableStrategies() []Strategy {
	return []Strategy{StrategyAuto, StrategyDedicated, StrategyPreempt, StrategyRollback}
}

// NotGivenYet stands in a rehearsal for what is still missing. It is part of the statement, so that
// an approval of the rehearsal does not count for the fix itself.
const NotGivenYet = "not given yet"

// Justification is why a fix takes the fast path.
type Justification struct {
	Reason           string `json:"reason"`
	Incident         string `json:"incident"`
	Severity         string `json:"severity"`
	RequestedBy      string `json:"requested_by"`
	WhyNotNormalPath string `json:"why_not_normal_path"`
	SecurityImpact   string `json:"security_impact,omitempty"`
}

// Review is the post-implementation review of a fix.
type Review struct {
	Reviewer string `json:"reviewer"`
	Outcome  string `json:"outcome"` // one of ReviewOutcomes
	Notes    string `json:"notes,omitempty"`
}

// ReviewOutcomes are the possible outcomes of a review.
func ReviewOutcomes() []string { return []string{"accepted", "accepted-with-actions", "rejected"} }

// Fix is an emergency fix as it is declared.
type Fix struct {
	Name              string               `json:"name"`
	Components        map[string]Component `json:"components"`
	Environments      []string             `json:"environments,omitempty"`      // the targets; empty: every regular environment of the final stage
	TestEnvironments  []string             `json:"test_environments,omitempty"` // where it is tested; if none of a test stage is named, one is chosen
	Scope             Scope                `json:"scope,omitempty"`             // where it is in force; empty: ScopePipeline
	Justification     Justification        `json:"justification"`
	Bypass            []Rule               `json:"bypass,omitempty"`
	Strategy          Strategy             `json:"strategy"`
	ApprovalsExpireAt Time                 `json:"approvals_expire_at,omitzero"`
}

var fixPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,62}$`)

// ValidateFixName checks the name of a fix. It becomes build metadata of
// versions, so it has letters, digits and hyphens only.
func ValidateFixName(field, name string) []Problem {
	if fixPattern.MatchString(name) {
		return nil
	}
	return []Problem{{field, fmt.Sprintf("%q is not the name of an emergency fix: it begins with a letter or a digit and has up to 63 letters, digits and hyphens", name)}}
}

// Validate lists everything wrong with the declaration itself.
func (x *Fix) Validate() []Problem {
	problems := ValidateFixName("name", x.Name)
	if len(x.Components) == 0 {
		problems = append(problems, Problem{"components", "a fix has at least one component"})
	}
	problems = append(problems, validateComponents(x.Components)...)
	if !slices.Contains(DeclarableStrategies(), x.Strategy) {
		problems = append(problems, Problem{"strategy", fmt.Sprintf("%q is not a strategy: write \"auto\", \"dedicated\", \"preempt\" or \"rollback\"", x.Strategy)})
	}
	problems = append(problems, x.validatePlaces()...)
	if !x.ApprovalsExpireAt.IsZero() {
		problems = append(problems, validateTime("approvals_expire_at", x.ApprovalsExpireAt)...)
	}
	for _, rule := range x.Bypass {
		if !rule.Bypassable() {
			problems = append(problems, Problem{"bypass", fmt.Sprintf("%q cannot be bypassed: only %s can", rule, joinRules(BypassableRules()))})
		}
	}
	return append(problems, x.Justification.validate()...)
}

func (j Justification) validate() []Problem {
	var problems []Problem
	for _, part := range []struct{ name, text string }{
		{"reason", j.Reason},
		{"incident", j.Incident},
		{"severity", j.Severity},
		{"requested_by", j.RequestedBy},
		{"why_not_normal_path", j.WhyNotNormalPath},
	} {
		if strings.TrimSpace(part.text) == "" {
			problems = append(problems, Problem{"justification", part.name + " is blank: it is recorded for those who review the fix"})
		}
	}
	for _, part := range []struct{ name, text string }{
		{"reason", j.Reason}, {"why_not_normal_path", j.WhyNotNormalPath}, {"security_impact", j.SecurityImpact},
	} {
		problems = append(problems, about(part.name, ValidateText("justification", part.text))...)
	}
	for _, part := range []struct{ name, line string }{{"incident", j.Incident}, {"severity", j.Severity}} {
		problems = append(problems, about(part.name, ValidateLine("justification", part.line))...)
	}
	if strings.TrimSpace(j.RequestedBy) != "" {
		problems = append(problems, about("requested_by", validatePerson("justification", j.RequestedBy))...)
	}
	return problems
}

func (r *Review) validate(requesters []string) []Problem {
	problems := about("reviewer", validatePerson("review", r.Reviewer))
	if among(requesters, r.Reviewer) {
		problems = append(problems, Problem{"review", fmt.Sprintf("%s has requested the fix, so somebody else reviews it", r.Reviewer)})
	}
	if !slices.Contains(ReviewOutcomes(), r.Outcome) {
		problems = append(problems, Problem{"review", fmt.Sprintf("%q is not an outcome: write \"accepted\", \"accepted-with-actions\" or \"rejected\"", r.Outcome)})
	}
	if strings.TrimSpace(r.Notes) == "" {
		problems = append(problems, Problem{"review", "notes is blank: say what was found"})
	}
	return append(problems, about("notes", ValidateText("review", r.Notes))...)
}

// among reports whether a person is one of them, however the name is written.
func among(people []string, person string) bool {
	return slices.ContainsFunc(people, func(other string) bool { return strings.EqualFold(other, person) })
}

// canonical sorts sets, so that the same declaration is recorded in the same way. Targets keep
// their order: the first is the one that the test is for. So do test environments: that is the
// order of the tests on one stage.
func (x Fix) canonical() Fix {
	x.Bypass = sortedSet(x.Bypass)
	if x.Scope == ScopePipeline {
		x.Scope = ""
	}
	return x
}

// items are the components as they are installed.
func (x *Fix) items() Content { return itemsOf(x.Components) }

// StepAction is what one step of a fix does.
type StepAction string

// The actions.
const (
	StepHold     StepAction = "hold"      // stops the deployment in progress on the environment
	StepSuspend  StepAction = "suspend"   // the release under test there waits
	StepRollBack StepAction = "roll_back" // back to what the targets run
	StepDeploy   StepAction = "deploy"
	StepTest     StepAction = "test"
	StepRestore  StepAction = "restore" // what ran there before comes back
	StepResume   StepAction = "resume"  // the release under test continues
	StepUnhold   StepAction = "unhold"
)

// Step is one step of a fix.
type Step struct {
	Action      StepAction `json:"action"`
	Environment string     `json:"environment"`
	Release     string     `json:"release,omitempty"` // the step is about it
	Fixes       []string   `json:"fixes,omitempty"`   // applied on top of the release
	Content     Content    `json:"content,omitempty"` // what runs there afterwards; only if it deploys
	Detail      string     `json:"detail"`
	// From is the receipt of what was in service there when a withdrawal was planned, or
	// fromNothing; "" if it does not matter.
	From string `json:"from,omitempty"`
	// Over is the digest of the content that the step was planned to replace, or unknownContent;
	// only if it deploys.
	Over string `json:"over,omitempty"`
	// Brings is the digest of what runs there afterwards; only if it deploys. It stays when Content
	// is dropped.
	Brings string `json:"brings,omitempty"`
}

const fromNothing = "nothing"

// Effective is the version that the step is about; "" if there is none.
func (s Step) Effective() string { return Effective(s.Release, s.Fixes) }

// Deploys reports whether the step changes what the environment runs.
func (s Step) Deploys() bool {
	return s.Action == StepRollBack || s.Action == StepDeploy || s.Action == StepRestore
}

// FixTarget is an environment that must get the fix.
type FixTarget struct {
	Environment string       `json:"environment"`
	Before      Installation `json:"before"` // the baseline: what it ran when this was planned
}

// FixTest is an environment on which a fix is tested.
type FixTest struct {
	Environment string        `json:"environment"`
	Stage       string        `json:"stage"`
	Strategy    Strategy      `json:"strategy"`
	Before      *Installation `json:"before,omitempty"` // what ran there; nil: nothing
	// Conflict says why the release there comes back without fixes that are in force there; "": it
	// comes back with them.
	Conflict string `json:"conflict,omitempty"`
}

// Bypass is a rule that a fix breaks. The fix names the rule, unless the pipeline only warns.
type Bypass struct {
	Rule        Rule   `json:"rule"`
	Environment string `json:"environment"`
	Detail      string `json:"detail"`
	// About identifies the finding without its wording, for the statement.
	About []string `json:"about,omitempty"`
	// Level is the pipeline's level of the broken rule. It is empty in records from before levels
	// were listed: then every rule was at LevelError.
	Level Level `json:"level,omitempty"`
}

// Counts reports whether the rule refuses a fix that does not name it.
func (b Bypass) Counts() bool { return b.Level == "" || b.Level == LevelError }

// FixPlan is what a fix will do, as it was shown and signed.
type FixPlan struct {
	Targets     []FixTarget `json:"targets"`
	Under       []string    `json:"under,omitempty"` // fixes of its components that the targets have already, carried or contained
	Tests       []FixTest   `json:"tests,omitempty"`
	Strategy    Strategy    `json:"strategy"` // resolved
	Interrupted []string    `json:"interrupted,omitempty"`
	// Leaving are environments that the fix was tested on before it was amended and no longer
	// needs.
	Leaving   []FixTest `json:"leaving,omitempty"`
	InForce   []string  `json:"in_force,omitempty"` // the other fixes in force where it is deployed, when it was planned
	Steps     []Step    `json:"steps"`
	Bypassed  []Bypass  `json:"bypassed,omitempty"`
	Statement string    `json:"statement"`
}

// releases lists the releases that the plan found and that its steps deploy.
func (p *FixPlan) releases(seen map[string]bool) {
	for _, test := range p.Tests {
		if test.Before != nil {
			seen[test.Before.Release] = true
		}
	}
	for _, step := range p.Steps {
		if step.Release != "" {
			seen[step.Release] = true
		}
	}
}

// Baseline is the effective version of what the first target ran.
func (p *FixPlan) Baseline() string {
	if len(p.Targets) == 0 {
		return ""
	}
	return p.Targets[0].Before.Effective()
}

// lists reports whether the plan shows that a rule is broken on an environment.
func (p *FixPlan) lists(row Bypass) bool {
	return slices.ContainsFunc(p.Bypassed, func(b Bypass) bool { return b.Rule == row.Rule && b.Environment == row.Environment })
}

// ContentDigests are the digests of what the fix is first deployed as, by environment.
func (p *FixPlan) ContentDigests(steps int) map[string]string {
	digests := map[string]string{}
	for _, step := range p.Steps[:min(steps, len(p.Steps))] {
		if step.Action == StepDeploy && step.Brings != "" {
			digests[step.Environment] = step.Brings
		}
	}
	return digests
}

// Target returns the target of that environment, or nil.
func (p *FixPlan) Target(environment string) *FixTarget {
	i := slices.IndexFunc(p.Targets, func(t FixTarget) bool { return t.Environment == environment })
	if i < 0 {
		return nil
	}
	return &p.Targets[i]
}

// test returns the test on that environment, or nil.
func (p *FixPlan) test(environment string) *FixTest {
	i := slices.IndexFunc(p.Tests, func(t FixTest) bool { return t.Environment == environment })
	if i < 0 {
		return nil
	}
	return &p.Tests[i]
}

// tested lists the environments that the fix is tested on, and those that it was to be tested on
// before it was amended.
func (p *FixPlan) tested() []string {
	names := make([]string, 0, len(p.Tests)+len(p.Leaving))
	for _, test := range append(slices.Clone(p.Tests), p.Leaving...) {
		names = append(names, test.Environment)
	}
	return names
}

// took returns what is known about an environment that the fix has taken for a test, in this plan
// or before it was amended, or nil.
func (x *FixState) took(environment string) *FixTest {
	if !x.Holds(environment) {
		return nil
	}
	test := x.Plan.test(environment)
	if test == nil {
		i := slices.IndexFunc(x.Plan.Leaving, func(t FixTest) bool { return t.Environment == environment })
		if i < 0 {
			return nil
		}
		test = &x.Plan.Leaving[i]
	}
	if !x.began(environment) {
		return nil
	}
	return test
}
