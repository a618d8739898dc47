package ledgertest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// Bench measures what calls cost, with few and many environments, and with
// little and much history.
func Bench(b *testing.B, stores Stores) {
	for _, environments := range []int{2, 1000} {
		b.Run(fmt.Sprintf("environments=%d", environments), func(b *testing.B) {
			engine := stores.engine(b, stores.New(b))
			s := openShop(b, engine)
			s.must(register("1.0.0"))
			s.must(start("dev", "1.0.0"))
			s.must(end("dev", firstOnDev))
			s.populate(environments - 2)
			subjects := portal.Subjects{Releases: []string{"1.0.0"}}
			view := func(b *testing.B) {
				for b.Loop() {
					s.facts(subjects, func(portal.Facts) {})
				}
			}
			b.Run("view", view)
			runs := 0
			b.Run("record", func(b *testing.B) {
				for b.Loop() {
					runs++
					s.must(test("dev", "1.0.0", fmt.Sprint(runs)))
				}
			})
			b.Run("record=10 at once", func(b *testing.B) {
				for b.Loop() {
					var all sync.WaitGroup
					for range 10 {
						runs++
						c := test("dev", "1.0.0", fmt.Sprint(runs))
						all.Go(func() { _, _ = s.record(c) })
					}
					all.Wait()
				}
			})
			s.must(start("dev-0", "1.0.0"))
			b.Run("view during a deployment", view)
		})
	}
	b.Run("cold view", func(b *testing.B) {
		var little float64
		for _, entries := range []int{1_000, 100_000} {
			b.Run(fmt.Sprintf("entries=%d", entries), func(b *testing.B) {
				engine := stores.engine(b, stores.New(b))
				s := openShop(b, engine)
				s.must(register("1.0.0"))
				s.must(start("dev", "1.0.0"))
				s.must(end("dev", firstOnDev))
				s.age(entries)
				for b.Loop() {
					s.beside(engine).facts(portal.Subjects{Releases: []string{"1.0.0"}}, func(portal.Facts) {})
				}
				each := float64(b.Elapsed()) / float64(b.N)
				if little == 0 {
					little = each
				}
				b.ReportMetric(each/little, "x")
			})
		}
	})
}

// populate declares that many more environments.
func (s *shop) populate(n int) {
	var all sync.WaitGroup
	for i := range max(n, 1) {
		all.Go(func() { _, _ = s.record(declareEnvironment(fmt.Sprintf("dev-%d", i), "dev")) })
	}
	all.Wait()
}

// age records test results until there are that many entries.
func (s *shop) age(entries int) {
	const atOnce = 500
	var n atomic.Int64
	head := int(s.head())
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for {
				i := int(n.Add(1))
				if head+i > entries {
					return
				}
				_, _ = s.record(test("dev", "1.0.0", fmt.Sprint(i)))
			}
		})
	}
	all.Wait()
}
