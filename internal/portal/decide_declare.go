package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// alreadyDeclared refuses to create what the ledger has already, with other values.
func alreadyDeclared(noun, id string) error {
	return reject(fmt.Sprintf("%s %q is already declared with other values", noun, id),
		"Another root module, an earlier state or another resource of this configuration has declared it in this ledger. "+
			"Give this one another name. Or, to manage that one here, import it: terraform import portal_%s.NAME %s", noun, id)
}

// DeclarePipeline creates a pipeline, or changes it if Update is set.
type DeclarePipeline struct {
	Pipeline Pipeline
	Update   bool
	Planned  string // receipt of the declaration that an update was planned from; "": not checked
}

// Subjects implements Command.
func (DeclarePipeline) Subjects() Subjects { return Subjects{} }

// Decide implements Command. The same declaration again is adopted.
func (c DeclarePipeline) Decide(f Facts) ([]Event, error) {
	if err := invalid(fmt.Sprintf("pipeline %q", c.Pipeline.Name), c.Pipeline.Validate()); err != nil {
		return nil, err
	}
	c.Pipeline = c.Pipeline.canonical()
	if f.Pipeline != nil {
		if same(*f.Pipeline, c.Pipeline) {
			return nil, nil
		}
		if !c.Update {
			return nil, alreadyDeclared("pipeline", c.Pipeline.Name)
		}
		if refusal := staleDeclaration(fmt.Sprintf("pipeline %q", f.Name), c.Planned, f.Receipt); refusal != nil {
			return nil, refusal
		}
	}
	if err := f.stagesInUse(&c.Pipeline); err != nil {
		return nil, err
	}
	return []Event{PipelineDeclared{Pipeline: c.Pipeline}}, nil
}

// same compares two declarations as they would be recorded, so that nil and
// empty are alike.
func same[T any](a, b T) bool {
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}

// StagesInUse says, one line each, what prevents changing to the declared pipeline: environments on
// stages that it removes or moves.
func (f Facts) StagesInUse(next *Pipeline) []string {
	if f.Pipeline == nil {
		return nil
	}
	both := map[string]bool{}
	for _, s := range f.Pipeline.Stages {
		both[s.Name] = next.Stage(s.Name) != nil
	}
	before := func(p *Pipeline, stage string) []string {
		var names []string
		for _, s := range p.Before(stage) {
			if both[s.Name] {
				names = append(names, s.Name)
			}
		}
		slices.Sort(names)
		return names
	}
	var lines []string
	for _, name := range sortedKeys(f.Sites) {
		stage := f.Sites[name].Stage
		switch {
		case !both[stage]:
			lines = append(lines, fmt.Sprintf("stage %q is removed, but environment %q is on it", stage, name))
		case !slices.Equal(before(f.Pipeline, stage), before(next, stage)):
			lines = append(lines, fmt.Sprintf("stage %q is moved, but environment %q is on it", stage, name))
		}
	}
	return lines
}

func (f Facts) stagesInUse(next *Pipeline) error {
	if lines := f.StagesInUse(next); len(lines) > 0 {
		return reject(fmt.Sprintf("pipeline %q cannot be changed like that", next.Name),
			"%s.\nDestroy these environments, or move them to another stage, first.", strings.Join(lines, ",\n"))
	}
	return nil
}

// RetirePipeline ends a pipeline. One that is gone already is fine.
type RetirePipeline struct{}

// Subjects implements Command.
func (RetirePipeline) Subjects() Subjects { return Subjects{} }

// Decide implements Command.
func (RetirePipeline) Decide(f Facts) ([]Event, error) {
	if f.Pipeline == nil {
		return nil, nil
	}
	if len(f.Sites) > 0 {
		return nil, reject(fmt.Sprintf("pipeline %q still has environments", f.Name),
			"Destroy them first: %s. Some may be managed by another root module.", strings.Join(f.siteNames(), ", "))
	}
	return []Event{PipelineRetired{}}, nil
}

// DeclareEnvironment creates an environment, or changes it if Update is set.
type DeclareEnvironment struct {
	Environment Environment
	Update      bool
	Planned     string // receipt of the declaration that an update was planned from; "": not checked
}

// Subjects implements Command.
func (c DeclareEnvironment) Subjects() Subjects {
	if c.Environment.Target.Address == "" {
		return Subjects{}
	}
	return Subjects{Addresses: []string{c.Environment.Target.Address}}
}

// Decide implements Command. The same declaration again is adopted.
func (c DeclareEnvironment) Decide(f Facts) ([]Event, error) {
	e := c.Environment
	if err := invalid(fmt.Sprintf("environment %q", f.Name+"/"+e.Name), e.Validate()); err != nil {
		return nil, err
	}
	p, err := f.pipeline()
	if err != nil {
		return nil, err
	}
	if p.Stage(e.Stage) == nil {
		return nil, reject(fmt.Sprintf("pipeline %q has no stage %q", f.Name, e.Stage), "Its stages are: %s.", strings.Join(stageNames(p), ", "))
	}
	site := f.Sites[e.Name]
	if site == nil || site.Target.Address != e.Target.Address { // environments declared before this rule can still be changed otherwise
		if other, place := Overlap(f.Claims, e.Target.Address, f.Name+"/"+e.Name); other != "" {
			return nil, TargetTaken(f.Name+"/"+e.Name, e.Target.Address, other, place)
		}
	}
	switch {
	case site == nil:
		return []Event{EnvironmentDeclared{Environment: e}}, nil
	case same(site.Environment, e):
		return nil, nil
	case !c.Update:
		return nil, alreadyDeclared("environment", f.Name+"/"+e.Name)
	}
	if refusal := staleDeclaration(fmt.Sprintf("environment %q", f.Name+"/"+e.Name), c.Planned, site.Receipt); refusal != nil {
		return nil, refusal
	}
	if err := f.mayBecome(site, &e); err != nil {
		return nil, err
	}
	return []Event{EnvironmentDeclared{Environment: e}}, nil
}

// mayBecome judges a change of a declared environment.
func (f Facts) mayBecome(site *Site, next *Environment) error {
	name := f.Name + "/" + site.Name
	moves := !same(site.Target, next.Target) || site.Stage != next.Stage || site.Lane != next.Lane
	if moves && f.occupied(site) {
		return f.refuseHeld(site)
	}
	if !site.Blank() && site.Stage != next.Stage {
		return reject(fmt.Sprintf("environment %q cannot move to stage %q", name, next.Stage),
			"It runs %s, which was tested for stage %q. Destroy its portal_release_deployment first, then move it.", site.describe(), site.Stage)
	}
	if !site.Blank() && !site.Target.sameAddress(next.Target) {
		return reject(fmt.Sprintf("environment %q cannot get another target", name),
			"It runs %s%s. Nothing was tested on the new target%s. Declare a second environment with the new target and deploy there, or destroy its portal_release_deployment first.%s",
			site.describe(), at(" at ", site.Target), at(", ", next.Target), site.Target.moved(next.Target))
	}
	return nil
}

func at(before string, t Target) string {
	if t.Address == "" {
		return ""
	}
	return before + t.Address
}

// moved says, if only the directory above a target's place differs, why that may be.
func (t Target) moved(next Target) string {
	if t.Address == "" || path.Base(t.Address) != path.Base(next.Address) {
		return ""
	}
	return " If you did not change its path: a relative path is below the working directory, which has changed."
}

func (s *Site) describe() string {
	there := s.InService()
	switch {
	case there == nil && s.Attempt.Open():
		return "an unfinished deployment of " + s.Attempt.Effective()
	case there == nil:
		return "nothing"
	case !there.Known():
		return "unknown content"
	case there.Release == "":
		return "what is no release"
	case s.Observed != nil:
		return there.Effective() + ", whose deployment did not succeed"
	}
	return there.Effective()
}

func stageNames(p *Pipeline) []string {
	names := make([]string, len(p.Stages))
	for i, s := range p.Stages {
		names[i] = s.Name
	}
	return names
}

// DeclareFreeze creates a freeze, or changes it if Update is set.
type DeclareFreeze struct {
	Freeze  Freeze
	Update  bool
	Planned string // receipt of the declaration that an update was planned from; "": not checked
}

// Subjects implements Command.
func (DeclareFreeze) Subjects() Subjects { return Subjects{} }

// Validate lists everything wrong with the declaration itself.
func (z *Freeze) Validate() []Problem {
	problems := ValidateName("name", z.Name)
	problems = append(problems, ValidateText("reason", z.Reason)...)
	if strings.TrimSpace(z.Reason) == "" {
		problems = append(problems, Problem{"reason", "is blank: say why, for those whom it stops"})
	}
	problems = append(problems, validateTime("starts_at", z.StartsAt)...)
	problems = append(problems, validateTime("ends_at", z.EndsAt)...)
	if !z.EndsAt.After(z.StartsAt) {
		problems = append(problems, Problem{"ends_at", "comes before starts_at, or is the same"})
	}
	return problems
}

// Decide implements Command. The same declaration again is adopted.
func (c DeclareFreeze) Decide(f Facts) ([]Event, error) {
	z := c.Freeze
	if err := invalid(fmt.Sprintf("freeze %q", f.Name+"/"+z.Name), z.Validate()); err != nil {
		return nil, err
	}
	p, err := f.pipeline()
	if err != nil {
		return nil, err
	}
	for _, stage := range z.Stages {
		if p.Stage(stage) == nil {
			return nil, reject(fmt.Sprintf("pipeline %q has no stage %q", f.Name, stage), "Its stages are: %s.", strings.Join(stageNames(p), ", "))
		}
	}
	if old := f.Freezes[z.Name]; old != nil {
		if SameFreeze(old.Freeze, z) {
			return nil, nil
		}
		if !c.Update {
			return nil, alreadyDeclared("freeze", f.Name+"/"+z.Name)
		}
		if refusal := staleDeclaration(fmt.Sprintf("freeze %q", f.Name+"/"+z.Name), c.Planned, old.Receipt); refusal != nil {
			return nil, refusal
		}
	}
	return []Event{FreezeDeclared{Freeze: z}}, nil
}

// RemoveFreeze ends a freeze. One that is gone already is fine.
type RemoveFreeze struct{ Name string }

// Subjects implements Command.
func (RemoveFreeze) Subjects() Subjects { return Subjects{} }

// Decide implements Command.
func (c RemoveFreeze) Decide(f Facts) ([]Event, error) {
	if f.Freezes[c.Name] == nil {
		return nil, nil
	}
	return []Event{FreezeRemoved{Freeze: c.Name}}, nil
}

// SameDeclaration reports whether two declarations of a pipeline mean the same.
func SameDeclaration(a, b Pipeline) bool { return same(a, b) }

// SamePolicy reports whether two emergency policies mean the same.
func SamePolicy(a, b EmergencyPolicy) bool { return same(a, b) }

// SameEnvironment reports whether two declarations of an environment mean the
// same.
func SameEnvironment(a, b Environment) bool { return same(a, b) }

// SameTarget reports whether two targets are the same.
func SameTarget(a, b Target) bool { return same(a, b) }

// SameRelease reports whether two declarations of a release are the same, with
// their sources and notes.
func SameRelease(a, b Release) bool { return same(a, b) }

// SameFreeze reports whether two declarations of a freeze mean the same.
func SameFreeze(a, b Freeze) bool {
	return a.Name == b.Name && a.StartsAt.Equal(b.StartsAt) && a.EndsAt.Equal(b.EndsAt) && a.Reason == b.Reason && sameSet(a.Stages, b.Stages)
}
