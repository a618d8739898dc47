package targettest

import (
	"maps"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

func mustKeep(t *testing.T, keeper target.Keeper, c target.Change, want bool) {
	t.Helper()
	kept, err := keeper.Keeps(t.Context(), c.Release, c.To)
	if err != nil || kept != want {
		t.Errorf("it keeps %s: %t (%v), want %t", c.Release, kept, err, want)
	}
}

// withoutFiles is a change to what the target keeps.
func withoutFiles(c target.Change, n int64) target.Change {
	again := attempt(n, c.Release)
	again.From, again.To, again.Files, again.Kept = c.From, c.To, nil, true
	return again
}

func keeping(t *testing.T, h Harness, keeper target.Keeper) {
	p := newPlan(t)
	first, second := p.first(), p.second()
	mustKeep(t, keeper, first, false)
	mustApply(t, h.Target, first)
	mustKeep(t, keeper, first, true)
	mustApply(t, h.Target, second)
	mustKeep(t, keeper, first, true)
	mustRun(t, h.Target, second.To) // to be asked changes nothing

	other := maps.Clone(first.To)
	other["theme"] = portal.Item{Version: "1.0.0", Kind: "file", SHA256: second.To["theme"].SHA256}
	mustKeep(t, keeper, target.Change{Release: first.Release, To: other}, false)

	mustApply(t, h.Target, withoutFiles(first, 3))
	mustRun(t, h.Target, first.To)
	mustApply(t, h.Target, p.empty(first, 4))
	mustKeep(t, keeper, first, false)
	if err := h.Target.Apply(t.Context(), withoutFiles(first, 5)); err == nil {
		t.Error("it brings what it does not keep, from nothing")
	}
	mustRun(t, h.Target, nil)
	h.Break(t)
	if kept, err := keeper.Keeps(t.Context(), first.Release, first.To); err == nil {
		t.Errorf("out of reach it keeps it: %t", kept)
	}
}

func keepingDamaged(t *testing.T, h Harness, keeper target.Keeper) {
	for _, name := range []string{"theme", "pages"} {
		first, second := newPlan(t).first(), newPlan(t).second()
		first.Epoch, second.Epoch = 1, 2
		if name == "pages" { // once more, with what was damaged put right
			first.Epoch, second.Epoch = 3, 4
		}
		mustApply(t, h.Target, first)
		h.Tamper(t, name)
		mustApply(t, h.Target, second)
		mustKeep(t, keeper, first, false)
		if err := h.Target.Apply(t.Context(), withoutFiles(first, second.Epoch)); err == nil {
			t.Errorf("%s was changed by hand, and it comes back", name)
		}
		mustRun(t, h.Target, second.To)
	}
}
