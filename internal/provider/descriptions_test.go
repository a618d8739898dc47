package provider

import (
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// The documentation is generated from the schemas, so that an attribute without
// a description is one that nobody is told about.
func TestEveryAttributeIsDescribed(t *testing.T) {
	server, err := providerserver.NewProtocol6WithError(New("test", os.Getenv))()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	described(t, "provider", schemas.Provider.Block.Attributes)
	for name, s := range schemas.ResourceSchemas {
		if s.Block.Description == "" {
			t.Errorf("%s is not described", name)
		}
		described(t, name, s.Block.Attributes)
	}
	for name, s := range schemas.DataSourceSchemas {
		if s.Block.Description == "" {
			t.Errorf("data %s is not described", name)
		}
		described(t, "data "+name, s.Block.Attributes)
	}
}

func described(t *testing.T, at string, attributes []*tfprotov6.SchemaAttribute) {
	t.Helper()
	for _, attribute := range attributes {
		name := at + "." + attribute.Name
		if attribute.Description == "" {
			t.Errorf("%s is not described", name)
		}
		if attribute.NestedType != nil {
			described(t, name, attribute.NestedType.Attributes)
		}
	}
}
