package portal

import (
	"fmt"
	"slices"
	"strings"
)

// RecordApproval records that one person lets a release leave a stage. It is for the content that
// runs on the stage or, if the release does not run there, for the content it would be deployed
// with now.
type RecordApproval struct {
	Release  string
	Stage    string
	Approver string
	Comment  string
	Digest   string // of the content that was seen; "": what runs there now
}

// Subjects implements Command.
func (c RecordApproval) Subjects() Subjects { return Subjects{Releases: []string{c.Release}} }

// Decide implements Command. An approval that is already recorded is adopted.
func (c RecordApproval) Decide(f Facts) ([]Event, error) {
	problems := append(validatePerson("approver", c.Approver), ValidateText("comment", c.Comment)...)
	if c.Digest != "" {
		problems = append(problems, ValidateDigest("content_digest", c.Digest)...)
	}
	if err := invalid("approval", problems); err != nil {
		return nil, err
	}
	p, err := f.pipeline()
	if err != nil {
		return nil, err
	}
	if p.Stage(c.Stage) == nil {
		return nil, reject(fmt.Sprintf("pipeline %q has no stage %q", f.Name, c.Stage), "Its stages are: %s.", strings.Join(stageNames(p), ", "))
	}
	if len(p.Approvers) > 0 {
		return nil, reject(fmt.Sprintf("an approval of pipeline %q has to be signed", f.Name),
			"The pipeline lists approvers, so approvals have to be signed. This version of the provider cannot verify signatures yet, so it records no approval here. Remove approvers from the pipeline to record approvals by name.")
	}
	release, err := f.release(c.Release)
	if err != nil {
		return nil, err
	}
	own, err := f.ContentOf(c.Release)
	if err != nil {
		return nil, reject(fmt.Sprintf("release %s cannot be approved yet", c.Release),
			"Its content is unknown: %s. Register the missing release first.", err)
	}
	approved, err := f.approvable(c, own)
	if err != nil {
		return nil, err
	}
	if f.RecordedApproval(c) != nil {
		return nil, nil
	}
	return []Event{ApprovalRecorded{
		Release: c.Release, Stage: c.Stage, Approver: c.Approver, Comment: c.Comment, Digest: approved.Digest, Fixes: approved.Fixes,
		Statement: f.approvalStatement(&release.Release, c.Stage, approved.Digest),
	}}, nil
}

// approvable is the content that an approval is for. If several are on the stage and the command
// names none, the one that would be deployed to the next stage comes first.
func (f Facts) approvable(c RecordApproval, own Content) (Run, error) {
	carried := f.Carry("", c.Release, own) // with the fixes in force everywhere
	next := Run{Digest: carried.Content.Digest(), Fixes: carried.Fixes}
	var there []Run
	for _, site := range f.OnStage(c.Stage, LaneRegular) {
		if site.Runs(c.Release) {
			there = append(there, Run{Digest: site.Running.Digest, Fixes: site.Running.Fixes})
		}
	}
	if len(there) == 0 {
		there = []Run{next}
	}
	wanted := c.Digest
	if wanted == "" {
		wanted = next.Digest
	}
	if i := slices.IndexFunc(there, func(r Run) bool { return r.Digest == wanted }); i >= 0 {
		return there[i], nil
	}
	if c.Digest == "" {
		return there[0], nil
	}
	return Run{}, reject(fmt.Sprintf("release %s on stage %q is not what was approved", c.Release, c.Stage),
		"content_digest is %s, and the content there is now %s. Look at what runs there now and approve that: take content_digest from the deployment that was looked at.", c.Digest, there[0].Digest)
}

// RecordedApproval returns the approval that the command would record if it is already recorded and
// counts, or nil.
func (f Facts) RecordedApproval(c RecordApproval) *Approval {
	own, err := f.ContentOf(c.Release)
	if err != nil {
		return nil
	}
	approved, err := f.approvable(c, own)
	if err != nil {
		return nil
	}
	all := f.Approvals(c.Release)
	i := slices.IndexFunc(all, func(a Approval) bool {
		return a.Stage == c.Stage && a.Approver == c.Approver && a.Comment == c.Comment && a.Revoked.IsZero() && a.run(own).Digest == approved.Digest
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}

// run is what was approved, as content that ran. own is the release's own content, which entries
// without a digest are for.
func (a *Approval) run(own Content) Run {
	if a.Digest == "" {
		return Run{Digest: own.Digest()}
	}
	return Run{Digest: a.Digest, Fixes: a.Fixes}
}

// RevokeApproval withdraws a person's approval of a release leaving a stage: every approval of
// theirs recorded so far.
type RevokeApproval struct {
	Release  string
	Stage    string
	Approver string
	Reason   string
}

// Subjects implements Command.
func (c RevokeApproval) Subjects() Subjects { return Subjects{Releases: []string{c.Release}} }

// Decide implements Command. If none of their approvals counts there is nothing to do.
func (c RevokeApproval) Decide(f Facts) ([]Event, error) {
	problems := about("reason", ValidateText("revoke", c.Reason))
	if strings.TrimSpace(c.Reason) == "" {
		problems = append(problems, Problem{"revoke", "reason is blank: say why the approval is withdrawn"})
	}
	if err := invalid("revocation", problems); err != nil {
		return nil, err
	}
	counts := slices.ContainsFunc(f.Approvals(c.Release), func(a Approval) bool { return c.concerns(a) && a.Revoked.IsZero() })
	if !counts {
		return nil, nil
	}
	return []Event{ApprovalRevoked(c)}, nil
}

func (c RevokeApproval) concerns(a Approval) bool {
	return a.Stage == c.Stage && strings.EqualFold(a.Approver, c.Approver)
}

func (s *State) applyRevoked(e ApprovalRevoked, meta Meta) {
	if !s.Knows(e.Release) {
		return
	}
	approvals := slices.Clone(s.approvals[e.Release])
	for i := range approvals {
		if a := &approvals[i]; RevokeApproval(e).concerns(*a) && a.Revoked.IsZero() {
			a.Revoked = meta.At
		}
	}
	s.approvals[e.Release] = approvals
	s.touch(EntityApprovals, e.Release)
}
