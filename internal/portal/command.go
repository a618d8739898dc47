package portal

// Command is a wish to change something. Deciding it gives the events that
// record it, none where everything is as wished already, or an error that
// tells why not: a *RefusalError where rules are in the way, a *RejectionError where the
// wish itself cannot be.
//
//sumtype:decl
type Command interface {
	// Subjects names what must be loaded to decide.
	Subjects() Subjects
	// Decide judges the wish. It changes nothing, and may be called again.
	Decide(Facts) ([]Event, error)
	command()
}

// Subjects is what a decision needs beyond what a state always has.
type Subjects struct {
	Releases  []string // with the releases they are based on
	Addresses []string // target addresses whose owner matters
	Reports   []string // sha256 of test reports
}
