package coretest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Serve starts a provider, as Terraform starts a process for each walk; end ends it.
type Serve func() (server tfprotov6.ProviderServer, end func() error)

// Terraform knows the schemas of a provider, and starts it for each walk.
type Terraform struct {
	t         testing.TB
	serve     Serve
	provider  *tfprotov6.Schema
	resources map[string]*tfprotov6.Schema
	data      map[string]*tfprotov6.Schema
}

// New reads the provider's schemas.
func New(t testing.TB, serve Serve) *Terraform {
	t.Helper()
	server, end := serve()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err == nil {
		err = end()
	}
	if err != nil || len(schemas.Diagnostics) > 0 {
		t.Fatalf("the provider's schemas cannot be read: %v", err)
	}
	return &Terraform{t: t, serve: serve, provider: schemas.Provider, resources: schemas.ResourceSchemas, data: schemas.DataSourceSchemas}
}

// Resources are the schemas of the resources by type.
func (x *Terraform) Resources() map[string]*tfprotov6.Schema { return x.resources }

// DataSources are the schemas of the data sources by type.
func (x *Terraform) DataSources() map[string]*tfprotov6.Schema { return x.data }

// Resource is a resource of a configuration, or a data source where its address begins
// with "data.". What it refers to comes before it.
type Resource struct {
	Address string // "portal_release.next"
	Config  Config
}

func (r Resource) isData() bool { return strings.HasPrefix(r.Address, "data.") }

func (r Resource) typeName() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.Address, "data."), ".")
	return name
}

// Root is a root module with its state.
type Root struct {
	*Terraform
	provider Config
	state    []object
}

// object is a resource in the state.
type object struct {
	Resource
	value   tftypes.Value
	private []byte
}

// Root makes a root module whose state is empty.
func (x *Terraform) Root(provider Config) *Root { return &Root{Terraform: x, provider: provider} }

// State is an attribute of a resource in the state; a null string if it is not there.
func (r *Root) State(address, name string) tftypes.Value {
	for _, o := range r.state {
		if o.Address == address {
			return attributes(o.value)[name]
		}
	}
	return tftypes.NewValue(tftypes.String, nil)
}

func (r *Root) find(address string) *object {
	for i := range r.state {
		if r.state[i].Address == address {
			return &r.state[i]
		}
	}
	return nil
}

// put writes a resource into the state; a null value takes it out.
func (r *Root) put(o object) {
	at := slices.IndexFunc(r.state, func(other object) bool { return other.Address == o.Address })
	switch {
	case o.value.IsNull() && at >= 0:
		r.state = slices.Delete(slices.Clone(r.state), at, at+1)
	case o.value.IsNull():
	case at >= 0:
		r.state[at] = o
	default:
		r.state = append(r.state, o)
	}
}

// Copy is another root module with the same state.
func (r *Root) Copy() *Root {
	other := *r
	other.state = slices.Clone(r.state)
	return &other
}

// Adopt takes over the state of another root module.
func (r *Root) Adopt(other *Root) { r.state = slices.Clone(other.state) }

// Message is a warning or an error of the provider.
type Message struct{ Address, Attribute, Summary, Detail string }

func (m Message) String() string {
	return fmt.Sprintf("%s (%s %s)\n%s", m.Summary, m.Address, m.Attribute, m.Detail)
}

// Report is what came of a walk.
type Report struct {
	Errors, Warnings []Message
	// Faults are what Terraform would call a bug in the provider.
	Faults []string
}

// OK reports whether there is no error and no fault.
func (r *Report) OK() bool { return len(r.Errors) == 0 && len(r.Faults) == 0 }

func (r *Report) String() string {
	var text strings.Builder
	for _, m := range r.Errors {
		text.WriteString("Error: " + m.String() + "\n")
	}
	for _, m := range r.Warnings {
		text.WriteString("Warning: " + m.String() + "\n")
	}
	for _, fault := range r.Faults {
		text.WriteString("Fault: " + fault + "\n")
	}
	return text.String()
}

func (r *Report) fault(address, what string, faults ...string) {
	for _, fault := range faults {
		r.Faults = append(r.Faults, address+": "+what+": "+fault)
	}
}

// tell takes what the provider says, and reports whether an error is among it.
func (r *Report) tell(address string, diagnostics []*tfprotov6.Diagnostic) bool {
	failed := false
	for _, d := range diagnostics {
		m := Message{Address: address, Summary: d.Summary, Detail: d.Detail}
		if d.Attribute != nil {
			m.Attribute = d.Attribute.String()
		}
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			r.Errors, failed = append(r.Errors, m), true
		} else {
			r.Warnings = append(r.Warnings, m)
		}
	}
	return failed
}

// walk is one walk of Terraform, with its own provider.
type walk struct {
	*Root
	ctx    context.Context
	server tfprotov6.ProviderServer
	report *Report
	later  bool
	found  map[string]tftypes.Value // address -> what is planned, or there
}

// begin starts a provider and configures it. It reports false if that failed.
func (r *Root) begin(later bool, report *Report) (*walk, func(), bool) {
	r.t.Helper()
	server, end := r.serve()
	w := &walk{Root: r, ctx: r.t.Context(), server: server, report: report, later: later, found: map[string]tftypes.Value{}}
	config := w.decode(r.Terraform.provider, r.provider)
	valid, err := server.ValidateProviderConfig(w.ctx, &tfprotov6.ValidateProviderConfigRequest{Config: w.dynamic(config)})
	w.must(err)
	failed := report.tell("provider", valid.Diagnostics)
	if !failed {
		configured, err := server.ConfigureProvider(w.ctx, &tfprotov6.ConfigureProviderRequest{Config: w.dynamic(config), TerraformVersion: "1.15.0"})
		w.must(err)
		failed = report.tell("provider", configured.Diagnostics)
	}
	return w, func() {
		if err := end(); err != nil {
			r.t.Error(err)
		}
	}, !failed
}

func (w *walk) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *walk) dynamic(v tftypes.Value) *tfprotov6.DynamicValue {
	w.t.Helper()
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	w.must(err)
	return &d
}

// undynamic reads what the provider answers; null if it answers nothing.
func (w *walk) undynamic(d *tfprotov6.DynamicValue, typ tftypes.Type) tftypes.Value {
	w.t.Helper()
	if d == nil {
		return tftypes.NewValue(typ, nil)
	}
	v, err := d.Unmarshal(typ)
	w.must(err)
	return v
}

// decode evaluates a configuration as far as this walk knows it.
func (w *walk) decode(schema *tfprotov6.Schema, config Config) tftypes.Value {
	w.t.Helper()
	if config == nil {
		config = Config{}
	}
	values := resolver{later: w.later, ref: func(ref Ref) (tftypes.Value, error) {
		object, there := w.found[ref.Address]
		if !there {
			return object, fmt.Errorf("%s does not come before what refers to it", ref.Address)
		}
		return attributes(object)[ref.Attribute], nil
	}}
	v, err := values.value(schema.ValueType(), config)
	w.must(err)
	return v
}

// schemaOf is the schema of a resource or data source.
func (w *walk) schemaOf(r Resource) *tfprotov6.Schema {
	w.t.Helper()
	schema := w.resources[r.typeName()]
	if r.isData() {
		schema = w.data[r.typeName()]
	}
	if schema == nil {
		w.t.Fatalf("there is no %s", r.typeName())
	}
	return schema
}

// refresh reads what is in the state.
func (w *walk) refresh(o object) object {
	w.t.Helper()
	typ := w.schemaOf(o.Resource).ValueType()
	got, err := w.server.ReadResource(w.ctx, &tfprotov6.ReadResourceRequest{TypeName: o.typeName(), CurrentState: w.dynamic(o.value), Private: o.private})
	w.must(err)
	if w.report.tell(o.Address, got.Diagnostics) {
		return o
	}
	o.value, o.private = w.undynamic(got.NewState, typ), got.Private
	if !o.value.IsFullyKnown() {
		w.report.fault(o.Address, "refreshed", "it is not wholly known: "+o.value.String())
	}
	return o
}

// read reads a data source, or says that it will be read later.
func (w *walk) read(r Resource) tftypes.Value {
	w.t.Helper()
	schema := w.schemaOf(r)
	config := w.decode(schema, r.Config)
	valid, err := w.server.ValidateDataResourceConfig(w.ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: r.typeName(), Config: w.dynamic(config)})
	w.must(err)
	if w.report.tell(r.Address, valid.Diagnostics) {
		return config
	}
	if !config.IsFullyKnown() {
		return w.unread(schema, config)
	}
	got, err := w.server.ReadDataSource(w.ctx, &tfprotov6.ReadDataSourceRequest{TypeName: r.typeName(), Config: w.dynamic(config)})
	w.must(err)
	if w.report.tell(r.Address, got.Diagnostics) {
		return config
	}
	v := w.undynamic(got.State, schema.ValueType())
	switch {
	case v.IsNull():
		w.report.fault(r.Address, "read", "it is null")
	case !v.IsFullyKnown():
		w.report.fault(r.Address, "read", "it is not wholly known: "+v.String())
	default:
		w.report.fault(r.Address, "read", planFits(schema.Block.Attributes, tftypes.NewValue(v.Type(), nil), config, v, "")...)
	}
	return v
}

// unread is a data source that is not read yet: what is computed is unknown.
func (w *walk) unread(schema *tfprotov6.Schema, config tftypes.Value) tftypes.Value {
	values := map[string]tftypes.Value{}
	for _, a := range schema.Block.Attributes {
		values[a.Name] = attribute(config, a.Name, a.ValueType())
		if a.Computed && values[a.Name].IsNull() {
			values[a.Name] = tftypes.NewValue(a.ValueType(), tftypes.UnknownValue)
		}
	}
	return tftypes.NewValue(schema.ValueType(), values)
}
