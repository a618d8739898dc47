package portal

// Command is a request to change something. Deciding it returns the events that record it, none if
// everything already is as requested, or an error: a *RefusalError if rules refuse, a
// *RejectionError if the request itself is invalid.
//
//sumtype:decl
type Command interface {
	// Subjects lists what must be loaded to decide.
	Subjects() Subjects
	// Decide judges the request. It changes nothing, and may be called again.
	Decide(Facts) ([]Event, error)
	command()
}

// Subjects is what a decision needs beyond what a state always has.
type Subjects struct {
	Releases  []string // with the releases they are based on
	Addresses []string // target addresses whose owner is needed
	Reports   []string // sha256 of test reports
}
