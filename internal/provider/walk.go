package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// walk knows what was planned so far in this walk of Terraform, so that a chain
// of new resources can be planned at once. It may only withhold a refusal: what
// counts is judged again when it is applied. It holds nothing across walks,
// because each has a process, or at least a configured provider, of its own.
type walk struct {
	mu        sync.Mutex
	pipelines map[string]*supposed
	addresses map[string]string     // target address -> "pipeline/environment" planned to have it
	left      map[string]bool       // "pipeline/environment": gives its target up, to be declared again under another name
	fates     map[string]fate       // "portal_environment intranet/qa" -> what is planned for it
	refreshed map[string]bool       // "portal_environment intranet/qa": the state has it, and a refresh found it
	engaged   map[string]string     // "pipeline/environment" -> what changes what runs there
	changed   map[string]bool       // "pipeline/environment": something of this walk changes what runs there, or has
	reminded  map[string]bool       // pipelines of which it was told what their fixes owe
	clocks    map[string]bool       // pipelines whose clock was looked at
	results   map[string]string     // environment, suite and run -> where the result of this walk is from
	rehearsed map[string]portal.Fix // "pipeline digest" of a statement -> what was rehearsed
	id        string                // names the walk in what it records
}

// supposed is one pipeline as it would be if everything planned so far were
// done.
type supposed struct {
	steps   []portal.Event
	vague   map[string]bool // "release/2.5.0": planned, with parts that are not known yet
	state   *portal.State   // the ledger's state at head, with the steps; nil: to be made
	applied int             // how many steps the state has
	head    int64
	landed  []string // emergency fixes that this walk has deployed or withdrawn
}

func newWalk() *walk {
	return &walk{
		engaged: map[string]string{}, reminded: map[string]bool{}, clocks: map[string]bool{}, fates: map[string]fate{}, refreshed: map[string]bool{}, pipelines: map[string]*supposed{},
		addresses: map[string]string{}, left: map[string]bool{}, changed: map[string]bool{}, results: map[string]string{}, rehearsed: map[string]portal.Fix{}, id: rand.Text(),
	}
}

// rehearse notes of which fix a rehearsal has told the statement with that digest.
func (w *walk) rehearse(pipeline, digest string, fix portal.Fix) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rehearsed[pipeline+" "+digest] = fix
}

// rehearsal is the fix that a digest was told for in this walk; nil: it was none.
func (w *walk) rehearsal(pipeline, digest string) *portal.Fix {
	w.mu.Lock()
	defer w.mu.Unlock()
	if fix, told := w.rehearsed[pipeline+" "+digest]; told {
		return &fix
	}
	return nil
}

func (w *walk) of(pipeline string) *supposed {
	p := w.pipelines[pipeline]
	if p == nil {
		p = &supposed{vague: map[string]bool{}}
		w.pipelines[pipeline] = p
	}
	return p
}

// suppose adds what a planned change will have done.
func (w *walk) suppose(pipeline string, events ...portal.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.of(pipeline)
	p.steps = append(p.steps, events...)
}

// supposeVague notes that something is planned of which parts are not known
// yet, so that what depends on it is not judged now.
func (w *walk) supposeVague(pipeline, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.of(pipeline).vague[what] = true
}

// vague reports whether any of these is planned with unknown parts.
func (w *walk) vague(pipeline string, what ...string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pipelines[pipeline]
	return p != nil && slices.ContainsFunc(what, func(name string) bool { return p.vague[name] })
}

// unsure reports whether anything of the pipeline, or of one whose name is not
// known yet, is planned with unknown parts, so that a refusal may be wrong.
func (w *walk) unsure(pipeline string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range []string{pipeline, ""} {
		if p := w.pipelines[name]; p != nil && len(p.vague) > 0 {
			return true
		}
	}
	return false
}

// deploys reports whether this walk changes what an environment runs, or has.
func (w *walk) deploys(pipeline, environment string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed[pipeline+"/"+environment]
}

// result notes a result that is to be recorded, and refuses a second one of the
// suite: which of them is the newest would be chance.
func (w *walk) result(environment, suite, run, from string) diagnostics {
	w.mu.Lock()
	defer w.mu.Unlock()
	var diags diagnostics
	key := strings.Join([]string{environment, suite, run}, "\n")
	if other, there := w.results[key]; there {
		diags = explain("planning", portal.TwoResults(environment, suite))
		diags = append(diag.Diagnostics{}, diag.NewErrorDiagnostic(diags[0].Summary(), "One is from "+other+", the other from "+from+".\n"+diags[0].Detail()))
		return diags
	}
	w.results[key] = from
	return diags
}

// registers reports whether this walk has planned to register the release.
func (w *walk) registers(pipeline, version string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pipelines[pipeline]
	return p != nil && slices.ContainsFunc(p.steps, func(event portal.Event) bool {
		e, isRelease := event.(portal.ReleaseRegistered)
		return isRelease && e.Release.Version == version
	})
}

// claim notes the target address of a planned environment. It returns the one whose
// overlaps with it in this walk, and where, if another does.
func (w *walk) claim(address, owner string) (other, place string) {
	if address == "" {
		return "", ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if other, place := portal.Overlap(w.addresses, address, owner); other != "" {
		return other, place
	}
	w.addresses[address] = owner
	return "", ""
}

// leave notes that an environment goes before it comes again under another name,
// so that its target is free by then.
func (w *walk) leave(pipeline, environment string) {
	w.suppose(pipeline, portal.EnvironmentRemoved{Environment: environment})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left[pipeline+"/"+environment] = true
}

// imagine calls the function with the facts as they will be with everything
// planned so far done, and reports false if nothing was planned on the
// pipeline. The function must not keep them.
func (w *walk) imagine(f portal.Facts, subjects portal.Subjects, read func(portal.Facts)) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pipelines[f.Name]
	if p == nil || len(p.steps) == 0 {
		return false
	}
	stale := p.state == nil || p.head != f.Head
	for _, release := range subjects.Releases {
		stale = stale || !p.state.Knows(release)
	}
	if stale {
		p.state, p.applied, p.head = f.Clone(), 0, f.Head
	}
	for _, event := range p.steps[p.applied:] {
		p.state.Suppose(event, f.Now, f.By)
	}
	p.applied = len(p.steps)
	f.State, f.Claims = p.state, maps.Clone(f.Claims)
	maps.DeleteFunc(f.Claims, func(_, owner string) bool { return w.left[owner] })
	read(f)
	return true
}

// preview judges a command while planning, explains what forbids it, and says
// what is owed on the pipeline that it changes. what names it, such as "release
// intranet/2.5.0".
func (s *session) preview(ctx context.Context, what, pipeline string, command portal.Command) diagnostics {
	changes, err := s.tryOut(ctx, pipeline, command)
	diags := explain("planning "+what, err)
	if changes {
		s.remind(ctx, pipeline, "", &diags)
	}
	return diags
}

// tryOut judges a command while planning: against the ledger, and if that
// refuses, against what this walk will have done. What it would record is
// supposed from now on; changes reports whether it would record anything.
func (s *session) tryOut(ctx context.Context, pipeline string, command portal.Command) (changes bool, err error) {
	var events []portal.Event
	err = s.judge(ctx, pipeline, command.Subjects(), func(f portal.Facts) error {
		var err error
		events, err = command.Decide(f)
		return err
	})
	if err == nil {
		s.walk.suppose(pipeline, events...)
	}
	return err == nil && len(events) > 0, err
}

// judge runs a judgement against the ledger, and if that answers with an
// error, against what this walk will have done. It answers the second error
// only if both fail, and of two refusals only the rules that both break.
func (s *session) judge(ctx context.Context, pipeline string, subjects portal.Subjects, judge func(portal.Facts) error) error {
	return s.view(ctx, pipeline, subjects, func(f portal.Facts) error {
		now := judge(f)
		if now == nil {
			return nil
		}
		then := now
		if s.walk.imagine(f, subjects, func(imagined portal.Facts) { then = judge(imagined) }) && then != nil {
			return common(now, then)
		}
		return then
	})
}

// common keeps of two refusals the rules that both break: what is planned may
// withhold a refusal, it never adds one.
func common(now, then error) error {
	var before, after *portal.RefusalError
	if !errors.As(now, &before) || !errors.As(then, &after) {
		return then
	}
	rules := before.Rules()
	kept := after.Verdict.Without(func(gate portal.Gate) bool {
		return gate.Status == portal.Refused && !slices.Contains(rules, gate.Rule)
	})
	if refusal := kept.Refusal(); refusal != nil {
		return refusal
	}
	return nil
}
