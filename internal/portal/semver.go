package portal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	version "github.com/hashicorp/go-version"
)

// ComparePrecedence orders two release versions by semantic-versioning precedence: -1, 0 or +1.
// Versions that do not parse are ordered as text, below all that do. It is written out because
// go-version puts 1.0.0-alpha above 1.0.0-alpha.beta (semver.org, item 11, says below) and is
// limited to 64 bits.
func ComparePrecedence(a, b string) int {
	va, vb := versionPattern.FindStringSubmatch(a), versionPattern.FindStringSubmatch(b)
	switch {
	case va == nil && vb == nil:
		return strings.Compare(a, b)
	case va == nil:
		return -1
	case vb == nil:
		return 1
	}
	if c := slices.CompareFunc(va[1:4], vb[1:4], compareNumbers); c != 0 {
		return c
	}
	preA, preB := va[4], vb[4]
	switch {
	case preA == preB:
		return 0
	case preA == "":
		return 1
	case preB == "":
		return -1
	}
	return slices.CompareFunc(strings.Split(preA, "."), strings.Split(preB, "."), compareIdentifiers)
}

// compareNumbers orders decimal numbers without leading zeros.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareIdentifiers orders the identifiers of a prerelease: numbers by value,
// below texts.
func compareIdentifiers(a, b string) int {
	numeric := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	switch {
	case numeric(a) && numeric(b):
		return compareNumbers(a, b)
	case numeric(a):
		return -1
	case numeric(b):
		return 1
	}
	return strings.Compare(a, b)
}

// satisfies reports whether a version meets a constraint such as ">= 9.5, < 10". Numbers are
// compared: 3.1.4-hotfix.1 is a 3.1.4. The suffix of the version counts, by its precedence, only if
// the constraint has one itself.
func satisfies(installed, constraint string) bool {
	want, err := version.NewConstraint(constraint)
	if err != nil {
		return false
	}
	have, err := version.NewVersion(installed)
	if err != nil {
		return false
	}
	for _, part := range want {
		asked := have.Core()
		if part.Prerelease() && slices.Equal(asked.Segments64(), numbersOf(part)) {
			asked = have
		}
		if !part.Check(asked) {
			return false
		}
	}
	return true
}

// numbersOf are the numbers that one part of a constraint compares with.
func numbersOf(part *version.Constraint) []int64 {
	v, err := version.NewVersion(strings.TrimLeft(part.String(), "=!<>~ "))
	if err != nil {
		return nil
	}
	return v.Segments64()
}

// readable reports whether a version can be compared with constraints.
func readable(v string) bool {
	_, err := version.NewVersion(v)
	return err == nil
}

// validateInstalled checks the version of software that is installed without us. One that cannot be
// compared would satisfy no constraint.
func validateInstalled(field, name, v string) []Problem {
	if readable(v) {
		return nil
	}
	return []Problem{{field, fmt.Sprintf("%s: the version %q cannot be compared with what releases require: begin it with its numbers, "+
		"such as \"9.5.226\"; a suffix follows a hyphen, such as \"9.5.226-cf3\"", name, v)}}
}

func validateConstraint(field, constraint string) []Problem {
	if _, err := version.NewConstraint(constraint); err != nil {
		return []Problem{{field, fmt.Sprintf("%q is not a version constraint: write for example \">= 9.5, < 10\"", constraint)}}
	}
	return nil
}
