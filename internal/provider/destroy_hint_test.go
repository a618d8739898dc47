package provider

import (
	"strings"
	"testing"
)

func TestACommandLineThatDestroys(t *testing.T) {
	for line, want := range map[string]bool{
		"terraform destroy": true,
		"/usr/bin/tofu -chdir=production destroy -auto-approve": true,
		"terraform apply -destroy":                              true,
		"terraform plan --destroy -out=plan":                    true,
		"terraform plan -destroy=true":                          true,
		"terraform plan -destroy=false":                         false,
		"terraform plan":                                        false,
		"terraform apply -target=portal_release.destroy":        false,
		"terraform apply destroy":                               false, // a saved plan of that name
		"terraform test -chdir=destroy":                         false,
		"terraform -chdir=destroy plan":                         false,
		"terraform":                                             false,
	} {
		if got := destroys(strings.Fields(line)); got != want {
			t.Errorf("%s: %t", line, got)
		}
	}
	if destroys(nil) {
		t.Error("nothing destroys")
	}
}
