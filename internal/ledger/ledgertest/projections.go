package ledgertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// testProjections checks that the stored state is made again from the entries
// if it is older, and left alone if it is newer.
func testProjections(t *testing.T, stores Stores) {
	t.Run("an older stored state is made again", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		s.restate(engine, portal.Projection-1)
		for name, use := range map[string]func(*shop){
			"a view":   func(s *shop) { s.sameAsFold("1.0.0", "1.1.0") },
			"a record": func(s *shop) { s.must(freeze(7)) },
			"releases": func(s *shop) {
				if releases, err := s.Releases(t.Context(), "shop"); err != nil || len(releases) != 2 {
					t.Errorf("the releases are %v, %v", releases, err)
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				s.restate(engine, portal.Projection-1)
				after := s.beside(engine, ledger.WithLease(leaseLength))
				use(after)
				after.verify()
				after.sameAsFold("1.0.0", "1.1.0")
			})
		}
	})
	t.Run("an older stored state is left alone by who only reads", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		s.restate(engine, portal.Projection-1)
		reader := s.beside(engine, ledger.ReadOnly())
		reader.sameAsFold("1.0.0", "1.1.0")
		reader.verify()
		if releases, err := reader.Releases(t.Context(), "shop"); err != nil || len(releases) != 2 {
			t.Errorf("the releases are %v, %v", releases, err)
		}
		s.noted(engine, "shop", portal.Projection-1)
		reader.writtenByAnother(engine)
		reader.sameAsFold("1.0.0", "1.1.0")
	})
	t.Run("entries that do not fit keep no other pipeline from being made again", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		broken := &shop{s.Ledger, t, "warehouse"}
		broken.must(declarePipeline("warehouse"))
		broken.must(freeze(1))
		broken.spoil(engine)
		s.restate(engine, portal.Projection-1)

		after := s.beside(engine, ledger.WithLease(leaseLength))
		after.sameAsFold("1.0.0", "1.1.0")
		after.must(freeze(7))
		after.verify()
		s.noted(engine, "shop", portal.Projection)
		s.noted(engine, "warehouse", portal.Projection-1)
		broken = &shop{after.Ledger, t, "warehouse"}
		for name, use := range map[string]func(*shop) error{
			"a view": func(s *shop) error {
				return s.View(t.Context(), s.pipeline, ann, portal.Subjects{}, func(portal.Facts) error { return nil })
			},
			"a record": func(s *shop) error { _, err := s.record(freeze(9)); return err },
			"releases": func(s *shop) error { _, err := s.Releases(t.Context(), s.pipeline); return err },
			"verify":   func(s *shop) error { return s.Verify(t.Context(), s.pipeline) },
			"rebuild":  func(s *shop) error { return s.Rebuild(t.Context(), s.pipeline) },
		} {
			var corrupt *ledger.CorruptError
			if err := use(broken); !errors.As(err, &corrupt) || corrupt.Pipeline != "warehouse" || corrupt.Number != 3 {
				t.Errorf("%s: %v", name, err)
			}
		}
		after.must(freeze(8)) // nor does what failed since
		after.verify()
	})
	t.Run("what was left behind is made again once its entries fit", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		err := engine.Write(t.Context(), func(tx ledger.WriteTx) error { return tx.LeaveBehind("shop", portal.Projection-1) })
		if err != nil {
			t.Fatal(err)
		}
		s.noted(engine, "shop", portal.Projection-1)
		after := s.beside(engine, ledger.WithLease(leaseLength))
		after.sameAsFold("1.0.0", "1.1.0")
		after.must(freeze(7))
		s.noted(engine, "shop", portal.Projection)
		after.verify()
	})
	t.Run("a newer stored state is given up on demand", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		s.restate(engine, portal.Projection+1)
		after := s.beside(engine, ledger.WithLease(leaseLength))
		if _, err := after.record(freeze(7)); !isNewer(err) || !strings.Contains(err.Error(), "ledger rebuild --downgrade") {
			t.Errorf("before: %v", err)
		}
		if err := after.Downgrade(t.Context()); err != nil {
			t.Fatal(err)
		}
		after.sameAsFold("1.0.0", "1.1.0")
		after.must(freeze(7))
		after.verify()
	})
	t.Run("a newer stored state is not given up for entries that have more in them", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		s.append(engine, []byte(`{"freeze":"none","until":"2030"}`))
		s.restate(engine, portal.Projection+1)
		if err := s.beside(engine).Downgrade(t.Context()); !isNewer(err) || !strings.Contains(err.Error(), `of pipeline "shop" has data that this version of the provider cannot read`) {
			t.Errorf("it says %v", err)
		}
		s.noted(engine, "shop", portal.Projection+1)
	})
	t.Run("a newer stored state is left alone", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		s.facts(portal.Subjects{}, func(portal.Facts) {}) // it has read the older one
		s.restate(engine, portal.Projection+1)
		s.refusesAsNewer(engine, fmt.Sprintf("version %d", portal.Projection+1))
		// Also the ledger that has read the older one.
		if _, err := s.record(freeze(8)); !isNewer(err) {
			t.Errorf("what has read the older state records: %v", err)
		}
		s.writtenByAnother(engine)
		if err := s.View(t.Context(), "shop", ann, portal.Subjects{}, func(portal.Facts) error { return nil }); !isNewer(err) {
			t.Errorf("what has read the older state goes on reading: %v", err)
		}
	})
	t.Run("an entry of an unknown kind is left alone", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		err := engine.Write(t.Context(), func(tx ledger.WriteTx) error {
			head, at, err := tx.Head("shop")
			if err != nil {
				return err
			}
			entry := ledger.StoredEntry{Number: head + 1, ID: "newer", Kind: "contract.signed", Bytes: []byte(`{"v":1}`), SHA256: portal.HashEntry([]byte(`{"v":1}`))}
			return tx.Append("shop", at, entry)
		})
		if err != nil {
			t.Fatal(err)
		}
		s.refusesAsNewer(engine, `"contract.signed"`)
	})
	t.Run("a rebuild", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		leases := s.leases(engine)
		s.restate(engine, portal.Projection)
		if s.Verify(t.Context(), "shop") == nil {
			t.Error("that nothing is stored was not found")
		}
		if err := s.Rebuild(t.Context(), "shop"); err != nil {
			t.Fatal(err)
		}
		s.verify()
		s.sameAsFold("1.0.0", "1.1.0")
		if after := s.leases(engine); len(leases) != 1 || after["dev-2"] != leases["dev-2"] {
			t.Errorf("the leases are %v, and were %v", after, leases)
		}
	})
	t.Run("a rebuild gives lost leases back and drops those of nobody", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		s := filledShop(t, engine)
		err := engine.Write(t.Context(), func(tx ledger.WriteTx) error {
			return errors.Join(tx.DropLease("shop", "dev-2"), tx.PutLease("shop", "prod", portal.Lease{Epoch: 1, Expires: epoch}))
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Rebuild(t.Context(), "shop"); err != nil {
			t.Fatal(err)
		}
		s.verify()
		s.facts(portal.Subjects{}, func(f portal.Facts) {
			if f.Held("dev-2") == nil {
				t.Error("a deployment under way that lost its lease counts as abandoned")
			}
		})
	})
	t.Run("names its pipelines", func(t *testing.T) {
		engine := stores.engine(t, stores.New(t))
		none, err := ledger.New(engine).Pipelines(t.Context())
		if err != nil || len(none) > 0 {
			t.Errorf("a new ledger has %v, %v", none, err)
		}
		for _, name := range []string{"shop", "warehouse", "archive"} {
			(&shop{ledger.New(engine), t, name}).must(declarePipeline(name))
		}
		if names, err := ledger.New(engine).Pipelines(t.Context()); err != nil || !slices.Equal(names, []string{"archive", "shop", "warehouse"}) {
			t.Errorf("it has %v, %v", names, err)
		}
	})
}

// filledShop has releases, evidence, targets and a deployment in progress.
func filledShop(t *testing.T, engine ledger.Engine) *shop {
	t.Helper()
	s := openShop(t, engine, ledger.WithLease(leaseLength))
	s.must(at("/srv/dev-2", declareEnvironment("dev-2", "dev")))
	s.must(register("1.0.0"))
	s.must(registerOn("1.0.0", "1.1.0"))
	s.must(start("dev", "1.0.0"))
	s.must(end("dev", firstOnDev))
	s.must(test("dev", "1.0.0", "1"))
	s.must(portal.RecordApproval{Release: "1.0.0", Stage: "dev", Approver: "carl"})
	s.must(freeze(1))
	s.must(start("dev-2", "1.0.0"))
	return s
}

// restate drops the stored entities and notes a version of the stored state.
func (s *shop) restate(engine ledger.Engine, projection int) {
	s.t.Helper()
	err := engine.Write(s.t.Context(), func(tx ledger.WriteTx) error {
		head, headAt, err := tx.Head(s.pipeline)
		if err != nil {
			return err
		}
		return tx.Restate([]ledger.Derived{{Pipeline: s.pipeline, Head: head, HeadAt: headAt}}, projection)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// writtenByAnother adds an entry as another build would, whatever this one thinks of
// the stored state.
func (s *shop) writtenByAnother(engine ledger.Engine) {
	s.t.Helper()
	s.append(engine, []byte(`{"freeze":"none"}`))
}

// append adds an entry that ends a freeze, with this body.
func (s *shop) append(engine ledger.Engine, body []byte) {
	s.t.Helper()
	s.appendAs(engine, func(entry *portal.Entry) { entry.Body = body }, portal.HashEntry)
}

// spoil adds an entry whose bytes are not those of its hash.
func (s *shop) spoil(engine ledger.Engine) {
	s.t.Helper()
	s.appendAs(engine, func(*portal.Entry) {}, func([]byte) string { return portal.HashEntry(nil) })
}

func (s *shop) appendAs(engine ledger.Engine, change func(*portal.Entry), hash func([]byte) string) {
	s.t.Helper()
	err := engine.Write(s.t.Context(), func(tx ledger.WriteTx) error {
		head, at, err := tx.Head(s.pipeline)
		if err != nil {
			return err
		}
		id := s.pipeline + "-another"
		entry, _, err := portal.NewEntry(engine.ID(), s.pipeline, head+1, id, at, ann, portal.FreezeRemoved{Freeze: "none"})
		if err != nil {
			return err
		}
		change(&entry)
		bytes, err := json.Marshal(entry)
		if err != nil {
			return err
		}
		return tx.Append(s.pipeline, at, ledger.StoredEntry{Number: entry.Number, ID: entry.ID, Kind: entry.Kind, Bytes: bytes, SHA256: hash(bytes)})
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// noted checks which version of the stored state is noted for a pipeline.
func (s *shop) noted(engine ledger.Engine, pipeline string, want int) {
	s.t.Helper()
	err := engine.Read(s.t.Context(), func(tx ledger.Tx) error {
		got, err := tx.Projection(pipeline)
		if err == nil && got != want {
			s.t.Errorf("the stored state of %s is noted as version %d, want %d", pipeline, got, want)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) leases(engine ledger.Engine) (leases map[string]portal.Lease) {
	s.t.Helper()
	err := engine.Read(s.t.Context(), func(tx ledger.Tx) error {
		var err error
		leases, err = tx.Leases(s.pipeline)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return leases
}

func isNewer(err error) bool {
	var newer *ledger.NewerError
	return errors.As(err, &newer)
}

// refusesAsNewer checks that nothing of a ledger is used, and that it stays as it
// is.
func (s *shop) refusesAsNewer(engine ledger.Engine, names string) {
	s.t.Helper()
	head := func() int64 {
		number, err := engine.Head(s.t.Context(), s.pipeline)
		if err != nil {
			s.t.Fatal(err)
		}
		return number
	}
	before := head()
	for name, use := range map[string]func(*shop) error{
		"a view": func(s *shop) error {
			return s.View(s.t.Context(), s.pipeline, ann, portal.Subjects{}, func(portal.Facts) error { return nil })
		},
		"a record": func(s *shop) error { _, err := s.record(freeze(9)); return err },
		"releases": func(s *shop) error { _, err := s.Releases(s.t.Context(), s.pipeline); return err },
		"verify":   func(s *shop) error { return s.Verify(s.t.Context(), s.pipeline) },
		"rebuild":  func(s *shop) error { return s.Rebuild(s.t.Context(), s.pipeline) },
	} {
		err := use(s.beside(engine))
		if !isNewer(err) || !strings.Contains(err.Error(), names) || !strings.Contains(err.Error(), "Use that version") {
			s.t.Errorf("%s: %v", name, err)
		}
	}
	if after := head(); after != before {
		s.t.Errorf("the record went from entry %d to %d", before, after)
	}
}
