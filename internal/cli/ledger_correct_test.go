package cli_test

import (
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/cli"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestARecordWhoseClockWasAhead(t *testing.T) {
	r := shop(t)
	const future = "Warning: The newest entry of \"shop\" is of 2200-01-06T11:15:00Z, and the clock says 2200-01-06T10:15:00Z: one of the two clocks is wrong.\n" +
		"If this clock is wrong, correct it. If it is right, run: portal ledger mend-clock --pipeline shop --reason TEXT. Until then no soak time counts, and no freeze ends.\n"
	r.run("ledger", "mend-clock", "--reason", "ntp").mustBe(t, cli.ExitCannotRun, "", "Error: no entry lies in the future\n"+
		"The newest entry of \"shop\" is of 2200-01-06T11:15:00Z, and the clock says 2200-01-06T11:15:00Z. There is nothing to correct.\n")
	r.now = r.now.Add(-time.Hour)
	r.run("ledger", "verify").mustBe(t, cli.ExitDone, "shop  entries: 14  14:SHA256  ok\n\n"+future, "")
	r.run("ledger", "mend-clock").mustBe(t, cli.ExitCannotRun, "", "Error: required flag(s) \"reason\" not set\n")
	r.run("ledger", "mend-clock", "--reason", " ").mustBe(t, cli.ExitCannotRun, "", "Error: the correction of the clock is not valid\nreason: is blank: say why, for those who read the record later\n")
	r.run("ledger", "mend-clock", "--reason", "ntp").mustBe(t, cli.ExitDone, "shop  entry 15:SHA256  its entries count as of now\n", "")
	r.run("ledger", "verify").mustBe(t, cli.ExitDone, "shop  entries: 15  15:SHA256  ok\n", "")
	r.run("log", "--limit", "1").mustBe(t, cli.ExitDone, "   15  2200-01-06T10:15:00Z  ann                   clock.mended           entries of up to 2200-01-06T11:15:00Z were recorded with a clock that was ahead and count as of now: ntp\n", "")
	r.run("log", "--since", "1m", "--kind", "clock").mustBe(t, cli.ExitDone, "   15  2200-01-06T10:15:00Z  ann                   clock.mended           entries of up to 2200-01-06T11:15:00Z were recorded with a clock that was ahead and count as of now: ntp\n", "")
}

// Once the clock is right again, what was deployed a moment before would count as
// having run for a year.
func TestAClockBeforeAllOfARecordMendsNothing(t *testing.T) {
	r := shop(t)
	r.now = r.now.Add(-8760 * time.Hour)
	r.run("ledger", "mend-clock", "--reason", "as the plan said").mustBe(t, cli.ExitCannotRun, "", "Error: the clock is earlier than every entry of pipeline \"shop\"\n"+
		"The clock says 2199-01-06T11:15:00Z, and the first entry is of 2200-01-06T09:01:00Z. Every entry would count as recorded now. That cannot be undone, and "+
		"it would satisfy every soak time once the clock is right. Correct the clock of this machine. If it is right, and was ahead when the pipeline was declared, add --whole-record.\n")
	r.run("ledger", "mend-clock", "--reason", "it was declared by the wrong clock", "--whole-record").mustBe(t, cli.ExitDone, "shop  entry 15:SHA256  its entries count as of now\n", "")
	r.now = r.now.Add(-time.Minute)
	r.run("ledger", "mend-clock", "--reason", "again").mustBe(t, cli.ExitCannotRun, "", "Error: the clock is earlier than every entry of pipeline \"shop\"\n"+
		"The clock says 2199-01-06T11:14:00Z, and the first entry is of 2199-01-06T11:15:00Z. Every entry would count as recorded now. That cannot be undone, and "+
		"it would satisfy every soak time once the clock is right. Correct the clock of this machine. If it is right, and was ahead when the pipeline was declared, add --whole-record.\n")
}

func TestARestoredRecord(t *testing.T) {
	r := shop(t)
	r.run("ledger", "restored", "--reason", "the disk died").mustBe(t, cli.ExitDone, "shop  entry 15:SHA256  deployments get higher epochs than the targets have seen\n", "")
	r.run("log", "--limit", "1").mustBe(t, cli.ExitDone, "   15  2200-01-06T11:15:00Z  ann                   ledger.restored        the ledger is older than what it deploys to (dev, production): the disk died\n", "")
	r.run("ledger", "verify").mustBe(t, cli.ExitDone, "shop  entries: 15  15:SHA256  ok\n", "")
	r.run("ledger", "restored", "--reason", "again", "--json").mustBe(t, cli.ExitDone, "[\n  {\n    \"pipeline\": \"shop\",\n    \"receipt\": \"16:SHA256\"\n  }\n]\n", "")
	empty := newRecord(t)
	empty.pipeline = "bare"
	empty.do(portal.DeclarePipeline{Pipeline: portal.Pipeline{
		Name: "bare", Stages: []portal.Stage{{Name: "dev"}, {Name: "production", After: []string{"dev"}}}, Emergency: portal.DefaultEmergencyPolicy(),
	}})
	empty.run("ledger", "restored", "--reason", "x").mustBe(t, cli.ExitCannotRun, "", "Error: pipeline \"bare\" has no environment\nNothing was deployed by this ledger, so no target can be ahead of it. Check --ledger and --pipeline.\n")
}
