package portal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

// receiptOn is the receipt of what runs on an environment; "" if nothing does.
func receiptOn(w *portaltest.World, environment string) string {
	if running := w.State.Sites[environment].Running; running != nil {
		return running.Receipt
	}
	return ""
}

func TestRemovalIsJudgedLikeADeployment(t *testing.T) {
	frozen := func(w *portaltest.World) { w.Freeze("night", at(0), at(time.Hour), "dev") }
	overtaken := func(w *portaltest.World) { w.Deploy("dev", "2.0.0") }
	level := func(level portal.Level) func(p *portal.Pipeline) {
		return func(p *portal.Pipeline) { p.Rules = map[portal.Rule]portal.Level{portal.FreezeInForce: level} }
	}
	for _, c := range []struct {
		name     string
		pipeline func(p *portal.Pipeline)
		story    func(w *portaltest.World) // after 1.0.0 was deployed to dev and the removal was planned
		want     []portal.Rule
		started  int
	}{
		{name: "nothing is in the way", started: 1},
		{name: "something else was deployed since", story: overtaken, want: []portal.Rule{portal.StalePlan}},
		{
			name: "the same release was deployed again since", want: []portal.Rule{portal.StalePlan},
			story: func(w *portaltest.World) { w.Redeploy("dev", "1.0.0", "again") },
		},
		{name: "it is gone already", story: func(w *portaltest.World) { w.Empty("dev") }},
		{name: "it is gone already, in a freeze", story: func(w *portaltest.World) { w.Empty("dev"); frozen(w) }},
		{
			name: "a deployment that changed nothing failed since", started: 1,
			story: func(w *portaltest.World) { w.End("dev", w.MustStart("dev", "2.0.0"), portal.Failed) },
		},
		{name: "its stage is frozen", story: frozen, want: []portal.Rule{portal.FreezeInForce}},
		{name: "its stage is frozen, and the rule only warns", pipeline: level(portal.LevelWarn), story: frozen, started: 1},
		{name: "its stage is frozen, and the rule is off", pipeline: level(portal.LevelOff), story: frozen, started: 1},
		{name: "another stage is frozen", story: func(w *portaltest.World) { w.Freeze("night", at(0), at(time.Hour)) }, started: 1},
		{name: "the freeze is over", story: func(w *portaltest.World) { frozen(w); w.Wait(time.Hour) }, started: 1},
		{
			name: "what a failed first deployment has left is frozen too", want: []portal.Rule{portal.FreezeInForce},
			story: func(w *portaltest.World) {
				w.Empty("dev")
				w.End("dev", w.MustStart("dev", "1.0.0"), portal.Failed)
				frozen(w)
			},
		},
		{
			name: "a deployment is in flight", want: []portal.Rule{portal.EnvironmentHeld},
			story: func(w *portaltest.World) { w.MustStart("dev", "2.0.0") },
		},
		{
			name:  "all of it, told at once",
			story: func(w *portaltest.World) { overtaken(w); w.MustStart("dev", "3.0.0"); frozen(w) },
			want:  []portal.Rule{portal.FreezeInForce, portal.EnvironmentHeld, portal.StalePlan},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, c.pipeline)
			w.Register("1.0.0", "2.0.0", "3.0.0")
			w.Deploy("dev", "1.0.0")
			removal := portal.StartRemoval{Environment: "dev", Planned: &portal.Planned{Receipt: receiptOn(w, "dev")}}
			if c.story != nil {
				c.story(w)
			}
			previewed := portal.RefusalError{Verdict: removal.Verdict(w.Facts())}
			if diff := cmp.Diff(c.want, previewed.Rules(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("broken rules at plan (-want +got):\n%s", diff)
			}
			events, err := removal.Decide(w.Facts())
			var refusal *portal.RefusalError
			if errors.As(err, &refusal) != (c.want != nil) || (c.want == nil && err != nil) || len(events) != c.started {
				t.Fatalf("it gives %d events and %v", len(events), err)
			}
			if c.want != nil {
				if diff := cmp.Diff(c.want, refusal.Rules()); diff != "" {
					t.Errorf("broken rules (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestARemovalWithoutAPlanIsNeverStale(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0")
	w.Deploy("dev", "1.0.0")
	for _, gate := range (portal.StartRemoval{Environment: "dev"}).Verdict(w.Facts()).Gates() {
		if gate.Rule == portal.StalePlan {
			t.Error("stale-plan is judged although nothing was planned")
		}
	}
}

// A freeze that only warns is recorded with the removal, as with a deployment.
func TestARemovalRecordsWhatItWasWarnedOf(t *testing.T) {
	w := worldOf(t, func(p *portal.Pipeline) {
		p.Rules = map[portal.Rule]portal.Level{portal.FreezeInForce: portal.LevelWarn}
	})
	w.Register("1.0.0")
	w.Deploy("dev", "1.0.0")
	w.Freeze("night", at(0), at(time.Hour), "dev")
	started := w.MustDo(portal.StartRemoval{Environment: "dev"})[0].(portal.DeploymentStarted)
	if len(started.Warnings) != 1 || !strings.HasPrefix(started.Warnings[0], `freeze: Freeze "night" is in force on dev`) {
		t.Errorf("recorded are %q", started.Warnings)
	}
}

// The refusal describes a freeze in the same words, whatever it blocks.
func TestAFreezeReadsTheSameForARemoval(t *testing.T) {
	w := worldOf(t, nil)
	w.Register("1.0.0", "2.0.0")
	w.Deploy("dev", "1.0.0")
	w.Freeze("night", at(0), at(time.Hour), "dev")
	deploying := gateOf(t, w.Judge("dev", "2.0.0"), portal.FreezeInForce)
	removing := gateOf(t, portal.StartRemoval{Environment: "dev"}.Verdict(w.Facts()), portal.FreezeInForce)
	cure, found := strings.CutPrefix(removing.Cure, deploying.Cure)
	if removing.Detail != deploying.Detail || !found || !strings.Contains(cure, "terraform destroy -target=portal_freeze.NAME") {
		t.Errorf("of a deployment it says %+v, of a removal %+v", deploying, removing)
	}
}

func TestAnEnvironmentIsNotForgottenWhileItRunsSomething(t *testing.T) {
	travelled := func(w *portaltest.World) { w.Register("1.0.0", "2.0.0"); w.Travel("1.0.0", "dev", "qa") }
	rejected := &portal.RejectionError{}
	refused := &portal.RefusalError{}
	for _, c := range []struct {
		name   string
		story  func(w *portaltest.World)
		change func(c *portal.RemoveEnvironment)
		wants  any // a pointer to the kind of error
		says   string
	}{
		{name: "nothing runs there", story: func(*portaltest.World) {}},
		{name: "a release runs there", story: travelled, wants: &rejected, says: `environment "shop/qa" still runs 1.0.0`},
		{
			name: "a release runs there that the same plan removes", story: travelled,
			change: func(c *portal.RemoveEnvironment) { c.Emptied = true },
		},
		{name: "it was removed", story: func(w *portaltest.World) { travelled(w); w.Empty("qa") }},
		{
			name: "its removal failed, the target being gone",
			story: func(w *portaltest.World) {
				travelled(w)
				w.MustDo(portal.StartRemoval{Environment: "qa"})
				w.End("qa", w.State.Sites["qa"].Epoch, portal.Unknown)
			},
		},
		{
			name: "its removal failed and something was deployed since", wants: &rejected, says: `still runs 2.0.0`,
			story: func(w *portaltest.World) {
				travelled(w)
				w.MustDo(portal.StartRemoval{Environment: "qa"})
				w.End("qa", w.State.Sites["qa"].Epoch, portal.Unknown)
				w.Travel("2.0.0", "dev", "qa")
			},
		},
		{
			name: "a deployment to it has failed", wants: &rejected, says: `still runs 1.0.0`,
			story: func(w *portaltest.World) {
				travelled(w)
				w.Deploy("dev", "2.0.0")
				w.End("qa", w.MustStart("qa", "2.0.0"), portal.Failed)
			},
		},
		{name: "it is frozen and empty", story: func(w *portaltest.World) { w.Freeze("night", at(0), at(time.Hour), "qa") }},
		{
			name: "it is frozen and runs something", wants: &refused, says: `freeze: environment "shop/qa" may not be removed`,
			story: func(w *portaltest.World) { travelled(w); w.Freeze("night", at(0), at(time.Hour), "qa") },
		},
		{
			name: "it is frozen and runs something that the same plan removes", wants: &refused, says: `freeze`,
			story:  func(w *portaltest.World) { travelled(w); w.Freeze("night", at(0), at(time.Hour), "qa") },
			change: func(c *portal.RemoveEnvironment) { c.Emptied = true },
		},
		{
			name: "somebody has declared it otherwise since", wants: &refused, says: `stale-plan: environment "shop/qa" may not be removed`,
			story: func(w *portaltest.World) {
				e := w.State.Sites["qa"].Environment
				e.Installed = map[string]string{"java": "21"}
				w.MustDo(portal.DeclareEnvironment{Environment: e, Update: true})
			},
		},
		{
			name: "somebody has removed it and declared it again since", wants: &refused, says: `stale-plan`,
			story: func(w *portaltest.World) { w.Remove("qa"); w.Environment("qa", "qa") },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			removal := portal.RemoveEnvironment{Name: "qa", Planned: w.State.Sites["qa"].Receipt}
			if c.change != nil {
				c.change(&removal)
			}
			c.story(w)
			events, err := removal.Decide(w.Facts())
			switch {
			case c.wants == nil && (err != nil || len(events) != 1):
				t.Errorf("it gives %d events and %v", len(events), err)
			case c.wants != nil && (err == nil || !errors.As(err, c.wants) || !strings.Contains(err.Error(), c.says)):
				t.Errorf("it gives %v", err)
			}
		})
	}
}

func TestAnEnvironmentIsNotRenamedWhileItRunsSomething(t *testing.T) {
	for _, c := range []struct {
		name    string
		story   func(w *portaltest.World)
		unknown bool
		says    []string // nothing: it is allowed
	}{
		{name: "nothing runs there", story: func(*portaltest.World) {}},
		{name: "nothing runs there, the name unknown", story: func(*portaltest.World) {}, unknown: true},
		{
			name: "a release runs there", story: func(w *portaltest.World) { w.Deploy("dev", "1.0.0") },
			says: []string{
				`environment "shop/dev" cannot be renamed while it runs 1.0.0`,
				`Declare the new environment beside this one, with another target`,
			},
		},
		{
			name: "a release runs there, the name unknown", story: func(w *portaltest.World) { w.Deploy("dev", "1.0.0") }, unknown: true,
			says: []string{`environment "shop/dev" cannot be replaced while it runs 1.0.0`, `not known at plan`},
		},
		{
			name: "a deployment was begun", story: func(w *portaltest.World) { w.MustStart("dev", "1.0.0"); w.Wait(time.Hour) },
			says: []string{`while it runs an unfinished deployment of 1.0.0`},
		},
		{
			name: "nothing runs there, and it is protected",
			story: func(w *portaltest.World) {
				e := w.State.Sites["dev"].Environment
				e.DeletionProtection = true
				w.MustDo(portal.DeclareEnvironment{Environment: e, Update: true})
			},
			says: []string{`environment "shop/dev" is protected`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worldOf(t, nil)
			w.Register("1.0.0")
			c.story(w)
			_, err := portal.ReplaceEnvironment{RemoveEnvironment: portal.RemoveEnvironment{Name: "dev"}, Unknown: c.unknown}.Decide(w.Facts())
			if (err != nil) != (c.says != nil) {
				t.Fatalf("it gives %v", err)
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
		})
	}
}
