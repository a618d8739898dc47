package main

import (
	"os"
	"testing"
)

// TestTheGuideIsWhatTheRulesSay fails if somebody changed a rule or a message, and the
// guide was not generated since.
func TestTheGuideIsWhatTheRulesSay(t *testing.T) {
	want, err := write()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../templates/guides/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("templates/guides/rules.md is not what the rules say: run make generate")
	}
}
