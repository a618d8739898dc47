package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// story is the demo in progress.
type story struct {
	dir       string // the root module
	terraform terraform

	first, emergency string // the root modules of the first and the second part
}

// second tells a chapter in the root module of the second part.
func (s *story) second(tell func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		s.dir, s.terraform.dir = s.emergency, s.emergency
		return tell(ctx)
	}
}

// soakTime is short, so that the story is: a real pipeline says hours or days.
const soakTime = "4s"

// wanted is what the root module declares. It becomes a file as users have
// one.
type wanted struct {
	development, qa, uat, staging, production string
	approved                                  []string // the releases that somebody has accepted
	untested                                  bool     // the acceptance tests are left out
}

func (w wanted) tfvars() string {
	var b strings.Builder
	fmt.Fprintln(&b, "versions = {")
	for _, line := range [][2]string{{"development", w.development}, {"qa", w.qa}, {"uat", w.uat}, {"staging", w.staging}, {"production", w.production}} {
		if line[1] != "" {
			fmt.Fprintf(&b, "  %-11s = %q\n", line[0], line[1])
		}
	}
	fmt.Fprintln(&b, "}")
	for i, release := range w.approved {
		if i == 0 {
			fmt.Fprintln(&b, "approvals = {")
		}
		fmt.Fprintf(&b, "  %q = \"jane@example.com\"\n", release)
		if i == len(w.approved)-1 {
			fmt.Fprintln(&b, "}")
		}
	}
	if w.untested {
		fmt.Fprintln(&b, "acceptance = false")
	}
	fmt.Fprintf(&b, "soak_time = %q\n", soakTime)
	return b.String()
}

// want writes the file and shows it: all of it the first time, then the lines
// that change.
func (s *story) want(w wanted) error {
	_, err := os.Stat(s.path("versions.auto.tfvars"))
	return s.wantText("versions.auto.tfvars", w.tfvars(), err == nil)
}

// wantText writes a file and shows it: all of it, or the lines that change.
func (s *story) wantText(name, text string, changed bool) error {
	if !changed {
		fmt.Printf("\n  %s:\n%s", name, indent(text, "    | "))
		return os.WriteFile(s.path(name), []byte(text), 0o600)
	}
	before, err := os.ReadFile(s.path(name))
	if err != nil {
		return err
	}
	fmt.Printf("\n  %s:\n", name)
	printChanged(string(before), text, "-")
	printChanged(text, string(before), "+")
	return os.WriteFile(s.path(name), []byte(text), 0o600)
}

// printChanged prints the lines of a text that another one does not have.
func printChanged(text, other, sign string) {
	lines := strings.Split(other, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if !slices.Contains(lines, line) {
			fmt.Printf("    %s %s\n", sign, line)
		}
	}
}

// tell tells the story.
func (s *story) tell(ctx context.Context) error {
	s.first = s.dir
	fmt.Printf("%s\nA provider for Terraform and OpenTofu, on real files in\n  %s\nThe first part is a copy of examples/promotion: five stages, six environments, two releases.\nThe soak time on staging is %s here, so that you need not wait for a day.\nThe second part, an emergency, begins with chapter 8.\nOf what Terraform prints only what matters is shown.\n", rule("portal"), s.dir, soakTime)
	chapters := []struct {
		title string
		tell  func(context.Context) error
	}{
		{"1  From nothing to staging, in one apply", s.toStaging},
		{"2  Production has to wait for the soak time", s.toProduction},
		{"3  A short cut with 2.5.0", s.shortCut},
		{"4  The same release on the proper way", s.properly},
		{"5  Somebody changes a file on production by hand", s.drift},
		{"6  2.5.0 goes to production, and back", s.rollback},
		{"7  The record", s.record},
		{"8  Production breaks while 2.5.0 is under test", s.second(s.underTest)},
		{"9  The rehearsal", s.second(s.rehearse)},
		{"10  A rule that is not named", s.second(s.unnamed)},
		{"11  The fix", s.second(s.fix)},
		{"12  The fix is not lost", s.second(s.carried)},
		{"13  A release that contains it", s.second(s.contained)},
		{"14  The review", s.second(s.review)},
		{"15  What is left", s.left},
	}
	for _, chapter := range chapters {
		fmt.Printf("\n%s\n", rule(chapter.title))
		if err := chapter.tell(ctx); err != nil {
			return fmt.Errorf("%q: %w", chapter.title, err)
		}
	}
	return nil
}

func (s *story) toStaging(ctx context.Context) error {
	err := s.want(wanted{development: "2.4.0", qa: "2.4.0", uat: "2.4.0", staging: "2.4.0", approved: []string{"2.4.0"}})
	if err != nil {
		return err
	}
	if err := s.apply(ctx, "portal_release_deployment.staging[0]", "+ theme 1.0.0"); err != nil {
		return err
	}
	return s.runs("staging", "2.4.0")
}

func (s *story) toProduction(ctx context.Context) error {
	w := wanted{development: "2.4.0", qa: "2.4.0", uat: "2.4.0", staging: "2.4.0", production: "2.4.0", approved: []string{"2.4.0"}}
	if err := s.want(w); err != nil {
		return err
	}
	refused, err := s.refused(ctx, "soak-time", "It will be allowed from")
	if err != nil {
		return err
	}
	if err := s.waitFor(ctx, refused); err != nil {
		return err
	}
	if err := s.apply(ctx, "portal_release_deployment.production[0]"); err != nil {
		return err
	}
	if err := s.runs("production", "2.4.0"); err != nil {
		return err
	}
	say("And then there is nothing left to do:")
	o, err := s.command(ctx, "plan")
	if err != nil {
		return err
	}
	fmt.Print(indent(o.plan(""), "  "))
	return expect(o, "No changes.")
}

func (s *story) shortCut(ctx context.Context) error {
	w := wanted{development: "2.5.0", qa: "2.5.0", uat: "2.5.0", staging: "2.4.0", production: "2.4.0", approved: []string{"2.4.0"}, untested: true}
	say("2.5.0 is on development, qa and uat; its acceptance tests are not run yet.")
	if err := s.want(w); err != nil {
		return err
	}
	if err := s.apply(ctx, "portal_release_deployment.uat[0]", "~ login-portlet 3.1.4 -> 3.2.0", "+ news-portlet 1.0.0"); err != nil {
		return err
	}
	say("Production is in a hurry. Why not now?")
	w.production = "2.5.0"
	if err := s.want(w); err != nil {
		return err
	}
	if _, err := s.refused(ctx, "stage-order", "staging      never deployed", "test missing: acceptance", "approvals: 0 of 1"); err != nil {
		return err
	}
	return s.runs("production", "2.4.0")
}

func (s *story) properly(ctx context.Context) error {
	say("The apply runs the acceptance tests and records their report, and Jane lets the release leave uat.")
	err := s.want(wanted{development: "2.5.0", qa: "2.5.0", uat: "2.5.0", staging: "2.5.0", production: "2.4.0", approved: []string{"2.4.0", "2.5.0"}})
	if err != nil {
		return err
	}
	if err := s.apply(ctx, "portal_release_deployment.staging[0]", "portal_test_result.acceptance[0] will be created"); err != nil {
		return err
	}
	return s.runs("staging", "2.5.0")
}

func (s *story) drift(ctx context.Context) error {
	fmt.Println("\n  $ echo 'quick fix' > env/production/current/theme")
	theme := s.path("env", "production", "current", "theme")
	if err := os.WriteFile(theme, []byte("quick fix\n"), 0o644); err != nil { //nolint:gosec // what is in service is read by everybody
		return err
	}
	if err := s.apply(ctx, "portal_release_deployment.production[0]", `"drifted" -> "running"`, "~ theme"); err != nil {
		return err
	}
	return s.runs("production", "2.4.0")
}

func (s *story) rollback(ctx context.Context) error {
	w := wanted{development: "2.5.0", qa: "2.5.0", uat: "2.5.0", staging: "2.5.0", production: "2.5.0", approved: []string{"2.4.0", "2.5.0"}}
	if err := s.want(w); err != nil {
		return err
	}
	say("2.5.0 has to soak on staging too.")
	o, err := s.terraform.run(ctx, "plan")
	if err != nil {
		return err
	}
	if o.failed {
		if err := s.waitFor(ctx, o); err != nil {
			return err
		}
	}
	if err := s.apply(ctx, "portal_release_deployment.production[0]"); err != nil {
		return err
	}
	if err := s.runs("production", "2.5.0"); err != nil {
		return err
	}
	say("Something is wrong with it. 2.4.0 was proven on production: going back asks for no test and no soak.")
	w.production = "2.4.0"
	if err := s.want(w); err != nil {
		return err
	}
	if err := s.apply(ctx, "portal_release_deployment.production[0]", "~ login-portlet 3.2.0 -> 3.1.4", "- news-portlet 1.0.0"); err != nil {
		return err
	}
	if err := s.runs("production", "2.4.0"); err != nil {
		return err
	}
	say("And 2.5.0 does not come back by mistake:")
	w.production = "2.5.0"
	if err := s.want(w); err != nil {
		return err
	}
	if _, err := s.refused(ctx, "rolled-back"); err != nil {
		return err
	}
	w.production = "2.4.0" // as it is left for looking at
	return s.want(w)
}

func (s *story) path(elements ...string) string {
	return filepath.Join(append([]string{s.dir}, elements...)...)
}

// command runs a command and shows it.
func (s *story) command(ctx context.Context, arguments ...string) (output, error) {
	fmt.Printf("\n  $ %s %s\n", filepath.Base(s.terraform.path), strings.Join(arguments, " "))
	return s.terraform.run(ctx, arguments...)
}

// apply applies, shows what was planned, of one resource in detail, and expects
// to find the texts in it.
func (s *story) apply(ctx context.Context, detailed string, texts ...string) error {
	o, err := s.command(ctx, "apply", "-auto-approve")
	if err != nil {
		return err
	}
	if o.failed {
		return fmt.Errorf("the apply failed:\n%s", o.text)
	}
	fmt.Print(indent(o.plan(detailed), "  "))
	return expect(o, append(texts, "Apply complete!")...)
}

// refused plans, and expects a refusal by the rule that has the texts in it.
func (s *story) refused(ctx context.Context, rule string, texts ...string) (output, error) {
	o, err := s.command(ctx, "plan")
	if err != nil {
		return o, err
	}
	if !o.failed {
		return o, fmt.Errorf("%s should have refused this, and did not:\n%s", rule, o.text)
	}
	fmt.Print(indent(o.refusal(), "  "))
	return o, expect(o, append(texts, "Error: "+rule+":")...)
}

func expect(o output, texts ...string) error {
	for _, text := range texts {
		if !strings.Contains(o.text, text) {
			return fmt.Errorf("%q is not in what was printed:\n%s", text, o.text)
		}
	}
	return nil
}

var allowedFrom = regexp.MustCompile(`It will be allowed from\s+(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)`)

// waitFor waits until the time that a refusal gives.
func (s *story) waitFor(ctx context.Context, refused output) error {
	found := allowedFrom.FindStringSubmatch(refused.text)
	if found == nil {
		return fmt.Errorf("the refusal gives no time:\n%s", refused.text)
	}
	at, err := time.Parse(time.RFC3339, found[1])
	if err != nil {
		return err
	}
	say("So wait until " + found[1] + ".")
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(at)):
		return nil
	}
}

// runs looks at the files themselves: what is in service on an environment.
func (s *story) runs(environment, release string) error {
	themes := map[string]string{"2.4.0": "Theme 1.0.0: grey on white\n", "2.5.0": "Theme 1.1.0: white on blue\n"}
	text, err := os.ReadFile(s.path("env", environment, "current", "theme"))
	if err != nil {
		return err
	}
	if string(text) != themes[release] {
		return fmt.Errorf("%s should run %s, and its theme is %q", environment, release, text)
	}
	link, err := os.Readlink(s.path("env", environment, "current"))
	if err != nil {
		return err
	}
	fmt.Printf("\n  env/%s/current -> %s\n  env/%s/current/theme: %s", environment, link, environment, text)
	return nil
}

func say(text string) { fmt.Printf("\n%s\n", text) }

func rule(title string) string {
	return "── " + title + " " + strings.Repeat("─", max(3, 76-len(title)))
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by) + "\n"
}
