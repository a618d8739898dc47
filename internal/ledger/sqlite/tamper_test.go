package sqlite_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// An edit is what the owner of the file does to it, with the triggers out of
// the way.
type edit struct {
	name string
	do   string
	// rewrite gives statements that depend on the entries, instead of do.
	rewrite func(entries []ledger.StoredEntry) string
	// entry is the number of the entry that is named; 0: none is at fault.
	entry int64
	// undetectable is the reason why Verify cannot see it; "" where it does.
	undetectable string
}

func edits(newest int64) []edit {
	all := []edit{
		{name: "entry: bytes of the first", entry: 1, do: `UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), 'ann', 'eve') AS BLOB) WHERE number = 1`},
		{name: "entry: bytes of the newest", entry: newest, do: `UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), 'ann', 'eve') AS BLOB) WHERE number = (SELECT max(number) FROM entry)`},
		{name: "entry: a byte more", entry: 2, do: `UPDATE entry SET bytes = CAST(bytes || ' ' AS BLOB) WHERE number = 2`},
		{name: "entry: sha256", entry: 2, do: `UPDATE entry SET sha256 = lower(hex(randomblob(32))) WHERE number = 2`},
		{name: "entry: id", entry: 2, do: `UPDATE entry SET id = 'x' WHERE number = 2`},
		{name: "entry: kind", entry: 2, do: `UPDATE entry SET kind = 'x' WHERE number = 2`},
		{name: "entry: newest deleted", do: `DELETE FROM entry WHERE number = (SELECT max(number) FROM entry)`},
		{name: "entry: middle deleted", entry: 4, do: `DELETE FROM entry WHERE number = 4`},
		{name: "entry: first deleted", entry: 1, do: `DELETE FROM entry WHERE number = 1`},
		{name: "entry: all deleted", do: `DELETE FROM entry`},
		{name: "entry: middle deleted and the gap closed", entry: 4, do: `DELETE FROM entry WHERE number = 4; UPDATE entry SET number = -number + 1 WHERE number > 4; UPDATE entry SET number = -number WHERE number < 0; UPDATE head SET number = number - 1`},
		{name: "entry: renumbered", entry: 4, do: `UPDATE entry SET number = 1000 WHERE number = 4`},
		{name: "entry: two exchanged", entry: 4, do: `UPDATE entry SET number = -1 WHERE number = 4; UPDATE entry SET number = 4 WHERE number = 5; UPDATE entry SET number = 5 WHERE number = -1`},
		{name: "entry: one added", entry: newest + 1, do: `INSERT INTO entry SELECT pipeline, number + 1, 'x', kind, bytes, sha256 FROM entry ORDER BY number DESC LIMIT 1; UPDATE head SET number = number + 1`},
		{name: "entry: one added before the first", entry: -5, do: `INSERT INTO entry SELECT pipeline, -5, 'x', kind, bytes, sha256 FROM entry WHERE number = 1`},
		{name: "entry: moved to another pipeline", entry: 1, do: `UPDATE entry SET pipeline = 'other' WHERE number = 1`},
		{name: "entry: of another ledger", entry: 1, do: `UPDATE meta SET value = lower(hex(randomblob(16))) WHERE key = 'ledger'`},
		{name: "entry: newest deleted, with its head, where the stored state has it", do: `DELETE FROM entry WHERE number >= (SELECT max(number) FROM entry) - 1; UPDATE head SET number = number - 2`},
		{name: "entry: rewritten with its hash, where a receipt in the stored state has it", rewrite: rewrite("release.registered")},
		{name: "entry: of an earlier time than the one before", entry: newest, rewrite: earlier},
		{name: "head: moved on", do: `UPDATE head SET number = number + 1`},
		{name: "head: moved back", do: `UPDATE head SET number = number - 1`},
		{name: "head: time", do: `UPDATE head SET at = at + 1`},
		{name: "head: deleted", do: `DELETE FROM head`},
		{name: "entity: claim taken away", do: `UPDATE entity SET claim = NULL WHERE key = 'dev'`},
		{name: "entity: claim exchanged", do: `UPDATE entity SET claim = '/srv/other' WHERE key = 'dev'`},
		{name: "lease: deleted", do: `DELETE FROM lease`},
		{name: "lease: another epoch", do: `UPDATE lease SET epoch = epoch + 1`},
		{name: "lease: added", do: `INSERT INTO lease VALUES ('shop', 'dev', 1, 0, '')`},
		{name: "lease: for an environment that is not there", do: `INSERT INTO lease VALUES ('shop', 'x', 1, 0, '')`},

		{
			name: "lease: another end", do: `UPDATE lease SET expires = expires + 1`,
			undetectable: "renewing a lease is no entry; epochs keep a late holder out whatever it says",
		},
		{
			name: "lease: another holder", do: `UPDATE lease SET holder = 'another'`,
			undetectable: "who holds a lease is no entry; epochs keep a late holder out whatever it says",
		},
		{
			name: "entity: claim given where there is none", do: `UPDATE entity SET claim = '/srv/other' WHERE kind = 'freeze'`,
			undetectable: "it can only refuse a target to others, and is gone with the next write",
		},
		{
			name: "kind: deleted", do: `DELETE FROM kind`,
			undetectable: "it only tells older versions of the provider what they do not know; no decision reads it",
		},
		{
			name: "meta: an older stored state", do: `UPDATE meta SET value = '0' WHERE key = 'projection'`,
			undetectable: "the stored state is made again from the entries before anybody reads it",
		},
		{
			name: "entity: of a kind that is not read", do: `INSERT INTO entity VALUES ('shop', 'x', 'x', NULL, x'7b7d')`,
			undetectable: "no decision reads it",
		},
		{
			name: "entry: newest deleted, with its head, where nothing else has it", rewrite: dropRefusal,
			undetectable: "nothing else speaks of it: a checkpoint or receipt kept elsewhere tells",
		},
		{
			name: "entry: rewritten with its hash, where nothing else has it", rewrite: rewrite("deployment.refused"),
			undetectable: "nothing else speaks of it: a receipt kept elsewhere tells",
		},
		{
			name: "everything: a pipeline deleted", do: `DELETE FROM entry; DELETE FROM head; DELETE FROM entity; DELETE FROM lease`,
			undetectable: "it looks like one that never was: a receipt kept elsewhere tells",
		},
	}
	for _, kind := range portal.EntityKinds() {
		all = append(
			all,
			edit{name: "entity: edited " + string(kind), do: fmt.Sprintf(`UPDATE entity SET body = CAST(replace(CAST(body AS TEXT), ':"', ':"x') AS BLOB) WHERE kind = '%s'`, kind)},
			edit{name: "entity: deleted " + string(kind), do: fmt.Sprintf(`DELETE FROM entity WHERE kind = '%s'`, kind)},
			edit{name: "entity: added " + string(kind), do: fmt.Sprintf(`INSERT INTO entity SELECT pipeline, kind, key || 'x', NULL, body FROM entity WHERE kind = '%s' LIMIT 1`, kind)},
			edit{name: "entity: renamed " + string(kind), do: fmt.Sprintf(`UPDATE entity SET key = key || 'x' WHERE kind = '%s'`, kind)},
		)
	}
	return all
}

// rewrite changes who has recorded an entry of that kind, and its hash with it.
func rewrite(kind string) func([]ledger.StoredEntry) string {
	return func(entries []ledger.StoredEntry) string {
		for _, entry := range entries {
			if entry.Kind == kind {
				forged := bytes.ReplaceAll(entry.Bytes, []byte(`"ann"`), []byte(`"eve"`))
				return fmt.Sprintf(`UPDATE entry SET bytes = x'%x', sha256 = '%s' WHERE number = %d`, forged, portal.HashEntry(forged), entry.Number)
			}
		}
		return ""
	}
}

// earlier moves the newest entry to before the one that it follows, and the head
// with it.
func earlier(entries []ledger.StoredEntry) string {
	newest := entries[len(entries)-1]
	entry, event, _ := portal.ReadEntry(newest.Bytes)
	at := entry.At.Add(-time.Hour)
	_, forged, _ := portal.NewEntry(entry.Ledger, entry.Pipeline, entry.Number, entry.ID, at, entry.By, event)
	return fmt.Sprintf(`UPDATE entry SET bytes = x'%x', sha256 = '%s' WHERE number = %d; UPDATE head SET at = %d`, forged, portal.HashEntry(forged), entry.Number, at.UnixMicro())
}

// dropRefusal deletes the newest entry, which is a refusal.
func dropRefusal(entries []ledger.StoredEntry) string {
	before, _, _ := portal.ReadEntry(entries[len(entries)-2].Bytes)
	return fmt.Sprintf(`DELETE FROM entry WHERE number = %d; UPDATE head SET number = %d, at = %d`, before.Number+1, before.Number, before.At.UnixMicro())
}

func TestVerifyNamesTampering(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	original := filepath.Join(t.TempDir(), "portal.db")
	engine := mustOpen(t, original)
	entries := fill(t, ledger.New(engine))
	engine.Close()
	file, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(t *testing.T, statements string) error {
		path := filepath.Join(t.TempDir(), "portal.db")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		engine := mustOpen(t, path)
		if statements != "" {
			mustExec(t, engine, `DROP TRIGGER entry_follows_the_newest; DROP TRIGGER entry_is_never_changed; DROP TRIGGER entry_is_never_deleted`)
			if changed, err := engine.Exec(t.Context(), statements); err != nil || changed == 0 {
				t.Fatalf("%s: %d rows, %v", statements, changed, err)
			}
		}
		engine.Close()
		return ledger.New(mustOpen(t, path)).Verify(t.Context(), "shop")
	}
	if err := verify(t, ""); err != nil {
		t.Fatalf("with nothing edited: %v", err)
	}
	for _, c := range edits(int64(len(entries))) {
		t.Run(c.name, func(t *testing.T) {
			if c.rewrite != nil {
				c.do = c.rewrite(entries)
			}
			err := verify(t, c.do)
			var corrupt *ledger.CorruptError
			switch {
			case c.undetectable != "" && err != nil:
				t.Errorf("it was found (%v), and is listed as undetectable: %s", err, c.undetectable)
			case c.undetectable == "" && !errors.As(err, &corrupt):
				t.Errorf("it was not found: %v", err)
			case corrupt != nil && corrupt.Number != c.entry:
				t.Errorf("entry %d is named, not %d: %v", corrupt.Number, c.entry, err)
			}
		})
	}
}

// fill records something of every kind, a refusal at last, and returns all
// entries.
func fill(t *testing.T, l *ledger.Ledger) []ledger.StoredEntry {
	t.Helper()
	if err := declare(t, l, "shop"); err != nil {
		t.Fatal(err)
	}
	environment := func(name, stage string) portal.DeclareEnvironment {
		return portal.DeclareEnvironment{Environment: portal.Environment{
			Name: name, Stage: stage, Lane: portal.LaneRegular,
			Target: portal.Target{Kind: "directory", Address: "/srv/" + name, Config: json.RawMessage(`{}`)},
		}}
	}
	release := portal.Release{Version: "1.0.0", Type: portal.Full, Components: map[string]portal.Component{
		"app": {Version: "1", Kind: portal.DefaultKind, Source: "https://files.example/app", SHA256: portal.HashEntry(nil)},
	}}
	deploy := func(environment string) portal.StartDeployment {
		return portal.StartDeployment{Deploy: portal.Deploy{Environment: environment, Release: "1.0.0"}}
	}
	for _, c := range []portal.Command{
		environment("dev", "dev"), environment("dev-2", "dev"), environment("prod", "prod"),
		portal.RegisterRelease{Release: release},
		portal.RecordApproval{Release: "1.0.0", Stage: "dev", Approver: "carl"},
		portal.DeclareFreeze{Freeze: portal.Freeze{Name: "holidays", StartsAt: time.Unix(0, 0), EndsAt: time.Unix(1, 0), Reason: "holidays"}},
		deploy("dev"),
		portal.EndDeployment{Environment: "dev", Epoch: 3, Outcome: portal.Succeeded},
		portal.OpenFix{FixWish: portal.FixWish{
			Fix: portal.Fix{
				Name: "EF-1", Environments: []string{"dev"}, Strategy: portal.StrategyAuto,
				Components:    map[string]portal.Component{"app": {Version: "2", Kind: portal.DefaultKind, Source: "https://files.example/app-2", SHA256: portal.HashEntry([]byte("2"))}},
				Justification: portal.Justification{Reason: "it is down", Incident: "INC-1", Severity: "1", RequestedBy: "dora", WhyNotNormalPath: "it takes days"},
			},
			Approvals: map[string]string{"carl": ""},
		}},
		deploy("dev-2"),
		portal.RecordTest{Environment: "dev", Release: "1.0.0", Suite: "smoke", Passed: true, ReportSHA256: portal.HashEntry([]byte("report")), ReportDated: true},
		portal.RecordRefusal{Environment: "prod", Release: "1.0.0", Refusal: &portal.RefusalError{}},
	} {
		if _, err := l.Record(t.Context(), "shop", actor, c); err != nil {
			t.Fatalf("%T: %v", c, err)
		}
	}
	entries, err := l.Entries(t.Context(), "shop", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}
