package portal_test

import (
	"fmt"
	"log"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// A release is judged: it may not enter production before it was on qa.
func Example() {
	state := portal.NewState("ledger-1", "shop", true)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	facts := func() portal.Facts { return portal.Facts{State: state, Now: now, By: portal.Actor{Name: "ann"}} }
	record := func(commands ...portal.Command) {
		for _, command := range commands {
			events, err := command.Decide(facts())
			if err != nil {
				log.Fatal(err)
			}
			for _, event := range events {
				state.Apply(event, portal.Meta{Number: state.Head + 1, At: now, By: facts().By})
			}
		}
	}
	judge := func(environment string) {
		proposal, err := facts().Propose(portal.Deploy{Environment: environment, Release: "2.0.0"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(environment, "allowed:", proposal.Verdict.Allowed(), proposal.Changes())
		for _, gate := range proposal.Verdict.Broken() {
			fmt.Println(" ", gate.Rule, gate.Status)
		}
	}

	record(
		portal.DeclarePipeline{Pipeline: portaltest.Line("qa", "production")},
		portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment("qa", "qa")},
		portal.DeclareEnvironment{Environment: portaltest.RegularEnvironment("production", "production")},
		portal.RegisterRelease{Release: portaltest.FullRelease("2.0.0")},
	)
	judge("qa")
	judge("production")

	record(portal.StartDeployment{Deploy: portal.Deploy{Environment: "qa", Release: "2.0.0"}})
	record(portal.EndDeployment{Environment: "qa", Epoch: state.Sites["qa"].Epoch, Outcome: portal.Succeeded})
	judge("production")
	// Output:
	// qa allowed: true [+ app 2.0.0]
	// production allowed: false [+ app 2.0.0]
	//   stage-order refused
	// production allowed: true [+ app 2.0.0]
}

// What changes, as plans show it.
func ExampleDiff() {
	from := portal.Content{"theme": {Version: "1.0.0"}, "login": {Version: "3.1.4"}}
	to := portal.Content{"theme": {Version: "1.1.0"}, "search": {Version: "0.9.0"}}
	for _, change := range portal.Diff(from, to) {
		fmt.Println(change)
	}
	// Output:
	// - login 3.1.4
	// + search 0.9.0
	// ~ theme 1.0.0 -> 1.1.0
}
