package portal_test

import (
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestSentences(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"done":                           "Done.",
		"done.":                          "Done.",
		"done!":                          "Done!",
		"überall":                        "Überall.",
		"reports/junit.xml is no file":   "reports/junit.xml is no file.",
		"deploy.sh failed":               "deploy.sh failed.",
		"run_url has control characters": "run_url has control characters.",
		`"staging" was changed`:          `"staging" was changed.`,
		`program "deploy" failed`:        `Program "deploy" failed.`,
		"-timeout is negative":           "-timeout is negative.",
		"two\nlines":                     "Two\nlines",
	} {
		if got := portal.Sentence(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}
