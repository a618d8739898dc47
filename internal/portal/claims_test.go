package portal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestEnclosing(t *testing.T) {
	for address, want := range map[string][]string{
		"directory:/srv/intranet/qa": {"directory:/srv/intranet", "directory:/srv", "directory:/"},
		"directory:/srv":             {"directory:/"},
		"directory:/":                nil,
		"directory:":                 nil,
		"/srv/a":                     {"/srv", "/"},
		"":                           nil,
	} {
		if diff := cmp.Diff(want, portal.Enclosing(address)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", address, diff)
		}
	}
}

func TestNestedIsWhatBeginsWithTheOther(t *testing.T) {
	address := rapid.Custom(func(t *rapid.T) string {
		return "directory:/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "ab", "b"}), 0, 4).Draw(t, "names"), "/")
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := address.Draw(t, "a"), address.Draw(t, "b")
		want := a != b && (strings.HasPrefix(a, portal.Inside(b)) || strings.HasPrefix(b, portal.Inside(a)))
		if portal.Nested(a, b) != want || portal.Nested(b, a) != want {
			t.Fatalf("%s and %s are nested: %t", a, b, portal.Nested(a, b))
		}
	})
}
