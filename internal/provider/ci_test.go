package provider

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/releaseportal/terraform-provider-portal/internal/ci"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// variables is an environment of a process.
type variables map[string]string

func (v variables) get(name string) string { return v[name] }

func (v variables) with(more variables) variables {
	all := variables{}
	for _, some := range []variables{v, more} {
		for name, value := range some {
			all[name] = value
		}
	}
	return all
}

var onGitHub = variables{
	"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat", "GITHUB_TRIGGERING_ACTOR": "jane", "GITHUB_SERVER_URL": "https://github.example",
	"GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "1658821493",
}

// block is a provider block with these attributes.
func block(t *testing.T, p *Provider, attributes map[string]tftypes.Value) tfsdk.Config {
	t.Helper()
	var schema provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &schema)
	object, isObject := schema.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	if !isObject {
		t.Fatal("the provider block is no object")
	}
	values := map[string]tftypes.Value{}
	for name, kind := range object.AttributeTypes {
		values[name] = tftypes.NewValue(kind, nil)
	}
	for name, value := range attributes {
		values[name] = value
	}
	return tfsdk.Config{Schema: schema.Schema, Raw: tftypes.NewValue(object, values)}
}

func text(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }

// configure configures a provider and returns its session.
func configure(t *testing.T, env variables, attributes map[string]tftypes.Value) (*session, provider.ConfigureResponse) {
	t.Helper()
	p := New("test", env.get)
	t.Cleanup(func() { _ = p.Close() })
	var resp provider.ConfigureResponse
	p.Configure(t.Context(), provider.ConfigureRequest{Config: block(t, p, attributes)}, &resp)
	s, _ := resp.ResourceData.(*session)
	return s, resp
}

func TestTheNearestWordOnAValueCounts(t *testing.T) {
	said := map[string]tftypes.Value{"actor": text("block"), "run_url": text("https://block.example"), "ledger_url": text("sqlite:/block/l.db"), "artifact_cache": text("/block/cache")}
	ours := variables{"PORTAL_ACTOR": "ours", "PORTAL_RUN_URL": "https://ours.example", "PORTAL_LEDGER_URL": "sqlite:/ours/l.db", "PORTAL_ARTIFACT_CACHE": "/ours/cache"}
	cases := []struct {
		name                  string
		env                   variables
		block                 map[string]tftypes.Value
		actor, run, url, kept string
	}{
		{"the provider block first", onGitHub.with(ours), said, "block", "https://block.example", "sqlite:/block/l.db", "/block/cache"},
		{"then our environment variables", onGitHub.with(ours), nil, "ours", "https://ours.example", "sqlite:/ours/l.db", "/ours/cache"},
		{"then the CI system", onGitHub, nil, "jane", "https://github.example/acme/shop/actions/runs/1658821493", engines.Default, ""},
		{"then the user of the operating system", nil, nil, ci.Actor(variables{}.get), "", engines.Default, ""},
		{"an empty value is none", onGitHub.with(variables{"PORTAL_ACTOR": ""}), map[string]tftypes.Value{"actor": text("")}, "jane", "https://github.example/acme/shop/actions/runs/1658821493", engines.Default, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, resp := configure(t, c.env, c.block)
			if resp.Diagnostics.HasError() {
				t.Fatal(resp.Diagnostics)
			}
			if s.by.Name != c.actor || s.by.Run != c.run || s.url != c.url || s.cacheDir != c.kept {
				t.Errorf("actor %q, run %q, ledger %q, cache %q", s.by.Name, s.by.Run, s.url, s.cacheDir)
			}
		})
	}
}

func TestALeaseLastsAsLongAsTheProviderBlockSays(t *testing.T) {
	for _, c := range []struct {
		name  string
		block map[string]tftypes.Value
		want  time.Duration
	}{
		{"by default", nil, ledger.DefaultLease},
		{"the shortest", map[string]tftypes.Value{"lease": text("5s")}, 5 * time.Second},
		{"the longest", map[string]tftypes.Value{"lease": text("10m")}, 10 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := "sqlite:" + filepath.Join(t.TempDir(), "ledger.db")
			s, resp := configure(t, variables{"PORTAL_LEDGER_URL": url}, c.block)
			if resp.Diagnostics.HasError() {
				t.Fatal(resp.Diagnostics)
			}
			opened, err := s.open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := opened.Ledger.Lease(); got != c.want {
				t.Errorf("it lasts %s", got)
			}
		})
	}
}

func TestAProviderBlockIsRefused(t *testing.T) {
	cases := []struct {
		name  string
		block map[string]tftypes.Value
		want  string
	}{
		{"a ledger of a later version", map[string]tftypes.Value{"ledger_url": text("postgres://db/portal")}, "a PostgreSQL ledger comes with a later version"},
		{"a ledger of no kind", map[string]tftypes.Value{"ledger_url": text("ledger.db")}, "write sqlite:PATH"},
		{"a ledger without a path", map[string]tftypes.Value{"ledger_url": text("sqlite:")}, "write sqlite:PATH"},
		{"a lease that is none", map[string]tftypes.Value{"lease": text("0s")}, "must be between 5s and 10m"},
		{"a lease that ends while a disk stalls", map[string]tftypes.Value{"lease": text("4s")}, "must be between 5s and 10m"},
		{"a lease that keeps an environment for long", map[string]tftypes.Value{"lease": text("11m")}, "must be between 5s and 10m"},
		{"an actor that would draw on terminals", map[string]tftypes.Value{"actor": text("jane\x1b[2J")}, "actor"},
		{"a run that reads backwards", map[string]tftypes.Value{"run_url": text("https://ci.example/\u202e1")}, "run_url"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, resp := configure(t, nil, c.block)
			if s != nil || len(resp.Diagnostics.Errors()) != 1 || !strings.Contains(resp.Diagnostics[0].Detail(), c.want) {
				t.Errorf("it says %v", resp.Diagnostics)
			}
		})
	}
}

func TestAnUnknownLedgerIsNotOpened(t *testing.T) {
	s, resp := configure(t, nil, map[string]tftypes.Value{"ledger_url": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)})
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	if _, err := s.open(t.Context()); err == nil || !strings.Contains(err.Error(), "not known yet") {
		t.Errorf("opening says %v", err)
	}
}

func TestALedgerThatARunnerThrowsAwayIsWarnedOf(t *testing.T) {
	checkout, elsewhere := t.TempDir(), t.TempDir()
	t.Chdir(checkout)
	cases := []struct {
		name   string
		env    variables
		url    string
		warned bool
	}{
		{"below the working directory of a run", onGitHub, engines.Default, true},
		{"below the checkout of a run", onGitHub.with(variables{"GITHUB_WORKSPACE": elsewhere}), "sqlite:" + elsewhere + "/ledger.db", true},
		{"on a disk that is kept", onGitHub, "sqlite:" + elsewhere + "/ledger.db", false},
		{"beside the checkout", onGitHub, "sqlite:../ledger.db", false},
		{"without a CI system", nil, engines.Default, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, resp := configure(t, c.env, map[string]tftypes.Value{"ledger_url": text(c.url)})
			warnings := resp.Diagnostics.Warnings()
			if resp.Diagnostics.HasError() || (len(warnings) == 1) != c.warned {
				t.Fatal(resp.Diagnostics)
			}
			if c.warned && !strings.HasPrefix(warnings[0].Detail(), "GitHub Actions is running this, and /") {
				t.Errorf("it says %s", warnings[0].Detail())
			}
		})
	}
}

func TestCredentialsComeFromTheBlockAndTheEnvironment(t *testing.T) {
	env := variables{
		"PORTAL_CREDENTIAL_STAGING_TOMCAT_USERNAME": "from-env", "PORTAL_CREDENTIAL_STAGING_TOMCAT_PASSWORD": "env-secret",
		"PORTAL_CREDENTIAL_HOOKS_TOKEN": "env-token",
	}
	credential := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"username": tftypes.String, "password": tftypes.String, "token": tftypes.String}}
	s, resp := configure(t, env, map[string]tftypes.Value{"credentials": tftypes.NewValue(tftypes.Map{ElementType: credential}, map[string]tftypes.Value{
		"staging-tomcat": tftypes.NewValue(credential, map[string]tftypes.Value{"username": text("deployer"), "password": tftypes.NewValue(tftypes.String, nil), "token": tftypes.NewValue(tftypes.String, nil)}),
	})})
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	cases := []struct {
		name string
		want target.Credential
	}{
		{"staging-tomcat", target.Credential{Username: "deployer", Password: "env-secret"}},
		{"hooks", target.Credential{Token: "env-token"}},
		{"nobody", target.Credential{}},
	}
	for _, c := range cases {
		if got := s.credential(c.name); got != c.want {
			t.Errorf("%s: a user name %q, and other parts", c.name, got.Username)
		}
	}
}
