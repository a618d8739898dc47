package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// fixSoakTime is that of the second part.
const fixSoakTime = time.Second

// The fix of the second part, and the files of examples/fastpath that have it.
const (
	fixName     = "EF-2026-017"
	fixResource = "portal_emergency_fix.fix"
	fixFile     = fixName + ".tf"
	rehearsal   = "rehearsal.tf"
)

// What the login portlet's files say.
const (
	login     = "Login portlet 3.1.4\n"
	loginFix  = "Login portlet 3.1.5: sessions survive the change to summer time\n"
	loginNext = "Login portlet 3.2.1: with single sign-on; sessions survive the change to summer time\n"
)

// situation is what the second root module declares.
type situation struct {
	development, qa, staging, production string
	accepted                             string
	soak                                 string
}

func (n situation) tfvars() string {
	return fmt.Sprintf("versions = {\n  development = %q\n  qa          = %q\n  staging     = %q\n  production  = %q\n}\naccepted  = %q\nsoak_time = %q\n",
		n.development, n.qa, n.staging, n.production, n.accepted, n.soak)
}

func (s *story) underTest(ctx context.Context) error {
	say("Another folder, with a ledger of its own: a copy of examples/fastpath, four stages.\n2.4.0 runs on production. 2.5.0, which is differential, is under test on staging, which is exclusive.")
	n := situation{"2.4.0", "2.4.0", "2.4.0", "2.4.0", "2.4.0", "0s"}
	if err := s.wantText("versions.auto.tfvars", n.tfvars(), false); err != nil {
		return err
	}
	o, err := s.command(ctx, "apply", "-auto-approve")
	if err != nil {
		return err
	}
	fmt.Print(indent(o.lines("Apply complete!"), "  "))
	if err := expect(o, "Apply complete!"); err != nil {
		return err
	}
	say("From now on 2.5.0 is on its way, and the soak time on staging is " + fixSoakTime.String() + ".")
	n = situation{"2.5.0", "2.5.0", "2.5.0", "2.4.0", "2.4.0", fixSoakTime.String()}
	if err := s.wantText("versions.auto.tfvars", n.tfvars(), true); err != nil {
		return err
	}
	if err := s.apply(ctx, "portal_release_deployment.staging[0]", "~ theme 1.0.0 -> 1.1.0"); err != nil {
		return err
	}
	return s.has("staging", "theme", "Theme 1.1.0: white on blue\n")
}

func (s *story) rehearse(ctx context.Context) error {
	say("And now nobody can sign in. There is a corrected login portlet, 3.1.5, and 2.5.0 is in its way.\nWhat would it take? A plan of this file changes nothing, and nothing is recorded:")
	if err := s.bring(rehearsal); err != nil {
		return err
	}
	o, err := s.command(ctx, "plan")
	if err != nil {
		return err
	}
	fmt.Print(indent(o.outputs(), "  "))
	if err := expect(o, `"roll_back staging 2.4.0"`, `"deploy production 2.4.0+rehearsal"`, `"restore staging 2.5.0+rehearsal"`); err != nil {
		return err
	}
	return os.Remove(s.path(rehearsal))
}

func (s *story) unnamed(ctx context.Context) error {
	say("The fix is one file: what it replaces, why it cannot wait, the rules that its author is ready to break, and who approves.\nOne rule was forgotten:")
	if err := s.bring(fixFile, `, "stage-occupied"`, ``); err != nil {
		return err
	}
	fmt.Printf("\n  %s: bypass = [\"stage-order\", \"tests-passed\", \"soak-time\"]\n", fixFile)
	_, err := s.refused(ctx, "stage-occupied", "2.5.0 is under test on staging")
	return err
}

func (s *story) fix(ctx context.Context) error {
	say("With it named, the plan is what will be done, step by step, and every rule that it breaks:")
	if err := s.bring(fixFile); err != nil {
		return err
	}
	o, err := s.command(ctx, "apply", "-auto-approve")
	if err != nil {
		return err
	}
	if o.failed {
		return fmt.Errorf("the apply failed:\n%s", o.text)
	}
	fmt.Print(indent(o.outputs(), "  "))
	err = expect(o,
		"stage-occupied (staging)", "stage-order (production)", "tests-passed (production)", "soak-time (production)",
		"suspend staging 2.5.0", "roll_back staging 2.4.0", "deploy staging 2.4.0+"+fixName, "test staging 2.4.0+"+fixName,
		"deploy production 2.4.0+"+fixName, "restore staging 2.5.0+"+fixName, "resume staging 2.5.0+"+fixName,
		fixResource+": Creation complete", "Apply complete!")
	if err != nil {
		return err
	}
	say("Production has the fix and nothing else. Staging has 2.5.0 again, and the fix with it.")
	return errors.Join(
		s.has("production", "login-portlet", loginFix), s.has("production", "theme", "Theme 1.0.0: grey on white\n"),
		s.has("staging", "login-portlet", loginFix), s.has("staging", "theme", "Theme 1.1.0: white on blue\n"),
	)
}

func (s *story) carried(ctx context.Context) error {
	say("From now on every deployment carries the fix. A release that would lose it is refused, from the first stage on:")
	if err := s.register(`"2.6.0" = { components = { theme = "1.1.0", login-portlet = "3.2.0" } }`); err != nil {
		return err
	}
	n := situation{"2.6.0", "2.5.0", "2.5.0", "2.4.0", "2.4.0", fixSoakTime.String()}
	if err := s.wantText("versions.auto.tfvars", n.tfvars(), true); err != nil {
		return err
	}
	if _, err := s.refused(ctx, "fix-regression", fixName+" put login-portlet 3.1.5"); err != nil {
		return err
	}
	say("2.5.0 is accepted on staging, and takes the fix along to production.")
	n = situation{"2.5.0", "2.5.0", "2.5.0", "2.5.0", "2.5.0", fixSoakTime.String()}
	if err := s.wantText("versions.auto.tfvars", n.tfvars(), true); err != nil {
		return err
	}
	if err := s.applySoaked(ctx, "portal_release_deployment.production[0]", "2.5.0+"+fixName); err != nil {
		return err
	}
	return s.has("production", "login-portlet", loginFix)
}

func (s *story) contained(ctx context.Context) error {
	say("2.6.1 has the correction in a newer login portlet, and says so: it incorporates " + fixName + ".")
	if err := s.register(`"2.6.1" = { components = { theme = "1.1.0", login-portlet = "3.2.1" }, incorporates = ["` + fixName + `"] }`); err != nil {
		return err
	}
	n := situation{"2.6.1", "2.6.1", "2.6.1", "2.5.0", "2.6.1", fixSoakTime.String()}
	if err := s.wantText("versions.auto.tfvars", n.tfvars(), true); err != nil {
		return err
	}
	if err := s.apply(ctx, "portal_release_deployment.staging[0]", "~ login-portlet 3.1.5 -> 3.2.1"); err != nil {
		return err
	}
	n.production = "2.6.1"
	if err := s.wantText("versions.auto.tfvars", n.tfvars(), true); err != nil {
		return err
	}
	if err := s.applySoaked(ctx, "portal_release_deployment.production[0]", `-> "2.6.1"`); err != nil {
		return err
	}
	if err := s.has("production", "login-portlet", loginNext); err != nil {
		return err
	}
	say("That is all the fix was waiting for. Nobody has to say that it is reconciled:")
	o, err := s.command(ctx, "apply", "-refresh-only", "-auto-approve")
	if err != nil {
		return err
	}
	fmt.Print(indent(o.lines(`"reconciled"`), "  "))
	return expect(o, `"applied" -> "reconciled"`)
}

func (s *story) review(ctx context.Context) error {
	say("What is still owed is the review.")
	if err := s.bring(fixFile, "# review", "review", "…", "The check of the calendar was missing; it is there now."); err != nil {
		return err
	}
	fmt.Printf("\n  %s: review = { reviewer = \"carol@example.com\", outcome = \"accepted\", notes = \"…\" }\n", fixFile)
	o, err := s.command(ctx, "apply", "-auto-approve")
	if err != nil {
		return err
	}
	fmt.Print(indent(o.plan(fixResource), "  "))
	if err := expect(o, fixResource+" will be updated in-place", "Apply complete!"); err != nil {
		return err
	}
	return s.fixRecord(ctx)
}

// fixRecord shows the ledger's entries about the fix.
func (s *story) fixRecord(ctx context.Context) (err error) {
	engine, err := engines.Open(ctx, "sqlite:"+s.path(".portal", "ledger.db"))
	if err != nil {
		return err
	}
	record := ledger.New(engine)
	defer func() { err = errors.Join(err, record.Close()) }()
	entries, err := record.Entries(ctx, "intranet", 0, 1000)
	if err != nil {
		return err
	}
	fmt.Printf("\nWhat the ledger has of it:\n\n")
	found := map[string]int{}
	for _, stored := range entries {
		entry, event, err := portal.ReadEntry(stored.Bytes)
		if err != nil {
			return err
		}
		text := ""
		switch e := event.(type) {
		case portal.FixStepEnded:
			text = fmt.Sprintf("%s %s %s %s", e.Action, e.Environment, e.Release, e.Outcome)
		case portal.FixReconciled:
			text = "by " + e.Release
		case portal.FixReviewed:
			text = e.Review.Outcome + " by " + e.Review.Reviewer
		}
		if strings.HasPrefix(entry.Kind, "fix.") && entry.Kind != (portal.FixStepStarted{}).Kind() {
			found[entry.Kind]++
			line := fmt.Sprintf("%5d  %s  %-15s %s", entry.Number, entry.At.Format(time.RFC3339), entry.Kind, strings.Join(strings.Fields(text), " "))
			fmt.Println(strings.TrimRight(line, " "))
		}
	}
	if found["fix.opened"] != 1 || found["fix.step.ended"] != 11 || found["fix.finished"] != 1 || found["fix.reconciled"] != 1 || found["fix.reviewed"] != 1 {
		return fmt.Errorf("the ledger should have a fix of eleven steps, reconciled and reviewed: %v", found)
	}
	if err := record.Verify(ctx, "intranet"); err != nil {
		return fmt.Errorf("the ledger does not fit together: %w", err)
	}
	return nil
}

// applySoaked applies when the soak time is over.
func (s *story) applySoaked(ctx context.Context, detailed string, texts ...string) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(fixSoakTime):
	}
	return s.apply(ctx, detailed, texts...)
}

// bring copies a file of the folder emergency to where the root module is, with
// texts replaced.
func (s *story) bring(name string, replaced ...string) error {
	text, err := os.ReadFile(s.path("emergency", name))
	if err != nil {
		return err
	}
	for i := 0; i < len(replaced); i += 2 {
		if !bytes.Contains(text, []byte(replaced[i])) {
			return fmt.Errorf("%s does not have %q", name, replaced[i])
		}
	}
	copied := strings.NewReplacer(replaced...).Replace(string(text))
	before, rest, alone := strings.Cut(copied, "terraform {")
	if !alone {
		fmt.Printf("\n  $ cp emergency/%s .\n", name)
		return os.WriteFile(s.path(name), []byte(copied), 0o600)
	}
	// It could stand alone; main.tf has the block already.
	_, after, _ := strings.Cut(rest, "\n}\n")
	fmt.Printf("\n  $ sed '/^terraform {/,/^}/d' emergency/%s > %s\n", name, name)
	return os.WriteFile(s.path(name), []byte(before+after), 0o600)
}

// register adds a release to the file that has them.
func (s *story) register(line string) error {
	const name = "releases.auto.tfvars"
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		return err
	}
	return s.wantText(name, strings.TrimSuffix(strings.TrimSpace(string(text)), "}")+"  "+line+"\n}\n", true)
}

// has looks at a file itself: what is in service on an environment.
func (s *story) has(environment, component, content string) error {
	text, err := os.ReadFile(s.path("env", environment, "current", component))
	if err != nil {
		return err
	}
	if string(text) != content {
		return fmt.Errorf("%s of %s should be %q, and is %q", component, environment, content, text)
	}
	fmt.Printf("\n  env/%s/current/%s: %s", environment, component, text)
	return nil
}
