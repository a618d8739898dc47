package portal

import (
	"encoding/json"
	"fmt"
	"time"
)

// Lane says what an environment is for.
type Lane string

// The lanes.
const (
	LaneRegular   Lane = "regular"   // releases pass through it; the default
	LaneEmergency Lane = "emergency" // a duplicate kept for emergency fixes
)

// Target is the place where an environment's content is deployed. The domain does not look into it.
type Target struct {
	Kind    string          `json:"kind"`
	Address string          `json:"address,omitempty"` // of which a ledger may have one owner only; "" if it is not known
	Config  json.RawMessage `json:"config"`
	// Credential is the name of a credential of the process that deploys; the credential itself is
	// recorded nowhere.
	Credential string `json:"credential,omitempty"`
}

// sameAddress reports whether two targets are the same place, as far as is known: how it is
// accessed may differ.
func (t Target) sameAddress(other Target) bool {
	return t.Kind == other.Kind && t.Address == other.Address
}

// Check is run after each deployment; its outcome is a test result for the
// suite of its name.
type Check struct {
	Name    string        `json:"name"`
	Command []string      `json:"command,omitempty"` // argv; exactly one of Command and HTTP
	HTTP    string        `json:"http,omitempty"`    // a URL, requested until it passes or times out
	Timeout time.Duration `json:"timeout,omitempty"` // 0: the default of one minute
	// What a response to HTTP needs to pass.
	Status          []int  `json:"status,omitempty"` // one of these; none: 200 to 299
	Contains        string `json:"contains,omitempty"`
	FollowRedirects bool   `json:"follow_redirects,omitempty"` // otherwise a redirect is a response
}

// Environment is a declared environment.
type Environment struct {
	Name               string            `json:"name"`
	Stage              string            `json:"stage"`
	Lane               Lane              `json:"lane,omitempty"`
	Installed          map[string]string `json:"installed,omitempty"`
	Target             Target            `json:"target"`
	Checks             []Check           `json:"checks,omitempty"`
	DeletionProtection bool              `json:"deletion_protection,omitempty"`
}

// Validate lists everything wrong with the declaration itself.
func (e *Environment) Validate() []Problem {
	problems := ValidateName("name", e.Name)
	if e.Lane != LaneRegular && e.Lane != LaneEmergency {
		problems = append(problems, Problem{"lane", fmt.Sprintf("%q is not a lane: write \"regular\" or \"emergency\"", e.Lane)})
	}
	for _, name := range sortedKeys(e.Installed) {
		problems = append(problems, ValidateComponentName("installed", name)...)
		problems = append(problems, about(fmt.Sprintf("%q: the version", name), ValidateLine("installed", e.Installed[name]))...)
		problems = append(problems, validateInstalled("installed", name, e.Installed[name])...)
	}
	seen := map[string]bool{}
	for _, check := range e.Checks {
		problems = append(problems, validateSuite("checks", check.Name)...)
		if seen[check.Name] {
			problems = append(problems, Problem{"checks", fmt.Sprintf("check %q is there twice", check.Name)})
		}
		seen[check.Name] = true
		if check.HTTP != "" {
			problems = append(problems, validateHTTP("checks", fmt.Sprintf("check %q", check.Name), check.HTTP)...)
		}
		if (len(check.Command) == 0) == (check.HTTP == "") {
			problems = append(problems, Problem{"checks", fmt.Sprintf("check %q: give exactly one of command and http", check.Name)})
		}
		problems = append(problems, check.validateAnswer()...)
	}
	return problems
}

// validateAnswer checks the responses that an http check expects.
func (c *Check) validateAnswer() []Problem {
	problem := func(format string, args ...any) []Problem {
		return []Problem{{"checks", fmt.Sprintf("check %q: ", c.Name) + fmt.Sprintf(format, args...)}}
	}
	if c.HTTP == "" {
		if len(c.Status) > 0 || c.Contains != "" || c.FollowRedirects {
			return problem("status, contains and follow_redirects need http")
		}
		return nil
	}
	for _, status := range c.Status {
		if status < 200 || status > 599 {
			return problem("status has %d, which is not an HTTP status: write numbers from 200 to 599", status)
		}
	}
	return ValidateLine("checks", c.Contains)
}

// Mode says what kind of deployment it is, and so which rules judge it.
type Mode string

// The modes.
const (
	ModeEnter    Mode = "enter"    // a release enters the environment: every rule
	ModeRollback Mode = "rollback" // back to what succeeded here: what was proven then holds
	ModeRedeploy Mode = "redeploy" // the same release again, on purpose
	ModeRepair   Mode = "repair"   // exactly the recorded content again
	ModeRemove   Mode = "remove"   // nothing will run here any more
	ModeFix      Mode = "fix"      // a step of an emergency fix: judged with the fix
)

// Outcome is how a deployment ended.
type Outcome string

// The outcomes; the empty one means that it has not ended.
const (
	Succeeded   Outcome = "succeeded"
	Failed      Outcome = "failed"
	Interrupted Outcome = "interrupted" // stopped before it was done, the target was called
	Unknown     Outcome = "unknown"     // what the target runs is not known
)

// Observed is what a target was seen to run when an attempt had ended.
type Observed string

// What may be observed. The empty one is in entries of earlier builds: the attempt stays open, and
// what last succeeded is assumed to run.
const (
	ObservedNew     Observed = "new"     // what the attempt deploys
	ObservedOther   Observed = "other"   // neither that nor what ran before
	ObservedUnknown Observed = "unknown" // it is not known
)
