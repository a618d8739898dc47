package portal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestOtherBytesUnderTheSameVersionAreTold(t *testing.T) {
	release := func(version string, components map[string]portal.Component) portal.Release {
		return portal.Release{Version: version, Type: portal.Full, Components: components}
	}
	theme := func(version, sha256 string) map[string]portal.Component {
		return map[string]portal.Component{"theme": {Version: version, Kind: "archive", SHA256: sha256}}
	}
	cases := map[string]struct {
		there []portal.Release
		next  portal.Release
		want  []portal.Rebuilt
	}{
		"nothing before":     {nil, release("2.0.0", theme("1", "a")), nil},
		"the same bytes":     {[]portal.Release{release("1.0.0", theme("1", "a"))}, release("2.0.0", theme("1", "a")), nil},
		"another version":    {[]portal.Release{release("1.0.0", theme("1", "a"))}, release("2.0.0", theme("2", "b")), nil},
		"the release itself": {[]portal.Release{release("2.0.0", theme("1", "a"))}, release("2.0.0", theme("1", "b")), nil},
		"other bytes": {
			[]portal.Release{release("1.0.0", theme("1", "a"))},
			release("2.0.0", theme("1", "b")),
			[]portal.Rebuilt{{Component: "theme", Version: "1", Release: "1.0.0", SHA256: "a"}},
		},
		"the newest other release counts": {
			[]portal.Release{release("1.0.0", theme("1", "a")), release("1.10.0", theme("1", "b")), release("1.9.0", theme("1", "c"))},
			release("2.0.0", theme("1", "b")), nil,
		},
		"one without the component is passed over": {
			[]portal.Release{release("1.0.0", theme("1", "a")), release("1.1.0", nil)},
			release("2.0.0", theme("1", "b")),
			[]portal.Rebuilt{{Component: "theme", Version: "1", Release: "1.0.0", SHA256: "a"}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := portal.NewState("ledger", "shop", true)
			for i, r := range c.there {
				s.Apply(portal.ReleaseRegistered{Release: r}, portal.Meta{Number: int64(i + 1)})
			}
			if diff := cmp.Diff(c.want, s.RebuiltIn(&c.next)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
