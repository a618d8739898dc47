package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

type credentialModel struct {
	Username types.String `tfsdk:"username"`
	Password types.String `tfsdk:"password"`
	Token    types.String `tfsdk:"token"`
}

func (s *session) readCredentials(ctx context.Context, configured types.Map) diag.Diagnostics {
	var models map[string]credentialModel
	if configured.IsNull() || configured.IsUnknown() {
		return nil
	}
	diags := configured.ElementsAs(ctx, &models, false)
	for name, m := range models {
		s.credentials[name] = target.Credential{Username: m.Username.ValueString(), Password: m.Password.ValueString(), Token: m.Token.ValueString()}
	}
	return diags
}

// credential returns the credential of that name, from the provider block and,
// for what it leaves out, from environment variables.
func (s *session) credential(name string) target.Credential {
	c := s.credentials[name]
	prefix := "PORTAL_CREDENTIAL_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_"
	return target.Credential{
		Username: first(c.Username, s.getenv(prefix+"USERNAME")),
		Password: first(c.Password, s.getenv(prefix+"PASSWORD")),
		Token:    first(c.Token, s.getenv(prefix+"TOKEN")),
	}
}
