package provider

import (
	"encoding/json"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
	"github.com/releaseportal/terraform-provider-portal/internal/rollout"
)

// devWith is environment dev with these patterns, as JSON.
func devWith(patterns string) portal.Environment {
	e := portaltest.RegularEnvironment("dev", "dev")
	e.Target.Config = json.RawMessage(`{"path":"/srv/dev","ignore_patterns":` + patterns + `}`)
	return e
}

func TestWhatAPlanDeclaresToBeNotOursIsNotRepaired(t *testing.T) {
	app := portal.Item{Version: "1.0.0", Kind: "war", SHA256: portaltest.SHA256("app")}
	strange := portal.Item{Version: "unknown", Kind: "file", SHA256: portaltest.SHA256("log")}
	recorded := portal.Content{"app.war": app}
	for _, c := range []struct {
		name            string
		declared, plans string // patterns
		observed        portal.Content
		want            bool
	}{
		{"all of it", `[]`, `["*.log"]`, portal.Content{"app.war": app, "server.log": strange}, true},
		{"a folder", `[]`, `["app/"]`, portal.Content{"app.war": app, "app": strange}, true},
		{"a part of it", `[]`, `["*.log"]`, portal.Content{"app.war": app, "server.log": strange, "app": strange}, false},
		{"a component of ours, which was changed", `[]`, `["*.war"]`, portal.Content{"app.war": strange}, false},
		{"a component of ours, which is gone", `[]`, `["*.log"]`, portal.Content{"server.log": strange}, false},
		{"nothing that this plan declares", `["*.log"]`, `["*.log"]`, portal.Content{"app.war": app, "server.log": strange}, false},
		{"what could not be told", `[]`, `["*.log"]`, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlanner(t, nil)
			p.must(portal.DeclareEnvironment{Environment: devWith(c.declared), Update: true})
			p.walk.suppose("shop", portal.EnvironmentDeclared{Environment: devWith(c.plans)})
			before := &seen{Recorded: recorded, Observed: c.observed, Differs: true}
			if got := p.excused(t.Context(), "shop", "dev", before); got != c.want {
				t.Errorf("it is excused: %t", got)
			}
		})
	}
}

// Patterns and what they would hide are judged as this plan declares both.
func TestWhatIsHiddenIsJudgedByWhatIsPlanned(t *testing.T) {
	content := portal.Content{"app.log": {Version: "1.0.0", Kind: "file", SHA256: portaltest.SHA256("app")}}
	for _, c := range []struct {
		declared, plans string
		hidden          bool
	}{{`[]`, `["*.log"]`, true}, {`["*.log"]`, `[]`, false}, {`["*.log"]`, ``, true}, {`[]`, ``, false}} {
		p := newPlanner(t, nil)
		p.must(portal.DeclareEnvironment{Environment: devWith(c.declared), Update: true})
		if c.plans != "" {
			p.walk.suppose("shop", portal.EnvironmentDeclared{Environment: devWith(c.plans)})
		}
		err := p.deliverable(t.Context(), "shop", rollout.DeliveryOf(devWith(c.declared), "1.0.0", content))
		if (err != nil) != c.hidden {
			t.Errorf("declared %s, planned %s: it says %v", c.declared, c.plans, err)
		}
	}
}
