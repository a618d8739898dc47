// Package kinds lists the kinds of targets and finds one by its name, as a ledger
// has it.
package kinds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
	"github.com/releaseportal/terraform-provider-portal/internal/target/command"
	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
)

// all are the kinds. A new one is registered here and, with how it is written in a
// configuration, in the provider.
var all = []target.Kind{
	command.Kind,
	directory.Kind,
}

// Names lists the kinds in order.
func Names() []string {
	names := make([]string, len(all))
	for i, kind := range all {
		names[i] = kind.Name
	}
	slices.Sort(names)
	return names
}

// Find gives the kind of that name.
func Find(name string) (target.Kind, error) {
	for _, kind := range all {
		if kind.Name == name {
			return kind, nil
		}
	}
	return target.Kind{}, fmt.Errorf("%q is not a kind of target: use one of %s", name, strings.Join(Names(), ", "))
}

// Unpacks reports whether targets of the kind of that name unpack archives.
func Unpacks(name string) bool {
	kind, err := Find(name)
	return err == nil && kind.Unpacks
}
