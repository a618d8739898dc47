// Package acceptance holds the provider to what it promises, with a real
// Terraform around it. It has tests only.
//
// Most of them run the provider in the test's own process, through
// terraform-plugin-testing. Those whose names begin with TestReal build it, as
// users get it, and run it below terraform processes of their own: only there is
// a process per walk, a saved plan, two applies at once, a kill.
package acceptance
