// Package acceptance holds the provider to what it promises, with a real
// Terraform around it. It has tests only.
//
// Three harnesses, from the cheapest to the dearest:
//
//   - world.run takes one configuration after the other through apply and an
//     empty plan. The test's own process serves the provider. Use it first.
//   - root (and scene, which is one with a story to it) runs the commands that a
//     test names, one after the other: saved plans, several root modules, what
//     Terraform prints. The test serves the provider here too. The names of
//     these tests begin with TestReal.
//   - root.start, and root.run with variables, run the provider as users get it,
//     in its own process for each walk, at four times the price. Use them
//     for what only a process shows: a kill, a signal, two applies at once, its
//     environment, its log.
//
// A scene that is deep in a story is set up through the ledger (outage), which
// costs no run of Terraform. A matrix that would take minutes is tried whole by
// "make test-crash" only, and "make test" tries a sample of it: see some and
// oneOfEach. See package terraformtest for what a command costs. What a rule says
// needs no Terraform at all, and what core makes of an answer needs package coretest.
package acceptance
