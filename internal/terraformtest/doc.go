// Package terraformtest lets tests drive a real terraform or tofu cheaply.
//
// Three ways to use it, from the cheapest to the dearest:
//
//   - Run takes a provider that the test serves through steps, each of which is
//     applied and then planned again. Use it for what a resource does.
//   - Root runs one command after the other with such a provider. Use it for
//     what Run has no step for: saved plans, several root modules, what
//     Terraform prints.
//   - Root with a built provider costs four times as much a command. Use it
//     only for what a process of its own shows: being killed, signals, its
//     environment, its working directory, its log.
//
// A test that needs no Terraform is faster than all three by a factor of
// hundred: call the provider's methods, or what is below them.
package terraformtest
