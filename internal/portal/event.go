package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Time is a point in time. The domain is given it; it never reads a clock.
type Time = time.Time

// Actor is who does something, and in which pipeline run.
type Actor struct {
	Name string `json:"name,omitempty"`
	Run  string `json:"run,omitempty"` // the address of the CI run
}

// String is for messages: "jane@example.com (https://ci.example/1234)".
func (a Actor) String() string {
	if a.Run == "" {
		return a.Name
	}
	return a.Name + " (" + a.Run + ")"
}

// Meta is what the ledger adds to an event when it is recorded.
type Meta struct {
	Number int64 // of the entry in its pipeline's record, from 1
	At     Time
	By     Actor
	Hash   string // sha256 over the entry's exact bytes, in hexadecimal
}

// Receipt identifies the entry for good: "<number>:<sha256>".
func (m Meta) Receipt() string { return fmt.Sprintf("%d:%s", m.Number, m.Hash) }

// Event is something that happened.
//
//sumtype:decl
type Event interface {
	// Kind is how it is recorded.
	Kind() string
	event()
}

// PipelineDeclared creates or changes the pipeline.
type PipelineDeclared struct {
	Pipeline Pipeline `json:"pipeline"`
}

// PipelineRetired ends the pipeline; its record stays.
type PipelineRetired struct{}

// EnvironmentDeclared creates or changes an environment.
type EnvironmentDeclared struct {
	Environment Environment `json:"environment"`
}

// EnvironmentRemoved ends an environment.
type EnvironmentRemoved struct {
	Environment string `json:"environment"`
}

// ReleaseRegistered registers a release, or gives a registered one new sources
// and notes.
type ReleaseRegistered struct {
	Release Release `json:"release"`
}

// FreezeDeclared creates or changes a freeze.
type FreezeDeclared struct {
	Freeze Freeze `json:"freeze"`
}

// FreezeRemoved ends a freeze.
type FreezeRemoved struct {
	Freeze string `json:"freeze"`
}

// DeploymentStarted is written before the target is touched.
type DeploymentStarted struct {
	Environment string   `json:"environment"`
	Key         string   `json:"key"`
	Mode        Mode     `json:"mode"`
	Release     string   `json:"release,omitempty"`
	Fixes       []string `json:"fixes,omitempty"`
	Content     Content  `json:"content,omitempty"`
	Digest      string   `json:"digest"`
	FromDigest  string   `json:"from_digest"`
	Redeploy    string   `json:"redeploy,omitempty"`
	Changes     []string `json:"changes,omitempty"`
	Epoch       int64    `json:"epoch"`
	Step        *FixStep `json:"step,omitempty"`     // of the emergency fix that it belongs to
	Warnings    []string `json:"warnings,omitempty"` // broken rules that the pipeline only warns about
}

// DeploymentRecovering takes over an attempt whose holder is gone.
type DeploymentRecovering struct {
	Environment string `json:"environment"`
	Key         string `json:"key"`
	Epoch       int64  `json:"epoch"`
}

// DeploymentEnded is written when the target has been touched and observed.
type DeploymentEnded struct {
	Environment string        `json:"environment"`
	Key         string        `json:"key"`
	Epoch       int64         `json:"epoch"`
	Outcome     Outcome       `json:"outcome"`
	Detail      string        `json:"detail,omitempty"`
	Untouched   bool          `json:"untouched,omitempty"` // it still runs what it ran before
	Took        time.Duration `json:"took,omitempty"`      // nanoseconds, as measured by the process that did it
	Behind      bool          `json:"behind,omitempty"`    // the target has seen a newer deployment than the ledger knows of
	// Observed is what the target runs after an attempt that touched it and did not succeed, and
	// Found its content if that is neither the old nor the new one. Entries of earlier builds have
	// neither.
	Observed Observed `json:"observed,omitempty"`
	Found    Content  `json:"found,omitempty"`
}

// DeploymentRefused records why the transaction that was to start a deployment refused it.
type DeploymentRefused struct {
	Environment string   `json:"environment,omitempty"`
	Release     string   `json:"release,omitempty"`
	Fix         string   `json:"fix,omitempty"` // if an emergency fix was refused
	Rules       []Rule   `json:"rules"`
	Verdict     []string `json:"verdict"`
}

// LedgerRestored says that the ledger was restored from a backup and is older than its targets: the
// next deployment to each of these environments starts from its epoch here, which is above what the
// target has seen.
type LedgerRestored struct {
	Reason string           `json:"reason"`
	Fix    string           `json:"fix,omitempty"` // if an emergency fix found it out and went on
	Epochs map[string]int64 `json:"epochs"`        // by environment
}

// ClockMended says that earlier entries with a later time were recorded while a clock was ahead.
// They count as recorded at this entry's time: see Corrected.
type ClockMended struct {
	Reason string `json:"reason"`
	Newest Time   `json:"newest"` // of the newest entry before it
}

// TestRecorded is one result of a suite.
type TestRecorded struct {
	Environment  string        `json:"environment"`
	Release      string        `json:"release"`
	Fix          string        `json:"fix,omitempty"` // if the result is about an emergency fix
	Digest       string        `json:"digest"`        // of the tested content
	Suite        string        `json:"suite"`
	Passed       bool          `json:"passed"`
	Tests        int           `json:"tests,omitempty"` // how many ran
	Failures     int           `json:"failures,omitempty"`
	Skipped      int           `json:"skipped,omitempty"`
	ReportSHA256 string        `json:"report_sha256,omitempty"`
	ReportDated  bool          `json:"report_dated,omitempty"` // the report contains a time: no other run writes the same bytes
	RunnerExit   *int          `json:"runner_exit,omitempty"`  // the runner's exit status
	ReportURL    string        `json:"report_url,omitempty"`
	Summary      string        `json:"summary,omitempty"`
	RunID        string        `json:"run_id,omitempty"`
	Walk         string        `json:"walk,omitempty"`  // the Terraform walk that recorded it
	Check        bool          `json:"check,omitempty"` // run by the provider after a deployment
	Took         time.Duration `json:"took,omitempty"`
}

// ApprovalRecorded records that one person lets a release leave a stage.
type ApprovalRecorded struct {
	Release   string `json:"release"`
	Stage     string `json:"stage"`
	Approver  string `json:"approver"`
	Comment   string `json:"comment,omitempty"`
	Statement string `json:"statement"`
	Signature string `json:"signature,omitempty"`
	// Digest is that of the approved content, and Fixes the emergency fixes in it. Older entries
	// have neither: they are for the release's own content.
	Digest string   `json:"digest,omitempty"`
	Fixes  []string `json:"fixes,omitempty"`
}

// ApprovalRevoked withdraws what one person has approved of a release leaving a stage.
type ApprovalRevoked struct {
	Release  string `json:"release"`
	Stage    string `json:"stage"`
	Approver string `json:"approver"`
	Reason   string `json:"reason"`
}

// The kinds as they are recorded.

func (PipelineDeclared) Kind() string     { return "pipeline.declared" }
func (PipelineRetired) Kind() string      { return "pipeline.retired" }
func (EnvironmentDeclared) Kind() string  { return "environment.declared" }
func (EnvironmentRemoved) Kind() string   { return "environment.removed" }
func (ReleaseRegistered) Kind() string    { return "release.registered" }
func (FreezeDeclared) Kind() string       { return "freeze.declared" }
func (FreezeRemoved) Kind() string        { return "freeze.removed" }
func (DeploymentStarted) Kind() string    { return "deployment.started" }
func (DeploymentRecovering) Kind() string { return "deployment.recovering" }
func (DeploymentEnded) Kind() string      { return "deployment.ended" }
func (DeploymentRefused) Kind() string    { return "deployment.refused" }
func (LedgerRestored) Kind() string       { return "ledger.restored" }
func (ClockMended) Kind() string          { return "clock.mended" }
func (TestRecorded) Kind() string         { return "test.recorded" }
func (ApprovalRecorded) Kind() string     { return "approval.recorded" }
func (ApprovalRevoked) Kind() string      { return "approval.revoked" }

// DecodeEvent reads the body of an entry of that kind.
func DecodeEvent(kind string, body []byte) (Event, error) {
	decode, known := decoders[kind]
	if !known {
		return nil, fmt.Errorf("an entry of kind %q: this version of the provider does not know it; use the version that wrote it, or a newer one", kind)
	}
	return decode(body)
}

// KnownEvent reports whether entries of that kind can be read.
func KnownEvent(kind string) bool { return decoders[kind] != nil }

// EventKinds lists every kind of event, in order.
func EventKinds() []string { return sortedKeys(decoders) }

var (
	decoders = map[string]func([]byte) (Event, error){}
	strict   = map[string]func([]byte) error{} // fail if a field is not read
)

func init() {
	register[PipelineDeclared]()
	register[PipelineRetired]()
	register[EnvironmentDeclared]()
	register[EnvironmentRemoved]()
	register[ReleaseRegistered]()
	register[FreezeDeclared]()
	register[FreezeRemoved]()
	register[DeploymentStarted]()
	register[DeploymentRecovering]()
	register[DeploymentEnded]()
	register[DeploymentRefused]()
	register[LedgerRestored]()
	register[ClockMended]()
	register[TestRecorded]()
	register[ApprovalRecorded]()
	register[ApprovalRevoked]()
}

func register[E Event]() {
	var zero E
	decoders[zero.Kind()] = func(body []byte) (Event, error) {
		var event E
		err := json.Unmarshal(body, &event)
		return event, err
	}
	strict[zero.Kind()] = func(body []byte) error {
		var event E
		return decodeAll(body, &event)
	}
}

// decodeAll decodes JSON and fails if a field is not read.
func decodeAll(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
