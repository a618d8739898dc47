// Package coretest drives a provider as Terraform does, in the test's own process
// and without Terraform, and holds it to what Terraform's core checks. A whole plan
// and apply takes milliseconds.
//
// Use it if a test is about what core would make of the provider's answers: a
// value that is planned and then comes out otherwise, a plan that does not fit the
// configuration, a saved plan that is applied when the world has moved. Core calls
// these a bug in the provider; here they are the Faults of a Report. Each walk gets its own
// provider, as each has its own process under Terraform.
//
// Use terraform-plugin-testing or a real Terraform (internal/acceptance) where
// expressions, the graph, parallel walks, processes that die, or Terraform's own text
// matter: here resources are taken one after the other, in the order in which they are
// given, and the first error of an apply ends it.
//
// The rules are those of the provider protocol's documentation ("Resource Instance
// Change Lifecycle"), for schemas of attributes. Blocks, write-only attributes, state
// upgrades and identities are not covered.
package coretest
