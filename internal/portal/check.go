package portal

import "strings"

// Check proposes a deployment that nobody has requested yet and judges it as if it were requested
// now. A release that already runs there is judged as a repair, not as a redeployment: nobody has
// given a new value of redeploy. Deploy.Subjects says what must be loaded.
func (f Facts) Check(environment, release string) (*Proposal, error) {
	wish := Deploy{Environment: environment, Release: release}
	if site := f.Sites[environment]; site != nil {
		wish.Redeploy = site.Redeploy
	}
	return f.Propose(wish)
}

// LeavingStatement is the exact text that approvers sign so that the release of a
// proposal may leave the stages directly before; "" if the environment is on a
// first stage.
func (f Facts) LeavingStatement(p *Proposal) string {
	var b strings.Builder
	for _, stage := range f.Pipeline.Stage(p.Site.Stage).After {
		b.WriteString(f.ReleaseStatement(&f.Release(p.Release).Release, stage))
	}
	return b.String()
}
