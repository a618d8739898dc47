package directory

import (
	"fmt"
	"slices"
	"testing"
)

func sortedList(t testing.TB, dir string) []string { return slices.Sorted(slices.Values(list(t, dir))) }

var three = map[string]string{"theme": "a theme", "login": "a login portlet", "pages": "some pages"}

func BenchmarkObserveOfThreeSmallFiles(b *testing.B) {
	place := fresh(b, 0)
	mustApply(b, place, wish(b, 1, "1.0.0", three))
	for b.Loop() {
		mustObserve(b, place)
	}
}

func BenchmarkApplyOfThreeSmallFiles(b *testing.B) {
	place := fresh(b, 2)
	for i := int64(1); b.Loop(); i++ {
		mustApply(b, place, wish(b, i, fmt.Sprintf("1.%d.0", i), three))
	}
}

func BenchmarkRollback(b *testing.B) {
	place := fresh(b, 2)
	first, second := wish(b, 1, "1.0.0", three), wish(b, 2, "1.1.0", three)
	for i := int64(1); b.Loop(); i += 2 {
		first.Epoch, second.Epoch = i, i+1
		mustApply(b, place, first)
		mustApply(b, place, second)
	}
}
