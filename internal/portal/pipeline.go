package portal

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Quorum says how many of a stage's regular environments must have proven a release before it may
// leave the stage.
type Quorum string

// The quorums.
const (
	QuorumAny Quorum = "any" // one is enough; the default
	QuorumAll Quorum = "all" // every one
)

// Stage is one station on the line to the final one.
type Stage struct {
	Name              string        `json:"name"`
	After             []string      `json:"after,omitempty"` // always resolved: the stages directly before
	RequiredTests     []string      `json:"required_tests,omitempty"`
	SoakTime          time.Duration `json:"soak_time,omitempty"`
	RequiredApprovals int           `json:"required_approvals,omitempty"`
	Quorum            Quorum        `json:"quorum,omitempty"`
	Exclusive         bool          `json:"exclusive,omitempty"`
}

// Approver is a person whose approvals carry a signature.
type Approver struct {
	PublicKey string   `json:"public_key"` // in OpenSSH's authorized_keys form
	May       []string `json:"may"`        // "release", "emergency", "review"
}

// EmergencyPolicy says what an emergency fix on the pipeline must still satisfy.
type EmergencyPolicy struct {
	TestStages        []string      `json:"test_stages,omitempty"` // empty: every direct predecessor of the final stage
	RequiredTests     []string      `json:"required_tests,omitempty"`
	RequiredApprovals int           `json:"required_approvals"`
	BypassableRules   []Rule        `json:"bypassable_rules,omitzero"` // empty: none; nil: every bypassable rule
	ReconcileWithin   time.Duration `json:"reconcile_within"`
	ReviewWithin      time.Duration `json:"review_within"`
}

// DefaultEmergencyPolicy holds if a pipeline declares none: one approval, reconciled within 72
// hours, reviewed within 120.
func DefaultEmergencyPolicy() EmergencyPolicy {
	return EmergencyPolicy{RequiredApprovals: 1, ReconcileWithin: 72 * time.Hour, ReviewWithin: 120 * time.Hour}
}

// Pipeline is the declared line from the first stage to the final one.
type Pipeline struct {
	Name        string              `json:"name"`
	Description string              `json:"description,omitempty"`
	Stages      []Stage             `json:"stages"`
	Approvers   map[string]Approver `json:"approvers,omitempty"`
	Rules       map[Rule]Level      `json:"rules,omitempty"`
	Emergency   EmergencyPolicy     `json:"emergency"`
}

// Level returns what a broken rule does on this pipeline.
func (p *Pipeline) Level(r Rule) Level {
	if level, set := p.Rules[r]; set && r.Tunable() {
		return level
	}
	return LevelError
}

// Stage returns the stage of that name, or nil.
func (p *Pipeline) Stage(name string) *Stage {
	if i := p.position(name); i >= 0 {
		return &p.Stages[i]
	}
	return nil
}

func (p *Pipeline) position(name string) int {
	return slices.IndexFunc(p.Stages, func(s Stage) bool { return s.Name == name })
}

// Final returns the one stage without a successor. It returns nil only for a
// pipeline that does not validate.
func (p *Pipeline) Final() *Stage { return p.final(p.index()) }

// Before lists every stage that comes before the named one, directly or not,
// in the pipeline's order.
func (p *Pipeline) Before(name string) []*Stage { return p.before(p.index(), name) }

// index maps each stage to its position. Callers that look up often make it once.
func (p *Pipeline) index() map[string]int {
	index := make(map[string]int, len(p.Stages))
	for i := range p.Stages {
		index[p.Stages[i].Name] = i
	}
	return index
}

func (p *Pipeline) final(index map[string]int) *Stage {
	followed := make([]bool, len(p.Stages))
	for i := range p.Stages {
		for _, before := range p.Stages[i].After {
			if j, known := index[before]; known {
				followed[j] = true
			}
		}
	}
	if i := slices.Index(followed, false); i >= 0 {
		return &p.Stages[i]
	}
	return nil
}

func (p *Pipeline) before(index map[string]int, name string) []*Stage {
	seen := make([]bool, len(p.Stages))
	var visit func(i int)
	visit = func(i int) {
		for _, before := range p.Stages[i].After {
			if j, known := index[before]; known && !seen[j] {
				seen[j] = true
				visit(j)
			}
		}
	}
	if i, known := index[name]; known {
		visit(i)
	}
	stages := make([]*Stage, 0, len(p.Stages))
	for i := range p.Stages {
		if seen[i] {
			stages = append(stages, &p.Stages[i])
		}
	}
	return stages
}

// Next lists the stages that come directly after the named one.
func (p *Pipeline) Next(name string) []*Stage {
	var stages []*Stage
	for i := range p.Stages {
		if slices.Contains(p.Stages[i].After, name) {
			stages = append(stages, &p.Stages[i])
		}
	}
	return stages
}

// ResolveAfter fills in what a stage without `after` means: the stage above it, none for the first.
// declared says for each stage whether `after` was given, so that an empty list starts a branch.
func ResolveAfter(stages []Stage, declared []bool) {
	for i := range stages {
		if !declared[i] && i > 0 {
			stages[i].After = []string{stages[i-1].Name}
		}
	}
}

// Validate lists everything that is wrong with the declaration.
func (p *Pipeline) Validate() []Problem {
	problems := ValidateName("name", p.Name)
	problems = append(problems, ValidateText("description", p.Description)...)
	problems = append(problems, p.validateStages()...)
	for rule, level := range p.Rules {
		if !rule.Tunable() {
			problems = append(problems, Problem{"rules", fmt.Sprintf("%q cannot be set: only %s can", rule, joinRules(TunableRules()))})
		}
		if level != LevelError && level != LevelWarn && level != LevelOff {
			problems = append(problems, Problem{"rules", fmt.Sprintf("%s = %q: write \"error\", \"warn\" or \"off\"", rule, level)})
		}
	}
	problems = append(problems, p.validateApprovers()...)
	return append(problems, p.validateEmergency()...)
}

func (p *Pipeline) validateApprovers() []Problem {
	var problems []Problem
	for _, name := range sortedKeys(p.Approvers) {
		approver := p.Approvers[name]
		problems = append(problems, validatePerson("approvers", name)...)
		if strings.TrimSpace(approver.PublicKey) == "" {
			problems = append(problems, Problem{"approvers", fmt.Sprintf("%s: public_key is blank: write an OpenSSH public key", name)})
		}
		for _, may := range approver.May {
			if may != "release" && may != "emergency" && may != "review" {
				problems = append(problems, Problem{"approvers", fmt.Sprintf("%s: may has %q: write \"release\", \"emergency\" or \"review\"", name, may)})
			}
		}
	}
	return problems
}

// canonical sorts sets, so that the same declaration is recorded in the same way.
func (p Pipeline) canonical() Pipeline {
	p.Stages = slices.Clone(p.Stages)
	for i := range p.Stages {
		p.Stages[i].RequiredTests = sortedSet(p.Stages[i].RequiredTests)
	}
	p.Approvers = maps.Clone(p.Approvers)
	for name, approver := range p.Approvers {
		approver.May = sortedSet(approver.May)
		p.Approvers[name] = approver
	}
	p.Emergency.RequiredTests = sortedSet(p.Emergency.RequiredTests)
	p.Emergency.BypassableRules = sortedSet(p.Emergency.BypassableRules)
	return p
}

// sortedSet is the set in order, each member once. nil stays nil.
func sortedSet[S ~string](set []S) []S {
	set = slices.Clone(set)
	slices.Sort(set)
	return slices.Compact(set)
}

func (p *Pipeline) validateStages() []Problem {
	var problems []Problem
	wrong := func(format string, args ...any) {
		problems = append(problems, Problem{"stages", fmt.Sprintf(format, args...)})
	}
	if len(p.Stages) < 2 {
		wrong("a pipeline has two stages or more")
	}
	names := map[string]bool{}
	for _, s := range p.Stages {
		problems = append(problems, ValidateName("stages", s.Name)...)
		if names[s.Name] {
			wrong("stage %q is there twice", s.Name)
		}
		names[s.Name] = true
		if s.Quorum != "" && s.Quorum != QuorumAny && s.Quorum != QuorumAll {
			wrong("stage %q: %q is not a quorum: write \"any\" or \"all\"", s.Name, s.Quorum)
		}
		if s.RequiredApprovals < 0 {
			wrong("stage %q: required_approvals is %d; it is 0 or more", s.Name, s.RequiredApprovals)
		}
		for _, suite := range s.RequiredTests {
			problems = append(problems, validateSuite("stages", suite)...)
		}
	}
	for _, s := range p.Stages {
		for _, before := range s.After {
			if !names[before] {
				wrong("stage %q comes after %q, which is not a stage of this pipeline", s.Name, before)
			}
			if before == s.Name {
				wrong("stage %q comes after itself", s.Name)
			}
		}
	}
	if len(problems) > 0 {
		return problems
	}
	if cycle := p.cycle(); len(cycle) > 0 {
		wrong("the stages go in a circle: %s", strings.Join(cycle, " -> "))
		return problems
	}
	var ends []string
	for _, s := range p.Stages {
		if len(p.Next(s.Name)) == 0 {
			ends = append(ends, s.Name)
		}
	}
	if len(ends) != 1 {
		wrong("exactly one stage, the final one, is followed by no other; these are: %s. Use after to bring the branches together", strings.Join(ends, ", "))
	}
	return problems
}

// cycle returns the stages of one cycle, the first repeated at the end.
func (p *Pipeline) cycle() []string {
	const visiting, done = 1, 2
	color := map[string]int{}
	var path []string
	var visit func(name string) []string
	visit = func(name string) []string {
		color[name] = visiting
		path = append(path, name)
		for _, before := range p.Stage(name).After {
			if color[before] == visiting {
				return append(slices.Clone(path[slices.Index(path, before):]), before)
			}
			if color[before] == 0 {
				if found := visit(before); found != nil {
					return found
				}
			}
		}
		path = path[:len(path)-1]
		color[name] = done
		return nil
	}
	for _, s := range p.Stages {
		if color[s.Name] == 0 {
			if found := visit(s.Name); found != nil {
				return found
			}
		}
	}
	return nil
}

func (p *Pipeline) validateEmergency() []Problem {
	var problems []Problem
	for _, name := range p.Emergency.TestStages {
		if p.Stage(name) == nil {
			problems = append(problems, Problem{"emergency", fmt.Sprintf("test_stages: %q is not a stage of this pipeline", name)})
		} else if final := p.Final(); final != nil && final.Name == name {
			problems = append(problems, Problem{"emergency", fmt.Sprintf("test_stages: %q is the final stage; a fix is tested before it gets there", name)})
		}
	}
	for _, rule := range p.Emergency.BypassableRules {
		if !rule.Bypassable() {
			problems = append(problems, Problem{"emergency", fmt.Sprintf("bypassable_rules: %q cannot be bypassed: only %s can", rule, joinRules(BypassableRules()))})
		}
	}
	for _, suite := range p.Emergency.RequiredTests {
		problems = append(problems, validateSuite("emergency", suite)...)
	}
	if p.Emergency.RequiredApprovals < 0 {
		problems = append(problems, Problem{"emergency", "required_approvals is 0 or more"})
	}
	return problems
}

func validateSuite(field, suite string) []Problem {
	if strings.TrimSpace(suite) == "" || len(suite) > 127 {
		return []Problem{{field, fmt.Sprintf("%q is not the name of a test suite: write 1 to 127 characters", suite)}}
	}
	return about(fmt.Sprintf("test suite %q", suite), ValidateLine(field, suite))
}

func joinRules(rules []Rule) string {
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = string(r)
	}
	return strings.Join(texts, ", ")
}
