package portal

import "strings"

// About is what an event is about, for searching the record.
type About struct {
	Environments []string
	Releases     []string // with the fixes applied on top of them, as "2.4.0+EF-1", and without
	Fixes        []string
}

// Reader follows a record from one entry to the next and says what each event is about. It must see
// them in order: the end of a deployment does not say which release it is of, its start does.
type Reader struct {
	attempts map[string]About // by key, of those that have not ended
}

// NewReader returns a reader of one pipeline's record.
func NewReader() *Reader { return &Reader{attempts: map[string]About{}} }

// About says what the next event is about.
func (r *Reader) About(event Event) About {
	switch e := event.(type) {
	case DeploymentStarted:
		about := About{Environments: []string{e.Environment}, Fixes: e.Fixes}
		about.addRelease(Effective(e.Release, e.Fixes))
		if e.Step != nil {
			about.Fixes = sortedSet(append([]string{e.Step.Fix}, e.Fixes...))
		}
		r.attempts[e.Key] = about
		return about
	case DeploymentRecovering:
		return r.ofAttempt(e.Key, e.Environment)
	case DeploymentEnded:
		defer delete(r.attempts, e.Key)
		return r.ofAttempt(e.Key, e.Environment)
	default:
		return aboutAlone(event)
	}
}

func (r *Reader) ofAttempt(key, environment string) About {
	if about, known := r.attempts[key]; known {
		return about
	}
	return About{Environments: []string{environment}}
}

// aboutAlone is what an event says by itself.
func aboutAlone(event Event) About {
	var about About
	switch e := event.(type) {
	case EnvironmentDeclared:
		about.addEnvironment(e.Environment.Name)
	case EnvironmentRemoved:
		about.addEnvironment(e.Environment)
	case ReleaseRegistered:
		about.addRelease(e.Release.Version)
		about.Fixes = e.Release.Incorporates
	case DeploymentRefused:
		about.addEnvironment(e.Environment)
		about.addRelease(e.Release)
		about.addFix(e.Fix)
	case LedgerRestored:
		for _, name := range sortedKeys(e.Epochs) {
			about.addEnvironment(name)
		}
		about.addFix(e.Fix)
	case TestRecorded:
		about.addEnvironment(e.Environment)
		about.addRelease(e.Release)
		about.addFix(e.Fix)
	case ApprovalRecorded:
		about.addRelease(e.Release)
	case ApprovalRevoked:
		about.addRelease(e.Release)
	default:
		about = aboutFix(event)
	}
	return about
}

func aboutFix(event Event) About {
	var about About
	switch e := event.(type) {
	case FixOpened:
		about = About{Environments: e.Plan.environments(), Fixes: []string{e.Fix.Name}}
	case FixAmended:
		about = About{Environments: e.Plan.environments(), Fixes: []string{e.Fix.Name}}
	case FixRestated:
		about.addFix(e.Fix)
	case FixStepStarted:
		about = aboutStep(e.FixStep, e.Environment, e.Release)
	case FixStepEnded:
		about = aboutStep(e.FixStep, e.Environment, e.Release)
	case FixFinished:
		about.addFix(e.Fix)
	case FixReconciled:
		about.addFix(e.Fix)
		about.addRelease(e.Release)
	case FixReviewed:
		about.addFix(e.Fix)
	case FixWithdrawing:
		about.addFix(e.Fix)
		for _, step := range e.Steps {
			about.addEnvironment(step.Environment)
		}
		about.Environments = sortedSet(about.Environments)
	case FixWithdrawn:
		about.addFix(e.Fix)
	default: // what is about none of these
	}
	return about
}

func aboutStep(step FixStep, environment, release string) About {
	about := About{Environments: []string{environment}, Fixes: []string{step.Fix}}
	about.addRelease(release)
	return about
}

func (a *About) addEnvironment(name string) {
	if name != "" {
		a.Environments = append(a.Environments, name)
	}
}

func (a *About) addFix(name string) {
	if name != "" {
		a.Fixes = append(a.Fixes, name)
	}
}

// addRelease adds an effective version, and the release that it is of.
func (a *About) addRelease(effective string) {
	if effective == "" {
		return
	}
	a.Releases = append(a.Releases, effective)
	if release, _, fixed := strings.Cut(effective, "+"); fixed {
		a.Releases = append(a.Releases, release)
	}
}
