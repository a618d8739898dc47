package target

// Place names the environment that a target belongs to, for kinds that serve
// many with one configuration.
type Place struct {
	Pipeline    string
	Environment string
}

// Owner is an environment of one ledger: epochs count for each by itself.
type Owner struct {
	Ledger string // its id
	Place
}
