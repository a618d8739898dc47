package ledgertest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func testEntries(t *testing.T, stores Stores) {
	engine := stores.engine(t, stores.New(t))
	s := openShop(t, engine)
	other := &shop{ledger.New(engine), t, "warehouse"}
	other.must(declarePipeline("warehouse"))
	metas := s.must(register("1.0.0"))
	other.must(register("1.0.0"))

	t.Run("are numbered without gaps, each pipeline by itself", func(t *testing.T) {
		for _, record := range []struct {
			of   *shop
			want int
		}{{s, 4}, {other, 2}} {
			entries := record.of.entries()
			if len(entries) != record.want {
				t.Errorf("%s has %d entries, want %d", record.of.pipeline, len(entries), record.want)
			}
			for i, entry := range entries {
				if entry.Number != int64(i+1) {
					t.Errorf("entry %d of %s has number %d", i+1, record.of.pipeline, entry.Number)
				}
			}
			if head, err := engine.Head(t.Context(), record.of.pipeline); err != nil || head != int64(record.want) {
				t.Errorf("the head of %s is %d, %v; want %d", record.of.pipeline, head, err, record.want)
			}
		}
	})
	t.Run("are kept as the exact bytes, with their hash", func(t *testing.T) {
		entry := s.entries()[3]
		read, event, err := portal.ReadEntry(entry.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		_, bytes, err := portal.NewEntry(read.Ledger, read.Pipeline, read.Number, read.ID, read.At, read.By, event)
		if err != nil || string(bytes) != string(entry.Bytes) {
			t.Errorf("kept is\n%s\nformed anew it is\n%s\n%v", entry.Bytes, bytes, err)
		}
		if hash := portal.HashEntry(entry.Bytes); entry.SHA256 != hash || metas[0].Hash != hash || metas[0].Number != 4 {
			t.Errorf("the bytes hash to %s, kept is %s, told was %+v", hash, entry.SHA256, metas[0])
		}
		if read.Ledger != engine.ID() || read.Pipeline != "shop" || read.By != ann || !read.At.Equal(metas[0].At) {
			t.Errorf("the entry says of itself %+v", read)
		}
	})
	t.Run("are found by their id", func(t *testing.T) {
		entry := s.entries()[1]
		err := engine.Read(t.Context(), func(tx ledger.Tx) error {
			found, err := tx.EntryByID(entry.ID)
			if err != nil || found == nil || found.SHA256 != entry.SHA256 {
				t.Errorf("found %+v, %v", found, err)
			}
			if missing, err := tx.EntryByID("not there"); missing != nil || err != nil {
				t.Errorf("found %+v, %v for an id that is not there", missing, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("are listed page by page", func(t *testing.T) {
		page, err := s.Entries(t.Context(), "shop", 1, 2)
		if err != nil || len(page) != 2 || page[0].Number != 2 || page[1].Number != 3 {
			t.Errorf("got %+v, %v", page, err)
		}
	})
	t.Run("name the pipelines, in order", func(t *testing.T) {
		names, err := s.Pipelines(t.Context())
		if err != nil || !slices.Equal(names, []string{"shop", "warehouse"}) {
			t.Errorf("got %q, %v", names, err)
		}
	})
	t.Run("have a newest one, unless there is none", func(t *testing.T) {
		newest, err := s.Newest(t.Context(), "shop")
		if err != nil || newest == nil || newest.Number != 4 || newest.SHA256 != metas[0].Hash {
			t.Errorf("got %+v, %v", newest, err)
		}
		if none, err := s.Newest(t.Context(), "nothing"); none != nil || err != nil {
			t.Errorf("got %+v, %v of a pipeline that was never declared", none, err)
		}
	})
	t.Run("of a pipeline that was never declared are none", func(t *testing.T) {
		entries, err := s.Entries(t.Context(), "nothing", 0, 10)
		if err != nil || len(entries) != 0 {
			t.Errorf("got %+v, %v", entries, err)
		}
		if err := s.Verify(t.Context(), "nothing"); err != nil {
			t.Error(err)
		}
	})
	t.Run("are what a transaction that fails leaves alone", func(t *testing.T) {
		err := engine.Write(t.Context(), func(tx ledger.WriteTx) error {
			entry := s.entries()[3]
			entry.Number, entry.ID = 5, "fifth"
			return errors.Join(tx.Append("shop", epoch, entry), errStaged)
		})
		if !errors.Is(err, errStaged) || len(s.entries()) != 4 || s.head() != 4 {
			t.Errorf("%v; %d entries, head %d", err, len(s.entries()), s.head())
		}
	})
}

func testSince(t *testing.T, stores Stores) {
	clock := withClock(stores.engine(t, stores.New(t)))
	counted := &counting{Engine: clock}
	s := openShop(t, counted) // three entries at the epoch
	for i := range 700 {
		if i%2 == 0 {
			clock.advance(time.Hour) // two entries an hour
		}
		s.must(freeze(i))
	}
	read := func(t *testing.T, since time.Time) []int64 {
		t.Helper()
		var numbers []int64
		err := s.Since(t.Context(), "shop", since, func(_ portal.Event, meta portal.Meta) {
			if meta.At.Before(since) {
				t.Errorf("entry %d is of %s", meta.Number, meta.At)
			}
			numbers = append(numbers, meta.Number)
		})
		if err != nil {
			t.Fatal(err)
		}
		return numbers
	}
	for _, c := range []struct {
		name  string
		since time.Time
		first int64 // 0: none
	}{
		{"before everything", epoch.Add(-time.Hour), 1},
		{"exactly the first", epoch, 1},
		{"just after the first", epoch.Add(time.Microsecond), 4},
		{"exactly one of the same time as others", epoch.Add(100 * time.Hour), 4 + 2*99},
		{"between two", epoch.Add(100*time.Hour + time.Minute), 4 + 2*100},
		{"the last", epoch.Add(350 * time.Hour), 702},
		{"after everything", epoch.Add(351 * time.Hour), 0},
	} {
		t.Run("are read from a point in time on: "+c.name, func(t *testing.T) {
			numbers := read(t, c.since)
			if c.first == 0 {
				if len(numbers) != 0 {
					t.Errorf("read %v", numbers)
				}
				return
			}
			if len(numbers) != int(704-c.first) {
				t.Fatalf("read %d entries, want those from %d to 703", len(numbers), c.first)
			}
			for i, number := range numbers {
				if number != c.first+int64(i) {
					t.Fatalf("the entry at %d is %d", i, number)
				}
			}
		})
	}
	t.Run("are not read where they are older, but for a few to find the first", func(t *testing.T) {
		counted.entries.Store(0)
		if n := len(read(t, epoch.Add(349*time.Hour))); n != 4 {
			t.Fatalf("read %d entries, want 4", n)
		}
		if n := counted.entries.Load(); n > 4+10 { // 2^10 > 703
			t.Errorf("%d entries were read for 4", n)
		}
	})
	t.Run("are all of them if no point in time is given, as they are stored, page after page", func(t *testing.T) {
		counted.entries.Store(0)
		last := int64(0)
		err := s.Scan(t.Context(), "shop", time.Time{}, func(stored ledger.StoredEntry) error {
			if stored.Number != last+1 || portal.HashEntry(stored.Bytes) != stored.SHA256 {
				t.Fatalf("after %d comes %d with %s", last, stored.Number, stored.Bytes)
			}
			last = stored.Number
			return nil
		})
		if err != nil || last != 703 || counted.entries.Load() != 703 {
			t.Errorf("%d entries were read, the last is %d, %v", counted.entries.Load(), last, err)
		}
	})
	t.Run("are read until the function fails", func(t *testing.T) {
		calls := 0
		err := s.Scan(t.Context(), "shop", time.Time{}, func(ledger.StoredEntry) error { calls++; return errStaged })
		if !errors.Is(err, errStaged) || calls != 1 {
			t.Errorf("%d calls, %v", calls, err)
		}
	})
	t.Run("are none of a pipeline that was never declared", func(t *testing.T) {
		err := s.Since(t.Context(), "nothing", epoch, func(portal.Event, portal.Meta) { t.Error("there is one") })
		if err != nil {
			t.Error(err)
		}
	})
}

func testCommands(t *testing.T, stores Stores) {
	s := openShop(t, stores.engine(t, stores.New(t)))
	t.Run("that have nothing to record record nothing", func(t *testing.T) {
		before := s.head()
		if metas := s.must(declareEnvironment("dev", "dev")); metas != nil || s.head() != before {
			t.Errorf("recorded %+v", metas)
		}
	})
	t.Run("that are refused record nothing, and the refusal is returned as it is", func(t *testing.T) {
		before := s.head()
		if _, err := s.record(command(refuse)); err != errRefused || s.head() != before { //nolint:errorlint // as it is
			t.Errorf("got %v; the head went from %d to %d", err, before, s.head())
		}
	})
	t.Run("with several events record all of them in one go", func(t *testing.T) {
		s.must(register("1.0.0"))
		started := s.must(start("dev", "1.0.0"))
		ending := end("dev", firstOnDev)
		ending.Checks = []portal.CheckResult{{Name: "ping", Passed: true}, {Name: "login", Passed: false}}
		metas := s.must(ending)
		if len(metas) != 3 || metas[0].Number != started[0].Number+1 || metas[2].Number != s.head() {
			t.Errorf("got %+v", metas)
		}
		s.sameAsFold("1.0.0")
	})
	t.Run("that list the releases find all of them", func(t *testing.T) {
		s.must(register("1.1.0"))
		versions, err := s.Releases(t.Context(), "shop")
		if err != nil || len(versions) != 2 {
			t.Errorf("got %q, %v", versions, err)
		}
	})
	s.verify()
}
