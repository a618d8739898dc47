package cli_test

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/cli"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

const advice = `
The ledger was damaged or changed. Do not deploy with this ledger until you know what happened: keep a copy
of it and compare it with a backup. ledger rebuild rebuilds the derived state from the entries; it cannot
recover entries.
`

// forge edits the file of a record, as its owner could.
func (r *record) forge() *record {
	r.t.Helper()
	if err := r.Close(); err != nil {
		r.t.Fatal(err)
	}
	file, err := os.ReadFile(r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	forged := bytes.ReplaceAll(file, []byte("https://files.example/app-1.0.0"), []byte("https://other.example/app-1.0.0"))
	if bytes.Equal(forged, file) {
		r.t.Fatal("nothing was forged")
	}
	if err := os.WriteFile(r.path, forged, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return r
}

// tamper changes what is stored beside the entries.
func (r *record) tamper() *record {
	r.t.Helper()
	if err := r.Close(); err != nil {
		r.t.Fatal(err)
	}
	engine, err := engines.Open(r.t.Context(), "sqlite:"+r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	err = engine.Write(r.t.Context(), func(tx ledger.WriteTx) error {
		return tx.PutEntity("shop", portal.Entity{EntityKey: portal.EntityKey{Kind: portal.EntityRelease, Key: "1.0.0"}, Body: []byte(`{}`)})
	})
	if err := errors.Join(err, engine.Close()); err != nil {
		r.t.Fatal(err)
	}
	return r
}

// restate notes an older version of the stored state, or another head.
func (r *record) restate(projection int, derived ...ledger.Derived) *record {
	r.t.Helper()
	engine, err := engines.Open(r.t.Context(), "sqlite:"+r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	err = engine.Write(r.t.Context(), func(tx ledger.WriteTx) error { return tx.Restate(derived, projection) })
	if err := errors.Join(err, engine.Close()); err != nil {
		r.t.Fatal(err)
	}
	return r
}

// closed is a record that nobody writes any more.
func (r *record) closed() *record {
	r.t.Helper()
	if err := r.Close(); err != nil {
		r.t.Fatal(err)
	}
	return r
}

func headless(t *testing.T) *record {
	return shop(t).closed().restate(portal.Projection, ledger.Derived{Pipeline: "shop", Head: 20, HeadAt: time.Unix(0, 0)})
}

func forgedAndOlder(t *testing.T) *record { return forged(t).restate(portal.Projection - 1) }

func forged(t *testing.T) *record   { return twoPipelines(t).forge() }
func tampered(t *testing.T) *record { return twoPipelines(t).tamper() }

func TestVerifyAndRebuild(t *testing.T) {
	for _, c := range []struct {
		name   string
		record func(*testing.T) *record
		args   []string
		code   int
		want   string
	}{
		{"verify a pipeline", shop, []string{"verify"}, cli.ExitDone, "shop  entries: 14  14:SHA256  ok\n"},
		{
			"verify every pipeline", twoPipelines,
			[]string{"verify"},
			cli.ExitDone,
			"intranet  entries: 12  12:SHA256  ok\nshop      entries: 14  14:SHA256  ok\n",
		},
		{"verify one of two pipelines", twoPipelines, []string{"verify", "--pipeline", "shop"}, cli.ExitDone, "shop  entries: 14  14:SHA256  ok\n"},
		{"verify a ledger without pipelines", newRecord, []string{"verify"}, cli.ExitDone, "The ledger has no pipelines.\n"},
		{"verify a ledger without pipelines, as JSON", newRecord, []string{"verify", "--json"}, cli.ExitDone, "{\n  \"ok\": true,\n  \"pipelines\": []\n}\n"},
		{"verify as JSON", shop, []string{"verify", "--json"}, cli.ExitDone, `{
  "ok": true,
  "pipelines": [
    {
      "pipeline": "shop",
      "entries": 14,
      "head": "14:SHA256",
      "ok": true
    }
  ]
}
`},
		{
			"verify finds an entry that was changed, and the pipeline that was not", forged,
			[]string{"verify"},
			cli.ExitNo,
			"intranet  entries: 12  12:SHA256  ok\nshop      entries: 14  14:SHA256  entry 4 is inconsistent: its bytes have the sha256 SHA256, but SHA256 is recorded\n" + advice,
		},
		{"verify says as JSON which entry was changed", forged, []string{"verify", "--json", "--pipeline", "shop"}, cli.ExitNo, `{
  "ok": false,
  "pipelines": [
    {
      "pipeline": "shop",
      "entries": 14,
      "head": "14:SHA256",
      "ok": false,
      "entry": 4,
      "problem": "its bytes have the sha256 SHA256, but SHA256 is recorded"
    }
  ]
}
`},
		{
			"verify counts the entries that are there", headless,
			[]string{"verify"},
			cli.ExitNo,
			"shop  entries: 14  14:SHA256  inconsistent: the head is entry 20, but the newest entry is 14\n" + advice,
		},
		{
			"rebuild what fits, and name what does not", forgedAndOlder,
			[]string{"rebuild"},
			cli.ExitNo,
			"intranet  entries: 12  12:SHA256  rebuilt\nshop      entries: 14  14:SHA256  entry 4 is inconsistent: its bytes have the sha256 SHA256, but SHA256 is recorded\n" + advice,
		},
		{
			"rebuild one whatever becomes of others", forgedAndOlder,
			[]string{"rebuild", "--pipeline", "intranet"},
			cli.ExitDone,
			"intranet  entries: 12  12:SHA256  rebuilt\n",
		},
		{
			"rebuild what a newer version has noted", func(t *testing.T) *record { return shop(t).closed().restate(portal.Projection + 1) },
			[]string{"rebuild", "--downgrade"},
			cli.ExitDone,
			"shop  entries: 14  14:SHA256  rebuilt\n",
		},
		{"verify does not look at other pipelines", forged, []string{"verify", "--pipeline", "intranet"}, cli.ExitDone, "intranet  entries: 12  12:SHA256  ok\n"},
		{
			"verify finds stored state that was changed", tampered,
			[]string{"verify", "--pipeline", "shop"},
			cli.ExitNo,
			"shop  entries: 14  14:SHA256  inconsistent: the stored release \"1.0.0\" does not match the entries\n" + advice,
		},
		{
			"rebuild every pipeline", tampered,
			[]string{"rebuild"},
			cli.ExitDone,
			"intranet  entries: 12  12:SHA256  rebuilt\nshop      entries: 14  14:SHA256  rebuilt\n",
		},
		{
			"rebuild from entries that do not fit", forged,
			[]string{"rebuild", "--pipeline", "shop"},
			cli.ExitNo,
			"shop  entries: 14  14:SHA256  entry 4 is inconsistent: its bytes have the sha256 SHA256, but SHA256 is recorded\n" + advice,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.record(t).run(append([]string{"ledger"}, c.args...)...).mustBe(t, c.code, c.want, "")
		})
	}
}

func TestWhatWasRebuiltIsVerified(t *testing.T) {
	r := tampered(t)
	if got := r.run("ledger", "verify"); got.code != cli.ExitNo {
		t.Fatalf("before: %+v", got)
	}
	if got := r.run("ledger", "rebuild", "--pipeline", "shop"); got.code != cli.ExitDone {
		t.Fatalf("%+v", got)
	}
	if got := r.run("ledger", "verify"); got.code != cli.ExitDone {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestExportHasTheStoredBytes(t *testing.T) {
	for _, c := range []struct {
		name      string
		args      []string
		pipelines []string
	}{
		{"every pipeline, one after the other", nil, []string{"intranet", "shop"}},
		{"one pipeline", []string{"--pipeline", "shop"}, []string{"shop"}},
		{"that are JSON already", []string{"--pipeline", "shop", "--json"}, []string{"shop"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := twoPipelines(t)
			var want strings.Builder
			for _, pipeline := range c.pipelines {
				err := r.Scan(t.Context(), pipeline, time.Time{}, func(entry ledger.StoredEntry) error {
					want.Write(entry.Bytes)
					want.WriteByte('\n')
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			got := r.run(append([]string{"ledger", "export"}, c.args...)...)
			if got.code != cli.ExitDone || got.stderr != "" || got.stdout != want.String() {
				t.Errorf("%+v", got)
			}
			for _, line := range strings.Split(strings.TrimSuffix(got.stdout, "\n"), "\n") {
				if _, _, err := portal.ReadEntry([]byte(line)); err != nil {
					t.Errorf("%v: %s", err, line)
				}
			}
		})
	}
}

// TestAnOlderLedgerIsOnlyRead runs every command that reads on a ledger whose stored
// state is older: they say the same as of one that is not, and leave it as it is.
func TestAnOlderLedgerIsOnlyRead(t *testing.T) {
	now, older := twoPipelines(t).closed(), twoPipelines(t).closed().restate(portal.Projection-1)
	file := func() string {
		text, err := os.ReadFile(older.path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := file()
	for _, args := range [][]string{
		{"log", "--pipeline", "shop"},
		{"log", "--pipeline", "shop", "--since", "90m"},
		{"check", "1.1.0", "production", "--pipeline", "shop"},
		{"ledger", "verify"},
		{"ledger", "export"},
		{"__complete", "check", "--pipeline", "shop", ""},
		{"__complete", "log", "--pipeline", "shop", "--environment", ""},
		{"__complete", "log", "--pipeline", "intranet", "--fix", ""},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			want, got := now.run(args...), older.run(args...)
			ids := regexp.MustCompile(`[0-9a-f]{32,}`) // a ledger's id, and what has it in it
			want.stdout, got.stdout = ids.ReplaceAllString(want.stdout, "ID"), ids.ReplaceAllString(got.stdout, "ID")
			if got != want {
				t.Errorf("it says\n%+v\nand of one that is not older\n%+v", got, want)
			}
			if file() != before {
				t.Error("the ledger was changed")
			}
		})
	}
}

func TestWhatANewerVersionHasNotedIsTold(t *testing.T) {
	got := shop(t).closed().restate(portal.Projection+1).run("check", "1.1.0", "production")
	if got.code != cli.ExitCannotRun || !strings.Contains(got.stderr, "ledger rebuild --downgrade") {
		t.Errorf("%+v", got)
	}
}
