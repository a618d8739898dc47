package coretest

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Import takes what exists into the state, by its id, and refreshes it, as terraform
// import does.
func (r *Root) Import(resource Resource, id string) *Report {
	r.t.Helper()
	report := &Report{}
	w, end, ok := r.begin(false, report)
	defer end()
	if !ok {
		return report
	}
	got, err := w.server.ImportResourceState(w.ctx, &tfprotov6.ImportResourceStateRequest{TypeName: resource.typeName(), ID: id})
	w.must(err)
	if report.tell(resource.Address, got.Diagnostics) {
		return report
	}
	for _, imported := range got.ImportedResources {
		read := w.refresh(object{resource, w.undynamic(imported.State, w.schemaOf(resource).ValueType()), imported.Private})
		if read.value.IsNull() {
			report.fault(resource.Address, "imported", "there is none of the id "+id)
		}
		if report.OK() {
			r.put(read)
		}
	}
	return report
}
