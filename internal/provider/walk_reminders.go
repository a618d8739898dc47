package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// toldAtPlan reports whether a warning is left out, because this is the apply of a
// plan that has given it: what was true before an apply is not what to end it with.
// what names the warning.
func (s *session) toldAtPlan(ctx context.Context, pipeline, what, text string) bool {
	if _, err := s.open(ctx); err != nil {
		return false // the one who reads the ledger says so
	}
	digest := portal.HashEntry([]byte(text))
	file := s.planned.file(pipeline, what, "warning", "")
	if s.planned.text(file) == digest && s.applies(ctx, pipeline) {
		s.planned.note(file, "") // once: without a sign, it may have been a second plan
		return true
	}
	s.planned.note(file, digest)
	return false
}

// tellClock warns, once in a walk, if the newest entry of a pipeline lies in the
// future.
func (s *session) tellClock(ctx context.Context, pipeline string, diags *diag.Diagnostics) {
	s.walk.mu.Lock()
	told := s.walk.clocks[pipeline]
	s.walk.clocks[pipeline] = true
	s.walk.mu.Unlock()
	if told {
		return
	}
	// If the ledger cannot be read, somebody else says so.
	_ = s.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		if problem, cure := f.ClockProblem(); problem != "" {
			diags.AddWarning("The record of pipeline \""+pipeline+"\" is ahead of the clock", problem+".\n"+cure)
		}
		return nil
	})
}

// remind warns, once in a walk, of what emergency fixes owe on a pipeline that is
// about to be changed. The names and dates are in the summary, because Terraform
// folds warnings with the same one.
func (s *session) remind(ctx context.Context, pipeline, but string, diags *diag.Diagnostics) {
	s.tellClock(ctx, pipeline, diags)
	s.walk.mu.Lock()
	told := s.walk.reminded[pipeline]
	s.walk.reminded[pipeline] = true
	s.walk.mu.Unlock()
	if told {
		return
	}
	var names, lines []string
	err := s.view(ctx, pipeline, portal.Subjects{}, func(f portal.Facts) error {
		for _, x := range f.Debts() {
			if x.Name == but {
				continue
			}
			var dates []string
			for _, o := range x.Owed {
				line := x.Name + " (" + x.Justification.Incident + "): " + o.What
				if !o.Due.IsZero() {
					line += ", due " + portal.FormatTime(o.Due)
					dates = append(dates, portal.FormatTime(o.Due))
				}
				lines = append(lines, line)
			}
			name := x.Name
			if len(dates) > 0 {
				name += " (due " + strings.Join(dates, " and ") + ")"
			}
			names = append(names, name)
		}
		return nil
	})
	if err == nil && len(names) > 0 && !s.toldAtPlan(ctx, pipeline, "obligations", strings.Join(lines, "\n")) {
		diags.AddWarning("Pipeline \""+pipeline+"\" has open obligations for emergency fixes: "+strings.Join(names, ", "), strings.Join(lines, "\n"))
	}
}
