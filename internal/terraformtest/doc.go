// Package terraformtest lets tests drive a real terraform or tofu cheaply.
//
// Four ways to use it, from the cheapest to the dearest:
//
//   - Run takes a provider that the test serves (Serve) through steps, each of
//     which is applied and then planned again. Use it for what a resource does.
//   - Root runs one command after the other with such a provider. Use it for
//     what Run has no step for: saved plans, several root modules, what
//     Terraform prints.
//   - ServeIn and Launch serve the provider from a process with a working
//     directory of its own, for configurations with relative paths: ServeIn for
//     one root module, Launch for scripts that call terraform.
//   - Root with a built provider (Build) costs four times as much a command. Use
//     it only for what a process for each walk shows: being killed, signals, its
//     environment, its log.
//
// A test that needs no Terraform is faster than all four by a factor of a
// hundred: call the provider's methods, or what is below them.
package terraformtest
