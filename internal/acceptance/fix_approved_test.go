package acceptance

import (
	"strings"
	"testing"
	"time"
)

func TestRealWhatIsSaidOfAFixLater(t *testing.T) {
	t.Parallel()
	s := newScene(t, onDirectories)
	s.declare(stand(everywhere...)).apply()
	places := stand(everywhere...)
	expires := func(at string) string { return `approvals_expire_at = "` + at + `"` }
	soon := fromNow(time.Hour)
	d := ef(`advance_to = "staging"`)
	s.declare(places, d.with(expires(soon)).hcl()).apply()
	s.mustBeEmpty()
	// The same moment, written otherwise, is the same.
	s.declare(places, d.with(expires(strings.Replace(soon, "Z", "+00:00", 1))).hcl()).apply()
	s.mustBeEmpty()
	// Until a target has it, another expiry is another statement.
	amended := s.declare(places, d.with(expires(fromNow(2*time.Hour))).hcl()).plan(d)
	s.equal("steps", amended.did(), "deploy staging 1.0.0+EF-1")
	later := expires(fromNow(3 * time.Hour))
	d = ef("").with(later)
	s.declare(places, d.hcl()).refuses([]string{"apply", "-auto-approve"}, `fix-approved`, `bob@example.com approved another statement than this one.`)
	d = ef("")
	d.approvals = s.approved(d.with(later), places).approvals
	s.declare(places, d.with(later).hcl()).apply()
	s.mustBeEmpty()
	for _, more := range []string{"", expires(fromNow(4 * time.Hour)), expires(fromNow(-time.Hour)), `approvals_expire_at = null`} {
		s.declare(places, d.with(more).hcl()).apply()
		s.mustBeEmpty()
	}
	// Justification, approvals and bypassed rules: the first may be said anew.
	said := strings.Replace(d.hcl(), "INC-4711", "INC-4712", 1)
	s.declare(places, said).apply()
	s.mustBeEmpty()
	s.declare(places, strings.Replace(said, d.approvals, `{ "carol@example.com" = "" }`, 1)).apply()
	s.mustBeEmpty()
	s.has("production", "app 1.f", "web 1")
}
