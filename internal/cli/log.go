package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// logFilter says which entries are shown.
type logFilter struct {
	since       string
	kinds       []string
	release     string
	environment string
	fix         string
	limit       int
}

func (a *app) logCommand() *cobra.Command {
	var f logFilter
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Show the entries, oldest first",
		Long: "Show the entries, oldest first: number, time, actor, kind and what happened. With --json each line\n" +
			"is an entry with its event and its receipt. Exit code 2: the release, environment or fix that was\n" +
			"given does not occur in the ledger.",
		Args: cobra.NoArgs,
		RunE: a.withLedger(func(ctx context.Context, l *ledger.Ledger, _ []string) error {
			return a.log(ctx, l, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "only entries since this `TIME`: a day in UTC (2026-11-20), a time (2026-11-20T09:00:00Z) or how long ago (90m, 3d)")
	flags.StringSliceVar(&f.kinds, "kind", nil, "only entries of this `KIND`, such as deployment.ended, or deployment for all kinds that begin with it; may be repeated")
	flags.StringVar(&f.release, "release", "", "only entries about the release with this `VERSION`")
	flags.StringVar(&f.environment, "environment", "", "only entries about the environment with this `NAME`")
	flags.StringVar(&f.fix, "fix", "", "only entries about the emergency fix with this `NAME`")
	flags.IntVar(&f.limit, "limit", 0, "only the newest `N` entries")
	a.completeFlag(cmd, "kind", func(context.Context, *ledger.Ledger) ([]string, error) { return portal.EventKinds(), nil })
	a.completeFlag(cmd, "release", a.completeReleases)
	a.completeFlag(cmd, "environment", a.completeEnvironments)
	a.completeFlag(cmd, "fix", a.completeFixes)
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return f.check(cmd.Flags().Changed("limit")) }
	return cmd
}

// check refuses what would quietly show nothing.
func (f *logFilter) check(limited bool) error {
	if limited && f.limit < 1 {
		return fmt.Errorf("--limit %d shows nothing: give it 1 or more, or leave it out", f.limit)
	}
	for _, kind := range f.kinds {
		if !slices.ContainsFunc(portal.EventKinds(), func(known string) bool { return isOfKind(known, kind) }) {
			return fmt.Errorf("--kind %q is not a kind of entry\nThe kinds are: %s", kind, strings.Join(portal.EventKinds(), ", "))
		}
	}
	return nil
}

// isOfKind reports whether a kind is the one wanted, or begins with it.
func isOfKind(kind, wanted string) bool { return kind == wanted || strings.HasPrefix(kind, wanted+".") }

func (a *app) log(ctx context.Context, l *ledger.Ledger, f logFilter) error {
	pipeline, err := a.pipeline(ctx, l)
	if err != nil {
		return err
	}
	since, err := a.since(ctx, l, pipeline, f.since)
	if err != nil {
		return err
	}
	selected := selection{logFilter: f, since: since, reader: portal.NewReader()}
	from := since
	if selected.reads() {
		from = time.Time{} // what ends since then may have been started before, and a name that is nowhere is told
	}
	var newest []ledger.StoredEntry
	err = l.Scan(ctx, pipeline, from, func(stored ledger.StoredEntry) error {
		matches, err := selected.matches(stored)
		switch {
		case err != nil || !matches:
			return err
		case f.limit == 0:
			return a.logEntry(stored)
		}
		if len(newest) == f.limit {
			newest = newest[1:]
		}
		newest = append(newest, stored)
		return nil
	})
	for _, stored := range newest {
		if err == nil {
			err = a.logEntry(stored)
		}
	}
	if err == nil {
		err = selected.unknown(pipeline)
	}
	return err
}

// since reads a point in time. How long ago is counted from the ledger's time.
func (a *app) since(ctx context.Context, l *ledger.Ledger, pipeline, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	ago, err := portal.ParseDuration(text)
	if err != nil {
		return time.Time{}, errors.New("--since \"" + text + "\" is not a time\nWrite a day (2026-11-20, which begins at midnight UTC), a time (2026-11-20T09:00:00Z) or how long ago (90m, 3d)")
	}
	var now time.Time
	err = l.View(ctx, pipeline, a.by(), portal.Subjects{}, func(f portal.Facts) error {
		now = f.Now
		return nil
	})
	return now.Add(-ago), err
}

// selection picks entries out of a record that it sees in order.
type selection struct {
	logFilter
	since  time.Time
	reader *portal.Reader
	known  [3]bool // whether an entry, shown or not, is about the release, the environment, the fix
}

// reads reports whether it matters what an entry is about.
func (s *selection) reads() bool { return s.release != "" || s.environment != "" || s.fix != "" }

func (s *selection) matches(stored ledger.StoredEntry) (bool, error) {
	ofKind := len(s.kinds) == 0 || slices.ContainsFunc(s.kinds, func(wanted string) bool { return isOfKind(stored.Kind, wanted) })
	if !s.reads() {
		return ofKind, nil
	}
	entry, event, err := portal.ReadEntry(stored.Bytes)
	if err != nil {
		return false, err
	}
	about := s.reader.About(event) // of every entry, so that none is missed
	all := true
	for i, asked := range s.asked() {
		among := asked.name == "" || slices.Contains([][]string{about.Releases, about.Environments, about.Fixes}[i], asked.name)
		s.known[i], all = s.known[i] || among, all && among
	}
	return ofKind && !entry.At.Before(s.since) && all, nil
}

type subject struct{ what, name string }

// asked is what the entries are to be about, as far as it is given.
func (s *selection) asked() [3]subject {
	return [3]subject{{"release", s.release}, {"environment", s.environment}, {"emergency fix", s.fix}}
}

// unknown fails if no entry at all is about something that was given.
func (s *selection) unknown(pipeline string) error {
	for i, asked := range s.asked() {
		if asked.name != "" && !s.known[i] {
			return fmt.Errorf("%s %q does not occur in the ledger of pipeline %q\nCheck the name, and set --pipeline if it is in another pipeline", asked.what, asked.name, pipeline)
		}
	}
	return nil
}

// loggedEntry is a line of JSON lines.
type loggedEntry struct {
	Pipeline string          `json:"pipeline"`
	Number   int64           `json:"number"`
	At       time.Time       `json:"at"`
	Actor    string          `json:"actor,omitempty"`
	Run      string          `json:"run,omitempty"`
	Kind     string          `json:"kind"`
	Text     string          `json:"text"`
	Receipt  string          `json:"receipt"`
	Event    json.RawMessage `json:"event"`
}

func (a *app) logEntry(stored ledger.StoredEntry) error {
	entry, event, err := portal.ReadEntry(stored.Bytes)
	if err != nil {
		return err
	}
	text := portal.Describe(event)
	if a.json {
		return a.line(loggedEntry{
			Pipeline: entry.Pipeline, Number: entry.Number, At: entry.At, Actor: entry.By.Name, Run: entry.By.Run, Kind: entry.Kind,
			Text: text, Receipt: entry.Meta(stored.SHA256).Receipt(), Event: entry.Body,
		})
	}
	a.printf("%5d  %s  %-20s  %-21s  %s\n", entry.Number, portal.FormatTime(entry.At), portal.OneLine(entry.By.Name), entry.Kind, text)
	return nil
}
