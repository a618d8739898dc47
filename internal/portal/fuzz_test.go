package portal_test

import (
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"90m", "72h", "3d", "1d12h", "", "-1d", "1d9223372036854775807ns", "9999999999999999999d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := portal.ParseDuration(text)
		if err != nil {
			return
		}
		if d < 0 || d > 10*365*24*time.Hour {
			t.Fatalf("%q is %v", text, d)
		}
		whole := d.Round(time.Second)
		if again, err := portal.ParseDuration(portal.FormatDuration(whole)); err != nil || again != whole {
			t.Fatalf("%v is written %q and read %v (%v)", whole, portal.FormatDuration(whole), again, err)
		}
	})
}

func FuzzValidateVersion(f *testing.F) {
	f.Add("1.2.3", "1.2.3-rc.1")
	f.Add("1.2.3-alpha", "1.2.3-alpha.beta")
	f.Add("1.2.3--", "v1.2.3+EF-1")
	f.Fuzz(func(t *testing.T, a, b string) {
		valid := func(v string) bool { return len(portal.ValidateVersion("version", v)) == 0 }
		there, back := portal.ComparePrecedence(a, b), portal.ComparePrecedence(b, a)
		if there != -back {
			t.Fatalf("%q against %q is %d, and the other way round %d", a, b, there, back)
		}
		if valid(a) && valid(b) && (there == 0) != (a == b) {
			t.Fatalf("%q and %q are of one precedence", a, b)
		}
		if valid(a) && !valid(b) && there < 0 {
			t.Fatalf("%q comes after %q, which is no version", b, a)
		}
	})
}

func FuzzReadEntry(f *testing.F) {
	f.Add([]byte(`{"v":1,"kind":"pipeline.declared","body":{"pipeline":{"name":"shop","stages":[{"name":"dev"}]}}}`))
	f.Add([]byte(`{"v":1,"kind":"environment.declared","body":{"environment":{"name":"dev","stage":"dev"}}}`))
	f.Add([]byte(`{"v":1,"kind":"deployment.started","body":{"environment":"dev","release":"1.0.0"}}`))
	f.Add([]byte(`{"v":1,"kind":"deployment.ended","body":{"environment":"dev","outcome":"succeeded"}}`))
	f.Add([]byte(`{"v":1,"kind":"test.recorded","body":null}`))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		entry, event, err := portal.ReadEntry(bytes)
		if err != nil {
			return
		}
		state := portal.NewState("l", "shop", true)
		state.Apply(portal.EnvironmentDeclared{Environment: portal.Environment{Name: "dev", Stage: "dev"}}, portal.Meta{Number: 1})
		state.Apply(event, entry.Meta(portal.HashEntry(bytes)))
		if _, err := state.TakeChanged(); err != nil {
			t.Fatalf("%s does not store: %v", entry.Kind, err)
		}
	})
}
