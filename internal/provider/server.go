package provider

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Server serves the provider. It looks at each configuration before the framework
// does, and at everything that is said before a person reads it.
func (p *Provider) Server() tfprotov6.ProviderServer {
	return &server{ProviderServer: providerserver.NewProtocol6(p)()}
}

type server struct {
	tfprotov6.ProviderServer
	once    sync.Once
	schemas *tfprotov6.GetProviderSchemaResponse
	err     error
}

func (s *server) schema(ctx context.Context) (*tfprotov6.GetProviderSchemaResponse, error) {
	s.once.Do(func() {
		s.schemas, s.err = s.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	})
	return s.schemas, s.err
}

// examine refuses what no attribute takes, and gives the configuration in the form in
// which the framework judges it right.
func examine(schema *tfprotov6.Schema, config *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, []*tfprotov6.Diagnostic, error) {
	if schema == nil || config == nil {
		return config, nil, nil // the framework says so
	}
	typ := schema.ValueType()
	written, err := config.Unmarshal(typ)
	if err != nil {
		return config, nil, nil //nolint:nilerr // the framework says so
	}
	if refused := hollow(written); len(refused) > 0 {
		return config, refused, nil
	}
	spread := spreadUnknown(schema.Block.Attributes, written)
	if spread.Equal(written) {
		return config, nil, nil
	}
	value, err := tfprotov6.NewDynamicValue(typ, spread)
	return &value, nil, err
}

// ValidateResourceConfig implements tfprotov6.ResourceServer.
func (s *server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	schemas, err := s.schema(ctx)
	if err != nil {
		return nil, err
	}
	config, refused, err := examine(schemas.ResourceSchemas[req.TypeName], req.Config)
	if err != nil || len(refused) > 0 {
		return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: readable(refused)}, err
	}
	asked := *req
	asked.Config = config
	resp, err := s.ProviderServer.ValidateResourceConfig(ctx, &asked)
	if resp != nil {
		resp.Diagnostics = readable(resp.Diagnostics)
	}
	return resp, err
}

// ValidateDataResourceConfig implements tfprotov6.DataSourceServer.
func (s *server) ValidateDataResourceConfig(ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	schemas, err := s.schema(ctx)
	if err != nil {
		return nil, err
	}
	config, refused, err := examine(schemas.DataSourceSchemas[req.TypeName], req.Config)
	if err != nil || len(refused) > 0 {
		return &tfprotov6.ValidateDataResourceConfigResponse{Diagnostics: readable(refused)}, err
	}
	asked := *req
	asked.Config = config
	resp, err := s.ProviderServer.ValidateDataResourceConfig(ctx, &asked)
	if resp != nil {
		resp.Diagnostics = readable(resp.Diagnostics)
	}
	return resp, err
}

// ConfigureProvider implements tfprotov6.ProviderServer.
func (s *server) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := s.ProviderServer.ConfigureProvider(ctx, req)
	if resp != nil {
		resp.Diagnostics = readable(resp.Diagnostics)
	}
	return resp, err
}

// ReadResource implements tfprotov6.ResourceServer.
func (s *server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := s.ProviderServer.ReadResource(ctx, req)
	if resp != nil {
		resp.Diagnostics = readable(resp.Diagnostics)
	}
	return resp, err
}

// PlanResourceChange implements tfprotov6.ResourceServer.
func (s *server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := s.ProviderServer.PlanResourceChange(ctx, req)
	if resp != nil {
		resp.Diagnostics = readable(resp.Diagnostics)
	}
	return resp, err
}

// ApplyResourceChange implements tfprotov6.ResourceServer.
func (s *server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := s.ProviderServer.ApplyResourceChange(ctx, req)
	if resp != nil {
		resp.Diagnostics = readable(resp.Diagnostics)
	}
	return resp, err
}

// ImportResourceState implements tfprotov6.ResourceServer.
func (s *server) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := s.ProviderServer.ImportResourceState(ctx, req)
	if resp != nil {
		resp.Diagnostics = readable(resp.Diagnostics)
	}
	return resp, err
}

// ReadDataSource implements tfprotov6.DataSourceServer.
func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := s.ProviderServer.ReadDataSource(ctx, req)
	if resp != nil {
		resp.Diagnostics = readable(resp.Diagnostics)
	}
	return resp, err
}

// spreadUnknown makes an object of a list, set or map that is not known an object of
// which no attribute is known. That is the same, but the framework takes attributes of
// an unknown object for missing ones (terraform-plugin-framework, issue 186).
func spreadUnknown(schema []*tfprotov6.SchemaAttribute, object tftypes.Value) tftypes.Value {
	var parts map[string]tftypes.Value
	if !object.IsKnown() || object.IsNull() || object.As(&parts) != nil {
		return object
	}
	parts = maps.Clone(parts) // As may give the value's own
	for _, a := range schema {
		if a.NestedType != nil {
			parts[a.Name] = spreadNested(a.NestedType, parts[a.Name])
		}
	}
	return tftypes.NewValue(object.Type(), parts)
}

func spreadNested(nested *tfprotov6.SchemaObject, v tftypes.Value) tftypes.Value {
	if !v.IsKnown() || v.IsNull() {
		return v
	}
	element := func(object tftypes.Value) tftypes.Value {
		typ, isObject := object.Type().(tftypes.Object)
		if object.IsKnown() || !isObject {
			return spreadUnknown(nested.Attributes, object)
		}
		parts := map[string]tftypes.Value{}
		for name, of := range typ.AttributeTypes {
			parts[name] = tftypes.NewValue(of, tftypes.UnknownValue)
		}
		return tftypes.NewValue(typ, parts)
	}
	if nested.Nesting == tfprotov6.SchemaObjectNestingModeSingle {
		return spreadUnknown(nested.Attributes, v)
	}
	var list []tftypes.Value
	if v.As(&list) == nil {
		list = slices.Clone(list)
		for i := range list {
			list[i] = element(list[i])
		}
		return tftypes.NewValue(v.Type(), list)
	}
	var parts map[string]tftypes.Value
	if v.As(&parts) == nil {
		parts = maps.Clone(parts)
		for name := range parts {
			parts[name] = element(parts[name])
		}
		return tftypes.NewValue(v.Type(), parts)
	}
	return v
}
