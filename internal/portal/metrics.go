package portal

import (
	"slices"
	"strings"
	"time"
)

// Metrics sums up how a pipeline delivers, from its entries since some point in time. Four of its
// figures follow DORA's four keys (https://dora.dev/guides/dora-metrics-four-keys/), as far as a
// record of deployments allows: it sees releases and not commits, emergency fixes and not
// incidents.
//
// A deployment, or a fix, counts if it began since then, so that everything about it is among the
// entries.
type Metrics struct {
	finals   map[string]bool              // the regular environments of the final stage, as they are now
	open     map[string]DeploymentStarted // by environment
	runs     map[string]string            // environment -> release, as far as is known
	brought  map[string]*brought          // environment/release -> its newest deployment
	all      []*brought
	arrivals map[string]Time // release -> its first success on the final stage
	fixes    map[string]*measuredFix
	waited   time.Duration
}

// brought is a deployment that brought a release to the final stage, or failed
// to.
type brought struct {
	succeeded bool
	remedied  bool // it was rolled back, or needed an emergency fix
}

// measuredFix is an emergency fix that was opened since then.
type measuredFix struct {
	opened   Time
	restored Time // the success of its first target
	targets  map[string]bool
	bypassed []Rule
}

// Figures are the results of Metrics. A figure is nil if there was nothing to measure.
type Figures struct {
	// Deployments is the number of deployments of a release to an environment of the final stage:
	// entries and deliberate redeployments, not rollbacks, repairs, removals or steps of a fix.
	Deployments int
	// LeadTime is the median time from a release's registration to its first
	// success on the final stage.
	LeadTime *time.Duration
	// ChangeFailureRate is the share of such deployments that failed, were rolled back, or needed
	// an emergency fix on that environment, from 0 to 1. Deployments that failed without touching
	// the environment, and interrupted ones, do not count.
	ChangeFailureRate *float64
	// TimeToRestore is the median time from the opening of an emergency fix to
	// its success on its first target.
	TimeToRestore *time.Duration

	Fixes       int           // emergency fixes opened
	Bypasses    map[Rule]int  // how many of them bypassed a rule
	Interrupted time.Duration // how long releases under test have waited for fixes, until they went on

	Open    int // what fixes owe now, of any age
	Overdue int // of that, what is past its date
}

// NewMetrics returns metrics of a pipeline without any entries yet.
func NewMetrics(s *State) *Metrics {
	m := &Metrics{
		finals: map[string]bool{}, open: map[string]DeploymentStarted{}, runs: map[string]string{}, brought: map[string]*brought{},
		arrivals: map[string]Time{}, fixes: map[string]*measuredFix{},
	}
	if s.Pipeline != nil {
		for _, site := range s.OnStage(s.Pipeline.Final().Name, LaneRegular) {
			m.finals[site.Name] = true
		}
	}
	return m
}

// Add adds the next entry.
func (m *Metrics) Add(event Event, meta Meta) {
	switch e := event.(type) {
	case DeploymentStarted:
		if m.finals[e.Environment] {
			m.open[e.Environment] = e
		}
	case DeploymentEnded:
		if started, seen := m.open[e.Environment]; seen && started.Key == e.Key {
			delete(m.open, e.Environment)
			m.deployed(&started, &e, meta.At)
		}
	case EnvironmentRemoved:
		delete(m.runs, e.Environment)
	case FixOpened:
		m.fixes[e.Fix.Name] = &measuredFix{opened: meta.At}
		m.fixes[e.Fix.Name].plan(&e.Plan)
	case FixAmended:
		if x := m.fixes[e.Fix.Name]; x != nil {
			x.plan(&e.Plan)
		}
	case FixStepEnded:
		m.waited += e.Waited
		if e.Action == StepDeploy && e.Outcome == Succeeded {
			m.fixed(&e, meta.At)
		}
	default: // not measured
	}
}

func (x *measuredFix) plan(p *FixPlan) {
	x.targets, x.bypassed = map[string]bool{}, nil
	for _, target := range p.Targets {
		x.targets[target.Environment] = true
	}
	for _, row := range p.Bypassed {
		if row.Counts() {
			x.bypassed = append(x.bypassed, row.Rule)
		}
	}
	x.bypassed = sortedSet(x.bypassed)
}

// deployed counts a deployment to the final stage that has ended.
func (m *Metrics) deployed(started *DeploymentStarted, ended *DeploymentEnded, at Time) {
	succeeded := ended.Outcome == Succeeded
	if started.Mode == ModeRollback && succeeded {
		if b := m.brought[started.Environment+"/"+m.runs[started.Environment]]; b != nil {
			b.remedied = true
		}
	}
	if succeeded {
		m.runs[started.Environment] = started.Release
	}
	if (started.Mode != ModeEnter && started.Mode != ModeRedeploy) || ended.Outcome == Interrupted || (!succeeded && ended.Untouched) {
		return
	}
	b := &brought{succeeded: succeeded}
	m.all = append(m.all, b)
	if !succeeded {
		return
	}
	m.brought[started.Environment+"/"+started.Release] = b
	if _, before := m.arrivals[started.Release]; !before && started.Mode == ModeEnter {
		m.arrivals[started.Release] = at
	}
}

// fixed notes that an environment has got a fix.
func (m *Metrics) fixed(e *FixStepEnded, at Time) {
	if x := m.fixes[e.Fix]; x != nil && x.targets[e.Environment] && x.restored.IsZero() {
		x.restored = at
	}
	release, _, _ := strings.Cut(e.Release, "+")
	if b := m.brought[e.Environment+"/"+release]; b != nil {
		b.remedied = true
	}
}

// Arrived lists the releases that Figures must know.
func (m *Metrics) Arrived() []string { return sortedKeys(m.arrivals) }

// Figures returns the figures so far, and what fixes owe now.
func (m *Metrics) Figures(f Facts) Figures {
	figures := Figures{Fixes: len(m.fixes), Bypasses: map[Rule]int{}, Interrupted: m.waited}
	failed := 0
	for _, b := range m.all {
		if b.succeeded {
			figures.Deployments++
		}
		if !b.succeeded || b.remedied {
			failed++
		}
	}
	if len(m.all) > 0 {
		rate := float64(failed) / float64(len(m.all))
		figures.ChangeFailureRate = &rate
	}
	var leads, repairs []time.Duration
	for release, at := range m.arrivals {
		if dossier := f.Release(release); dossier != nil {
			leads = append(leads, at.Sub(dossier.Registered))
		}
	}
	for _, x := range m.fixes {
		if !x.restored.IsZero() {
			repairs = append(repairs, x.restored.Sub(x.opened))
		}
		for _, rule := range x.bypassed {
			figures.Bypasses[rule]++
		}
	}
	figures.LeadTime, figures.TimeToRestore = median(leads), median(repairs)
	for _, debt := range f.Debts() {
		figures.Open += len(debt.Owed)
		for _, owed := range debt.Owed {
			if !owed.Due.IsZero() && !f.clock().Before(owed.Due) {
				figures.Overdue++
			}
		}
	}
	return figures
}

// median is the middle one, or the mean of the two in the middle; nil if there are none.
func median(durations []time.Duration) *time.Duration {
	if len(durations) == 0 {
		return nil
	}
	slices.Sort(durations)
	middle := durations[len(durations)/2]
	if len(durations)%2 == 0 {
		below := durations[len(durations)/2-1]
		middle = below + (middle-below)/2
	}
	return &middle
}
