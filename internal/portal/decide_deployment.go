package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrSuperseded says that a newer attempt has taken the environment over: the caller's work there
// no longer counts.
var ErrSuperseded = errors.New("a newer attempt has taken the environment over")

// AbandonedError says that an attempt at the environment was started, has not ended, and has no
// holder. It must be recovered first.
type AbandonedError struct {
	Environment string
	Attempt     Attempt
	Running     string // receipt of what was in service before it; "" if nothing was
}

func abandoned(site *Site) *AbandonedError {
	return &AbandonedError{Environment: site.Name, Attempt: *site.Attempt, Running: site.serving()}
}

func (a *AbandonedError) Error() string {
	return fmt.Sprintf("environment %q has an unfinished deployment of %s, begun by %s at %s",
		a.Environment, a.Attempt.Effective(), a.Attempt.By, FormatTime(a.Attempt.StartedAt))
}

// AttemptKey names an attempt: the same request has the same key, on any machine, until an attempt
// has ended.
func AttemptKey(ledger, pipeline, environment, release, digest string, generation int64) string {
	h := sha256.New()
	for _, field := range []string{"attempt/v1", ledger, pipeline, environment, release, digest, fmt.Sprint(generation)} {
		writeField(h, field)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// StartDeployment starts a deployment, after judging it once more.
type StartDeployment struct{ Deploy }

// Decide implements Command. It fails with a *RefusalError, with *AbandonedError if an unfinished
// attempt must be recovered first, or with a *RejectionError.
func (c StartDeployment) Decide(f Facts) ([]Event, error) {
	proposal, err := f.Propose(c.Deploy)
	if err != nil {
		return nil, err
	}
	if refusal := proposal.Verdict.Refusal(); refusal != nil {
		return nil, refusal
	}
	if f.Abandoned(c.Environment) != nil {
		return nil, abandoned(f.Sites[c.Environment])
	}
	started := f.start(proposal.Site, proposal.Mode, proposal.Effective(), proposal.To)
	started.Release, started.Fixes, started.Redeploy = c.Release, proposal.Fixes, c.Redeploy
	started.Warnings = proposal.Verdict.warningLines()
	return []Event{started}, nil
}

func (f Facts) start(site *Site, mode Mode, effective string, to Content) DeploymentStarted {
	digest := to.Digest()
	return DeploymentStarted{
		Environment: site.Name, Mode: mode, Content: to, Digest: digest, FromDigest: digestOf(site.InService()),
		Changes: DescribeChanges(site.Content(), to),
		Key:     AttemptKey(f.Ledger, f.Name, site.Name, effective, digest, site.Generation),
		Epoch:   site.Epoch + 1,
	}
}

// TakeOver takes over an attempt whose holder is gone, so that it can be
// recovered.
type TakeOver struct{ Environment string }

// Subjects implements Command.
func (TakeOver) Subjects() Subjects { return Subjects{} }

// Decide implements Command. If nothing is abandoned there is nothing to do.
func (c TakeOver) Decide(f Facts) ([]Event, error) {
	site, err := f.site(c.Environment)
	if err != nil {
		return nil, err
	}
	if f.held(site) != nil {
		return nil, f.refuseAttempt(site)
	}
	if !site.Attempt.Open() {
		return nil, nil
	}
	return []Event{DeploymentRecovering{Environment: c.Environment, Key: site.Attempt.Key, Epoch: site.Epoch + 1}}, nil
}

// CheckResult is the outcome of one of the environment's checks.
type CheckResult struct {
	Name    string
	Passed  bool
	Summary string
	Took    time.Duration
}

// EndDeployment says how an attempt ended, with the results of its checks.
type EndDeployment struct {
	Environment string
	Epoch       int64
	Outcome     Outcome
	Detail      string
	Untouched   bool
	Took        time.Duration
	Checks      []CheckResult
	// Behind says that the target has seen a newer deployment than the ledger knows of and has
	// refused this one.
	Behind bool
	// Observed is what the target runs now, if the attempt touched it and did not succeed; Found is
	// its content if Observed is ObservedOther.
	Observed Observed
	Found    Content
}

// Subjects implements Command.
func (EndDeployment) Subjects() Subjects { return Subjects{} }

// Decide implements Command. It fails with ErrSuperseded if a newer attempt has taken over.
func (c EndDeployment) Decide(f Facts) ([]Event, error) {
	site := f.Sites[c.Environment]
	if site == nil || !site.Attempt.Open() || site.Attempt.Epoch != c.Epoch {
		return nil, ErrSuperseded
	}
	switch c.Outcome {
	case Succeeded, Failed, Interrupted, Unknown:
	default:
		return nil, fmt.Errorf("a deployment to %q ended with outcome %q, which is none: a defect of the provider", c.Environment, c.Outcome)
	}
	attempt := site.Attempt
	var fix string
	if attempt.Step != nil {
		fix = attempt.Step.Fix
	}
	var events []Event
	for _, check := range c.Checks {
		if attempt.Empties() {
			break // no release that a result could count for
		}
		events = append(events, TestRecorded{
			Environment: c.Environment, Release: attempt.Release, Fix: fix, Digest: attempt.Digest, Suite: check.Name,
			Passed: check.Passed, Summary: check.Summary, Check: true, Took: check.Took,
		})
	}
	ended := DeploymentEnded{
		Environment: c.Environment, Key: attempt.Key, Epoch: c.Epoch, Outcome: c.Outcome,
		Detail: c.Detail, Untouched: c.Untouched, Took: c.Took, Behind: c.Behind,
	}
	if c.Outcome != Succeeded && !c.Untouched { // else what it runs is known already
		ended.Observed = c.Observed
		if c.Observed == ObservedOther {
			ended.Found = c.Found
		}
	}
	events = append(events, ended)
	if c.Outcome == Succeeded {
		events = append(events, f.reconciled(c.Environment, attempt.Release)...)
	}
	if x := f.Fixes[fix]; x != nil && x.Active() && x.ref() == *attempt.Step {
		ended := x.ended(x.Plan.Steps[x.Done], c.Outcome, c.Detail)
		events = append(events, ended)
	}
	return events, nil
}

// RecordRefusal records why the transaction that was to start a deployment refused it.
type RecordRefusal struct {
	Environment string
	Release     string
	Fix         string
	Refusal     *RefusalError
}

// Subjects implements Command.
func (RecordRefusal) Subjects() Subjects { return Subjects{} }

// Decide implements Command.
func (c RecordRefusal) Decide(Facts) ([]Event, error) {
	event := DeploymentRefused{Environment: c.Environment, Release: c.Release, Fix: c.Fix, Rules: c.Refusal.Rules()}
	for _, gate := range c.Refusal.Verdict.Broken() {
		event.Verdict = append(event.Verdict, fmt.Sprintf("%s: %s", gate.Rule, gate.Detail))
	}
	for _, report := range c.Refusal.Verdict.History() {
		event.Verdict = append(event.Verdict, strings.TrimSpace(report.Stage+": "+report.Text))
	}
	return []Event{event}, nil
}
