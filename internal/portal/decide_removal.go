package portal

import "fmt"

// StartRemoval starts the removal of everything from an environment. It is judged like a
// deployment: what runs there must no more be lost by accident than be replaced by accident.
type StartRemoval struct {
	Environment string
	// Planned is what the plan was made from, so that the removal is refused by stale-plan if
	// something else runs. Only the receipt counts: fixes in force change nothing in a removal.
	// nil: nothing was planned.
	Planned *Planned
}

// Subjects implements Command.
func (StartRemoval) Subjects() Subjects { return Subjects{} }

// Decide implements Command. It fails with a *RefusalError, with a *RejectionError if the
// environment is protected, or with *AbandonedError if an unfinished attempt must be recovered
// first. If nothing runs there is nothing to do.
func (c StartRemoval) Decide(f Facts) ([]Event, error) {
	site := f.Sites[c.Environment]
	if site == nil {
		return nil, nil
	}
	verdict := c.judge(f, site)
	if refusal := verdict.Refusal(); refusal != nil {
		return nil, refusal
	}
	if err := f.protected(site); err != nil {
		return nil, err
	}
	if f.Abandoned(c.Environment) != nil {
		return nil, abandoned(site)
	}
	if site.Running == nil && site.Intact() {
		return nil, nil
	}
	started := f.start(site, ModeRemove, "", nil)
	started.Warnings = verdict.warningLines()
	return []Event{started}, nil
}

// Verdict judges the removal by every rule that concerns it, for plans.
func (c StartRemoval) Verdict(f Facts) Verdict {
	site := f.Sites[c.Environment]
	if site == nil {
		return Verdict{Environment: c.Environment, Mode: ModeRemove}
	}
	return c.judge(f, site)
}

func (c StartRemoval) judge(f Facts, site *Site) Verdict {
	v := Verdict{
		subject:     fmt.Sprintf("what runs on %q may not be removed", site.Name),
		Environment: site.Name, Stage: site.Stage, Mode: ModeRemove,
	}
	q := f.removal(site)
	if site.Running != nil || !site.Intact() {
		v.gates = append(v.gates, q.graded(&freezeRule, judgeFreeze(q)))
	}
	v.gates = append(v.gates, q.graded(&heldRule, heldRule.Judge(q)))
	switch {
	case site.Behind:
		v.gates = append(v.gates, q.graded(&staleRule, []Finding{f.behind(site)}))
	case c.Planned != nil && site.InService() != nil: // if it is gone already, that is fine
		v.gates = append(v.gates, q.graded(&staleRule, c.stale(site)))
	}
	return v
}

// stale judges whether something else runs than what the removal was planned from. A deployment
// that has not succeeded since then does not count: Terraform keeps its older state of that
// environment, because it does not refresh what has left the configuration.
func (c StartRemoval) stale(site *Site) []Finding {
	planned := c.Planned.Receipt
	if site.Running != nil && planned == site.Running.Receipt {
		planned = site.serving()
	}
	found := staleSite(site, planned)
	for i := range found {
		found[i].Cure = "Plan again, with refresh, and read what it removes now: terraform apply -refresh-only shows what runs there."
	}
	return found
}

// removal is the question whether what runs on an environment may be removed.
func (f Facts) removal(site *Site) *question {
	q := &question{f: f, g: f.graph(), site: site, mode: ModeRemove, final: f.Pipeline.Final()}
	if q.stage, q.at = q.g.stage(site.Stage); q.stage == nil {
		q.stage = &Stage{Name: site.Stage} // of a pipeline that no longer has it
	}
	return q
}

// graded renders what was found of a rule by the level that the pipeline gives it.
func (q *question) graded(rule *ruleSpec, found []Finding) Gate {
	return q.f.graded(rule.gate(q, found))
}

// RemoveEnvironment ends an environment. One that is gone already is fine.
type RemoveEnvironment struct {
	Name    string
	Planned string // receipt of the declaration that the removal was planned from; "": not asked
	// Emptied says that its content may be removed first: a plan cannot know, and leaves it to the
	// transaction.
	Emptied bool
}

// Subjects implements Command.
func (RemoveEnvironment) Subjects() Subjects { return Subjects{} }

// Decide implements Command. It fails with a *RejectionError if the environment is protected or a
// release is in service there, or with a *RefusalError.
func (c RemoveEnvironment) Decide(f Facts) ([]Event, error) {
	site := f.Sites[c.Name]
	if site == nil {
		return nil, nil
	}
	if err := f.protected(site); err != nil {
		return nil, err
	}
	verdict := c.judge(f, site)
	if refusal := verdict.Refusal(); refusal != nil {
		return nil, refusal
	}
	if site.stays() && !c.Emptied {
		return nil, reject(fmt.Sprintf("environment %q still runs %s", f.Name+"/"+c.Name, site.Running.Effective()),
			"Without the environment the ledger would forget what runs there, and its evidence. Nothing was changed.\n"+
				"Destroy its portal_release_deployment first; it may be managed by another root module, or be left out of this one's state: "+
				"then import it, and destroy it.")
	}
	return append([]Event{EnvironmentRemoved{Environment: c.Name}}, f.reconciled(c.Name, "")...), nil
}

func (c RemoveEnvironment) judge(f Facts, site *Site) Verdict {
	v := Verdict{
		subject:     fmt.Sprintf("environment %q may not be removed", f.Name+"/"+site.Name),
		Environment: site.Name, Stage: site.Stage, Mode: ModeRemove,
	}
	q := f.removal(site)
	if site.Running != nil {
		v.gates = append(v.gates, q.graded(&freezeRule, judgeFreeze(q)))
	}
	v.gates = append(v.gates, q.graded(&heldRule, heldRule.Judge(q)))
	if refusal := staleDeclaration("", c.Planned, site.Receipt); refusal != nil {
		v.gates = append(v.gates, refusal.Verdict.gates...)
	}
	return v
}

// stays reports whether a regular deployment brought what runs here and nobody has tried to remove
// it. Leftovers of a fix go with the environment, and content that could not be removed because the
// target is gone must not keep the environment for ever.
func (s *Site) stays() bool {
	if s.Running == nil || s.FixLeftovers() {
		return false
	}
	return s.Attempt == nil || s.Attempt.Open() || s.Attempt.Mode != ModeRemove
}

// ReplaceEnvironment judges replacing an environment by one of another name,
// which Terraform does by destroying the one and creating the other.
type ReplaceEnvironment struct {
	RemoveEnvironment
	Unknown bool // the new name is not known yet
}

// Decide implements Command. It fails if anything runs there, so that it is never merely forgotten;
// otherwise it is the removal.
func (c ReplaceEnvironment) Decide(f Facts) ([]Event, error) {
	site := f.Sites[c.Name]
	if site == nil || site.Blank() {
		return c.RemoveEnvironment.Decide(f)
	}
	what, why := "renamed", "Terraform would destroy it and create one of another name"
	if c.Unknown {
		what, why = "replaced", "Its name or its pipeline is not known at plan, so Terraform would destroy it and create another one"
	}
	return nil, reject(fmt.Sprintf("environment %q cannot be %s while it runs %s", f.Name+"/"+c.Name, what, site.describe()),
		"%s, and what runs there would be taken out of service. Nothing was changed.\n"+
			"Declare the new environment beside this one, with another target, deploy there, then remove this one. "+
			"Or remove its portal_release_deployment first, in a separate run.", why)
}

func (f Facts) protected(site *Site) error {
	if !site.DeletionProtection {
		return nil
	}
	return reject(fmt.Sprintf("environment %q is protected", f.Name+"/"+site.Name),
		"It has deletion_protection = true. Set it to false and apply, then destroy.")
}
