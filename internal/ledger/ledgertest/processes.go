package ledgertest

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

func testProcesses(t *testing.T, stores Stores) {
	t.Run("that open a new store at once make one ledger", func(t *testing.T) {
		address := stores.New(t)
		ids := make(chan string, 8)
		var all sync.WaitGroup
		for range 8 {
			p := startProcess(t, address)
			all.Go(func() { ids <- p.ask(call{Op: opID}).Text })
		}
		all.Wait()
		first := <-ids
		for range 7 {
			if id := <-ids; id != first || id == "" {
				t.Errorf("one says %q, another %q", first, id)
			}
		}
	})
	t.Run("see each other's writes, and write after each other", func(t *testing.T) {
		address := stores.New(t)
		s := openShop(t, stores.engine(t, address))
		s.must(register("1.0.0"))
		one, two := startProcess(t, address), startProcess(t, address)
		if a := one.record(start("dev", "1.0.0")); a.Sort != fine {
			t.Fatal(a.Err)
		}
		if a := two.record(end("dev", firstOnDev)); a.Sort != fine {
			t.Fatal(a.Err)
		}
		if a := one.record(test("dev", "1.0.0", "1")); a.Sort != fine {
			t.Fatal(a.Err)
		}
		s.sameAsFold("1.0.0")
		want, err := describe(t.Context(), s.Ledger, "shop", []string{"1.0.0"})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*process{one, two, startProcess(t, address)} {
			if a := p.ask(call{Op: opDescribe, Pipeline: "shop", Releases: []string{"1.0.0"}}); a.Text != want {
				t.Errorf("another process sees\n%s\nwant\n%s", a.Text, want)
			}
		}
	})
	t.Run("that write all at once all get through", func(t *testing.T) {
		const writers, each = 4, 25
		address := stores.New(t)
		s := openShop(t, stores.engine(t, address))
		var all sync.WaitGroup
		for i := range writers {
			p := startProcess(t, address)
			for j := range each {
				all.Go(func() {
					if a := p.record(freeze(i*each + j)); a.Sort != fine || len(a.Metas) != 1 {
						t.Errorf("process %d: %+v", i, a)
					}
				})
			}
		}
		all.Wait()
		if head := s.head(); head != 3+writers*each {
			t.Errorf("the head is %d, want %d", head, 3+writers*each)
		}
		s.verify()
		s.sameAsFold()
	})
}

// testKills kills processes while they write.
func testKills(t *testing.T, stores Stores) {
	address := stores.New(t)
	s := openShop(t, stores.engine(t, address))
	told := map[int64]string{} // what was acknowledged: number to hash
	var mu sync.Mutex
	for round := range 4 {
		p := startProcess(t, address)
		if a := p.ask(call{Op: opID}); a.Text != s.ID() {
			t.Fatalf("the process says %+v", a)
		}
		var all sync.WaitGroup
		for writer := range 4 {
			all.Go(func() {
				for i := 0; ; i++ {
					a := p.record(freeze(round*100_000 + writer*10_000 + i))
					if a.Sort != fine {
						return // killed
					}
					mu.Lock()
					told[a.Metas[0].Number] = a.Metas[0].Hash
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(50+rand.IntN(100)) * time.Millisecond) //nolint:gosec // any moment will do
		p.kill()
		all.Wait()
		s.must(freeze(1_000_000 + round)) // the one that goes on is not disturbed
	}
	there := map[int64]ledger.StoredEntry{}
	for _, entry := range s.entries() {
		there[entry.Number] = entry
	}
	for number, hash := range told {
		if there[number].SHA256 != hash {
			t.Errorf("entry %d was acknowledged as %s and is %s", number, hash, there[number].SHA256)
		}
	}
	if len(told) == 0 {
		t.Error("nothing was written before the kills")
	}
	s.verify()
	s.sameAsFold()
	t.Logf("%d entries were acknowledged before their writer was killed, all are there", len(told))
}
