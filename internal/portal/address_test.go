package portal_test

import (
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/portal/portaltest"
)

func TestAnAddressHoldsNoSecret(t *testing.T) {
	for _, c := range []struct{ address, says string }{
		{"https://repo.example/app.zip", ""},
		{"https://repo.example/app.zip?version=1.2.0&author=ann&monkey=1", ""},
		{"https://repo.example/app.zip?token=", ""},
		{"dist/app?token=1", ""},
		{"https://ann:pw@repo.example/app.zip", "has a user name or password in its address"},
		{"https://repo.example/app.zip?token=abc", `has "token" in the query`},
		{"https://repo.example/app.zip?v=1&access_token=abc", `has "access_token" in the query`},
		{"https://s3.example/app.zip?X-Amz-Expires=60&X-Amz-Signature=abc", `has "X-Amz-Signature" in the query`},
		{"https://blob.example/app.zip?sv=2022&sig=abc", `has "sig" in the query`},
		{"HTTPS://repo.example/app.zip?API_KEY=abc", `has "API_KEY" in the query`},
	} {
		r := portaltest.FullRelease("1.0.0")
		app := r.Components["app"]
		app.Source = c.address
		r.Components["app"] = app
		mustSay(t, c.address, r.Validate(), c.says)
	}
}

func TestACheckAsksAnAddressThatCanBeAsked(t *testing.T) {
	for _, c := range []struct{ address, says string }{
		{"http://localhost:8080/health", ""},
		{"https://[::1]/", ""},
		{"localhost:8080/health", "is not an address that can be asked"},
		{"intranet.example/health", "is not an address that can be asked"},
		{"ftp://intranet.example/health", "is not an address that can be asked"},
		{"https:///health", "is not an address that can be asked"},
		{"https://intranet.example/ health", "is not an address that can be asked"},
		{"https://intranet.example:99999/", `http has port "99999"`},
		{"https://intranet.example/?token=abc", `has "token" in the query of its address, which looks like a secret, ` +
			`and addresses are shown in plans and recorded: leave it out, and use a program (command)`},
	} {
		e := portaltest.RegularEnvironment("qa", "qa")
		e.Checks = []portal.Check{{Name: "smoke", HTTP: c.address}}
		mustSay(t, c.address, e.Validate(), c.says)
	}
}

func TestAPersonIsTheirName(t *testing.T) {
	for _, c := range []struct{ name, says string }{
		{"ann@example.com", ""},
		{"Zoë Müller", ""},
		{"Анна", ""},
		{"Анна Smith", ""},
		{"аnn@example.com", "mixes alphabets whose letters look alike (Latin and Cyrillic)"},
		{"αnn", "mixes alphabets whose letters look alike (Latin and Greek)"},
		{"ann\u200b@example.com", "U+200B"},
		{"ann\u200d", "has an invisible character"},
		{" ann", "begins or ends with a space"},
	} {
		x := portaltest.Fix("EF-1", "1.0.1")
		x.Justification.RequestedBy = c.name
		mustSay(t, c.name, x.Validate(), c.says)
	}
}

func mustSay(t *testing.T, what string, problems []portal.Problem, says string) {
	t.Helper()
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Text)
	}
	if text := strings.Join(texts, "\n"); says == "" && text != "" || !strings.Contains(text, says) {
		t.Errorf("of %q it says %q, not %q", what, text, says)
	}
}
