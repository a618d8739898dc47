// Package portal is the domain: pipelines, environments, releases, what runs
// where, what vouches for it, and the rules that decide where a release may go.
//
// It is pure. Facts go in, verdicts and events come out; there is no clock, no
// I/O, no SQL and no Terraform in here. The same functions judge while a plan
// is made, inside the transaction that starts a deployment, and in data sources.
//
// The flow: a Command is decided against Facts and gives Events; State.Apply
// folds an event into the state. Whatever is stored besides the events can be
// rebuilt from them.
package portal
