package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func (a *app) checkCommand() *cobra.Command {
	by := ""
	cmd := &cobra.Command{
		Use:   "check RELEASE ENVIRONMENT",
		Short: "Check whether a deployment would be allowed, rule by rule",
		Long: "Check whether a deployment would be allowed, rule by rule. Nothing is recorded.\n\n" +
			"The result is the same as that of the data source portal_promotion_check. Exit code 1: the\n" +
			"deployment would be refused.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("check needs a release and an environment\nFor example: check 2.5.0 production")
			}
			return nil
		},
		ValidArgsFunction: a.completeCheck,
		RunE: a.withLedger(func(ctx context.Context, l *ledger.Ledger, args []string) error {
			actor := a.by()
			if by != "" {
				actor.Name = by
			}
			return a.check(ctx, l, actor, args[0], args[1])
		}),
	}
	cmd.Flags().StringVar(&by, "actor", "", "`NAME` of the person who would deploy, whose own approvals do not count (default: as for the provider)")
	return cmd
}

// checkReport is the verdict on a deployment.
type checkReport struct {
	Pipeline    string       `json:"pipeline"`
	Environment string       `json:"environment"`
	Release     string       `json:"release"` // with the fixes applied on top of it
	Mode        portal.Mode  `json:"mode"`
	Allowed     bool         `json:"allowed"`
	Gates       []gateReport `json:"gates"`
	Way         []wayReport  `json:"way,omitempty"`
	Changes     []string     `json:"changes"`
	EligibleAt  string       `json:"eligible_at,omitempty"`
	Statement   string       `json:"statement,omitempty"`

	wayTable string
	eligible string
}

type gateReport struct {
	Rule   portal.Rule   `json:"rule"`
	Status portal.Status `json:"status"`
	Detail string        `json:"detail"`
	Cure   string        `json:"cure,omitempty"` // only of what is broken
}

type wayReport struct {
	Stage string `json:"stage"`
	Text  string `json:"text"`
}

func (a *app) check(ctx context.Context, l *ledger.Ledger, by portal.Actor, release, environment string) error {
	pipeline, err := a.pipeline(ctx, l)
	if err != nil {
		return err
	}
	var report checkReport
	subjects := portal.Deploy{Environment: environment, Release: release}.Subjects()
	err = l.View(ctx, pipeline, by, subjects, func(f portal.Facts) error {
		proposal, err := f.Check(environment, release)
		if err == nil {
			report = reportCheck(f, proposal)
		}
		return err
	})
	if err != nil {
		return err
	}
	if a.json {
		if err := a.document(report); err != nil {
			return err
		}
	} else {
		a.printCheck(&report)
	}
	if !report.Allowed {
		return errNo
	}
	return nil
}

func reportCheck(f portal.Facts, p *portal.Proposal) checkReport {
	report := checkReport{
		Pipeline: f.Name, Environment: p.Site.Name, Release: p.Effective(), Mode: p.Mode, Allowed: p.Verdict.Allowed(),
		Changes: p.Changes(), Statement: f.LeavingStatement(p), wayTable: p.Verdict.HistoryTable("  "),
	}
	for _, gate := range p.Verdict.Gates() {
		one := gateReport{Rule: gate.Rule, Status: gate.Status, Detail: gate.Detail}
		if gate.Status != portal.Passed {
			one.Cure = gate.Cure
		}
		report.Gates = append(report.Gates, one)
	}
	for _, stage := range p.Verdict.History() {
		report.Way = append(report.Way, wayReport(stage))
	}
	if at := p.Verdict.EligibleAt(); !at.IsZero() {
		report.EligibleAt, report.eligible = portal.FormatTime(at), p.Verdict.Eligible()
	}
	return report
}

func (a *app) printCheck(r *checkReport) {
	may := "may be"
	if !r.Allowed {
		may = "may not be"
	}
	a.printf("%s %s deployed to %s (%s)\n\n", r.Release, may, r.Environment, r.Mode)
	for _, gate := range brokenFirst(r.Gates) { // the columns are as wide as the longest status and rule
		text := gate.Detail
		if gate.Cure != "" {
			text += "\n" + gate.Cure
		}
		a.printf("%-8s  %-19s  %s\n", gate.Status, gate.Rule, hanging(text, 8+2+19+2))
	}
	if r.wayTable != "" {
		a.printf("\nStages before:\n%s", portal.Printable(r.wayTable))
	}
	if len(r.Changes) > 0 {
		a.printf("\nIt would change:\n")
	}
	for _, change := range r.Changes {
		a.printf("  %s\n", portal.OneLine(change))
	}
	if r.eligible != "" {
		a.printf("\n%s\n", r.eligible)
	}
}

// brokenFirst puts what refuses before what warns, and that before the rest.
func brokenFirst(gates []gateReport) []gateReport {
	order := map[portal.Status]int{portal.Refused: 0, portal.Warned: 1}
	rank := func(gate gateReport) int {
		if at, broken := order[gate.Status]; broken {
			return at
		}
		return len(order)
	}
	gates = slices.Clone(gates)
	slices.SortStableFunc(gates, func(a, b gateReport) int { return rank(a) - rank(b) })
	return gates
}
