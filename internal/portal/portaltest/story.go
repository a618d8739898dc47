package portaltest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// SHA256 is the digest of a text, for components that need one.
func SHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Part is a component whose bytes are derived from its name and version.
func Part(name, version string) portal.Component {
	return portal.Component{
		Version: version, Kind: portal.DefaultKind,
		Source: "dist/" + name + "-" + version, SHA256: SHA256(name + " " + version),
	}
}

// FullRelease is a release of the one component "app" in its own version.
func FullRelease(version string) portal.Release {
	return portal.Release{
		Version: version, Type: portal.Full,
		Components: map[string]portal.Component{"app": Part("app", version)},
	}
}

// Delta is a differential release that brings the named component in its own
// version.
func Delta(version, base, component string) portal.Release {
	return portal.Release{
		Version: version, Type: portal.Differential, Base: base,
		Components: map[string]portal.Component{component: Part(component, version)},
	}
}

// RegularEnvironment is an environment as New declares it.
func RegularEnvironment(name, stage string) portal.Environment {
	return portal.Environment{
		Name: name, Stage: stage, Lane: portal.LaneRegular,
		Target: portal.Target{Kind: "directory", Config: json.RawMessage(`{}`)},
	}
}

// Environment declares a regular environment.
func (w *World) Environment(name, stage string) {
	w.t.Helper()
	w.MustDo(portal.DeclareEnvironment{Environment: RegularEnvironment(name, stage), Update: true})
}

// Register registers full releases, each of the component "app".
func (w *World) Register(versions ...string) {
	w.t.Helper()
	for _, version := range versions {
		w.MustDo(portal.RegisterRelease{Release: FullRelease(version)})
	}
}

// Start starts a deployment and returns its epoch.
func (w *World) Start(environment, release string) (int64, error) {
	w.t.Helper()
	return w.begin(portal.StartDeployment{Deploy: portal.Deploy{Environment: environment, Release: release}})
}

// MustStart is Start for what must not be refused.
func (w *World) MustStart(environment, release string) int64 {
	w.t.Helper()
	epoch, err := w.Start(environment, release)
	if err != nil {
		w.t.Fatalf("starting %s on %s: %v", release, environment, err)
	}
	return epoch
}

func (w *World) begin(command portal.Command) (int64, error) {
	w.t.Helper()
	events, err := w.Do(command)
	if err != nil {
		return 0, err
	}
	for _, event := range events {
		if started, ok := event.(portal.DeploymentStarted); ok {
			return started.Epoch, nil
		}
	}
	return 0, nil
}

// End ends a deployment.
func (w *World) End(environment string, epoch int64, outcome portal.Outcome) {
	w.t.Helper()
	w.MustDo(portal.EndDeployment{Environment: environment, Epoch: epoch, Outcome: outcome})
}

// TryDeploy starts a deployment and ends it at once with success.
func (w *World) TryDeploy(deploy portal.Deploy) error {
	w.t.Helper()
	epoch, err := w.begin(portal.StartDeployment{Deploy: deploy})
	if err != nil {
		return err
	}
	w.End(deploy.Environment, epoch, portal.Succeeded)
	return nil
}

// Deploy is TryDeploy for what must succeed.
func (w *World) Deploy(environment, release string) {
	w.t.Helper()
	w.Redeploy(environment, release, "")
}

// Redeploy is Deploy with a value of redeploy.
func (w *World) Redeploy(environment, release, redeploy string) {
	w.t.Helper()
	if err := w.TryDeploy(portal.Deploy{Environment: environment, Release: release, Redeploy: redeploy}); err != nil {
		w.t.Fatalf("deploying %s to %s: %v", release, environment, err)
	}
}

// Travel deploys a release to one environment after the other.
func (w *World) Travel(release string, environments ...string) {
	w.t.Helper()
	for _, environment := range environments {
		w.Deploy(environment, release)
	}
}

// Suppose plans a deployment that is not carried out.
func (w *World) Suppose(environment, release string) {
	w.t.Helper()
	f, wish := w.Facts(), portal.Deploy{Environment: environment, Release: release}
	proposal, err := f.Propose(wish)
	if err != nil {
		w.t.Fatalf("planning %s on %s: %v", release, environment, err)
	}
	for _, event := range f.Foresee(proposal, wish) {
		w.State.Suppose(event, w.Now, w.By)
	}
}

// Empty removes everything from an environment.
func (w *World) Empty(environment string) {
	w.t.Helper()
	epoch, err := w.begin(portal.StartRemoval{Environment: environment})
	if err != nil {
		w.t.Fatalf("emptying %s: %v", environment, err)
	}
	if epoch != 0 {
		w.End(environment, epoch, portal.Succeeded)
	}
}

// Remove destroys an environment, with what runs there.
func (w *World) Remove(environment string) {
	w.t.Helper()
	w.Empty(environment)
	w.MustDo(portal.RemoveEnvironment{Name: environment})
}

// Pass records that suites passed.
func (w *World) Pass(environment, release string, suites ...string) {
	w.t.Helper()
	for _, suite := range suites {
		w.MustDo(portal.RecordTest{Environment: environment, Release: release, Suite: suite, Passed: true})
	}
}

// Fail records that suites failed.
func (w *World) Fail(environment, release string, suites ...string) {
	w.t.Helper()
	for _, suite := range suites {
		w.MustDo(portal.RecordTest{Environment: environment, Release: release, Suite: suite})
	}
}

// Approve records that people let a release leave a stage.
func (w *World) Approve(release, stage string, people ...string) {
	w.t.Helper()
	for _, person := range people {
		w.MustDo(portal.RecordApproval{Release: release, Stage: stage, Approver: person})
	}
}

// Freeze declares a freeze of stages, the final one if none is named.
func (w *World) Freeze(name string, from, to time.Time, stages ...string) {
	w.t.Helper()
	w.MustDo(portal.DeclareFreeze{Update: true, Freeze: portal.Freeze{
		Name: name, Stages: stages, StartsAt: from, EndsAt: to, Reason: "nobody is there",
	}})
}

// Propose returns what deploying a release would do.
func (w *World) Propose(deploy portal.Deploy) *portal.Proposal {
	w.t.Helper()
	proposal, err := w.Facts().Propose(deploy)
	if err != nil {
		w.t.Fatalf("proposing %s for %s: %v", deploy.Release, deploy.Environment, err)
	}
	return proposal
}

// Judge is the verdict on deploying a release.
func (w *World) Judge(environment, release string) portal.Verdict {
	w.t.Helper()
	return w.Propose(portal.Deploy{Environment: environment, Release: release}).Verdict
}

// Broken lists the rules that refuse a release on an environment.
func (w *World) Broken(environment, release string) []portal.Rule {
	w.t.Helper()
	verdict := w.Judge(environment, release)
	return (&portal.RefusalError{Verdict: verdict}).Rules()
}
