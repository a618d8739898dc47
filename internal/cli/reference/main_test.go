package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheGuideIsWhatTheCommandsSay(t *testing.T) {
	committed, err := os.ReadFile("../../../templates/guides/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(page(), string(committed)); diff != "" {
		t.Errorf("run make generate: %s", diff)
	}
}
