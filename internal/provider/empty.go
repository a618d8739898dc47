package provider

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// hollow refuses what no attribute of a resource or a data source takes:
//
//   - "": it is neither a value nor left out, and comes from a variable, a lookup or a
//     file that was never filled. Terraform would keep it as it is written, and the
//     record would not. Values of maps are the exception, where "" may mean something
//     (approvals, environment variables), and so are arguments of a program after its
//     name.
//   - elements of lists, sets and maps that are null.
//   - numbers that are not whole: no attribute counts in fractions.
func hollow(config tftypes.Value) []*tfprotov6.Diagnostic {
	var refused []*tfprotov6.Diagnostic
	refuse := func(at *tftypes.AttributePath, summary, detail string) {
		refused = append(refused, &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Attribute: at, Summary: summary, Detail: detail})
	}
	_ = tftypes.Walk(config, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		if !v.IsKnown() || len(at.Steps()) == 0 {
			return v.IsKnown(), nil
		}
		_, isAttribute := at.LastStep().(tftypes.AttributeName)
		name := nameOf(at)
		switch text, number := "", new(big.Float); {
		case v.IsNull() && !isAttribute:
			refuse(at, "Element "+name+" is null",
				"Null is not allowed in "+nameOf(at.WithoutLastStep())+". Leave the element out if it has no value, for example with an if in a for expression.")
		case v.IsNull():
		case v.Type().Is(tftypes.String) && v.As(&text) == nil && text == "" && !mayBeEmpty(at):
			what := "Attribute " + name
			if _, inSet := at.LastStep().(tftypes.ElementKeyValue); inSet {
				what, name = "An element of "+name, "An element of "+name
			}
			refuse(at, what+" is empty",
				name+" is \"\". Perhaps it comes from a variable, an output, a lookup or a file that has no value. Set a value, or null to leave out an optional attribute.")
		case v.Type().Is(tftypes.Number) && v.As(&number) == nil && !isWhole(number):
			refuse(at, "Attribute "+name+" is not a whole number", fmt.Sprintf("%s is %s. Write a whole number.", name, number.Text('g', 10)))
		}
		return true, nil
	})
	return refused
}

func isWhole(number *big.Float) bool {
	_, exact := number.Int64()
	return exact == big.Exact
}

// isProgram reports whether an attribute holds a program and its arguments: of a check,
// or of a target.
func isProgram(attribute string) bool {
	return attribute == "command" || slices.ContainsFunc(targetKinds, func(kind targetKind) bool { return kind.isProgram(attribute) })
}

// mayBeEmpty reports whether "" means something at a place.
func mayBeEmpty(at *tftypes.AttributePath) bool {
	switch last := at.LastStep().(type) {
	case tftypes.ElementKeyString:
		return true
	case tftypes.ElementKeyInt:
		in, isNamed := at.WithoutLastStep().LastStep().(tftypes.AttributeName)
		return isNamed && isProgram(string(in)) && last > 0
	}
	return false
}

// nameOf is a place in a configuration as people write it: components["app"].kind. An
// element of a set has no name: it is that of the set.
func nameOf(at *tftypes.AttributePath) string {
	name := ""
	for _, step := range at.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			if name != "" {
				name += "."
			}
			name += string(step)
		case tftypes.ElementKeyString:
			name += "[" + strconv.Quote(string(step)) + "]"
		case tftypes.ElementKeyInt:
			name += "[" + strconv.FormatInt(int64(step), 10) + "]"
		}
	}
	return name
}
