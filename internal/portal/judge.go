package portal

import (
	"fmt"
	"slices"
)

// question is what the rules judge: may this content go to this environment?
type question struct {
	f     Facts
	g     *graph
	line  *Line // of the release; nil for an emergency fix
	site  *Site
	stage *Stage
	at    int // its place in the pipeline
	final *Stage
	mode  Mode

	release  string
	dossier  *RegisteredRelease
	noBase   error // why the content is not known
	to       Content
	fixes    []string // of the content
	carried  Carried
	redeploy string
	planned  *Planned

	fix  *FixState // whose step it is; nil: not a step
	step *Step

	h      *history // what the stages before say
	asked  []stageReport
	beside *Site // proves the content instead of the stages before
	found  []ruling
}

// ruling is the finding about one rule.
type ruling struct {
	rule  int
	found []Finding
}

// judge asks every rule that concerns the question. Rules of the history are only asked whether
// they are broken: how is worked out when it is read.
func (q *question) judge() Verdict {
	v := Verdict{Environment: q.site.Name, Stage: q.stage.Name, Release: q.release, Mode: q.mode, judgement: q}
	var open ruleSet
	if q.arrives() {
		q.makeHistory()
		open = q.h.openBefore(q.at)
		if q.stage == q.final && q.h.accepts.exact != exactNowhere {
			q.beside = q.provenBeside()
		}
		if q.beside != nil {
			open = 0
		}
	}
	for i, rule := range rulebook {
		if rule.Applies != nil && !rule.Applies(q) {
			continue
		}
		v.judged |= 1 << i
		broken := open.has(i)
		if rule.AtStage == nil {
			found := rule.Judge(q)
			if broken = len(found) > 0; broken {
				q.found = append(q.found, ruling{i, found})
			}
		}
		if !broken {
			continue
		}
		v.broken |= 1 << i
		switch {
		case q.g.levels[i] == LevelOff:
			v.off |= 1 << i
		case q.g.levels[i] == LevelWarn, q.onlyWarns(rule):
			v.warned |= 1 << i
		}
	}
	return v
}

// onlyWarns reports whether a broken rule does not refuse: content that was proven here may always
// come back.
func (q *question) onlyWarns(rule *ruleSpec) bool {
	switch rule.ID {
	case FreezeInForce:
		return q.mode == ModeRollback || q.mode == ModeRepair
	case RepresentativeTest:
		return true
	}
	return false
}

// arrives reports whether the content must be proven on the stages before: a release that enters
// the environment, and one that carries a new fix to the final stage by redeploy, where everything
// must have been tested exactly as it is. The steps of a fix are judged like entries, too.
func (q *question) arrives() bool {
	return q.mode == ModeEnter || q.mode == ModeFix ||
		(q.mode == ModeRedeploy && q.stage == q.final && !q.to.Equal(q.site.succeeded()))
}

// makeHistory prepares what the stages before are asked with. Equal questions of one line share it.
func (q *question) makeHistory() {
	if q.h != nil {
		return
	}
	if q.fix != nil {
		q.h = q.f.newHistory(q.g, q.release, acceptance{exact: exactEverywhere, digest: q.to.Digest()})
		return
	}
	accepts := acceptance{fixes: q.fixes}
	if q.stage == q.final {
		accepts.exact, accepts.digest = exactOnTheLast, q.to.Digest()
	}
	for _, h := range q.line.histories {
		if h.accepts.exact == accepts.exact && h.accepts.digest == accepts.digest && slices.Equal(h.accepts.fixes, accepts.fixes) {
			q.h = h
			return
		}
	}
	q.h = q.f.newHistory(q.g, q.release, accepts)
	q.line.histories = append(q.line.histories, q.h)
}

// reports are what the stages before say, in the pipeline's order.
func (q *question) reports() []stageReport {
	if q.asked == nil {
		q.makeHistory()
		q.asked = q.h.reports(q.at)
	}
	return q.asked
}

// gate renders the finding about one rule.
func (q *question) gate(i int, v *Verdict) Gate {
	rule := rulebook[i]
	var gate Gate
	switch {
	case rule.AtStage != nil && q.beside != nil:
		gate = rule.gate(q, nil)
		gate.Detail = fmt.Sprintf("Environment %q runs exactly this, and is on the same stage.", q.beside.Name)
	case !v.broken.has(i):
		gate = rule.gate(q, nil)
	case rule.AtStage != nil:
		gate = rule.gate(q, rule.Judge(q))
	default:
		at := slices.IndexFunc(q.found, func(r ruling) bool { return r.rule == i })
		gate = rule.gate(q, q.found[at].found)
	}
	switch {
	case v.off.has(i):
		gate.Status = Off
	case v.warned.has(i):
		gate.Status = Warned
	}
	return gate
}

// subject is the beginning of a refusal, without the rule.
func (q *question) subject() string {
	effective := Effective(q.release, q.fixes)
	switch q.mode {
	case ModeRollback:
		return fmt.Sprintf("%q may not be rolled back to release %s", q.site.Name, effective)
	case ModeRedeploy, ModeRepair:
		return fmt.Sprintf("release %s may not be deployed to %q again", effective, q.site.Name)
	}
	return fmt.Sprintf("release %s may not enter %q", effective, q.site.Name)
}

// graded completes a gate by the pipeline's level of its rule.
func (f Facts) graded(gate Gate) Gate {
	if gate.Status == Refused {
		switch f.Pipeline.Level(gate.Rule) {
		case LevelWarn:
			gate.Status = Warned
		case LevelOff:
			gate.Status = Off
		}
	}
	return gate
}
