package command

import (
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(`{"version":1,"epoch":3,"components":{"theme":{"version":"1.0.0","kind":"file"}}}`))
	f.Add([]byte(`{"version":1,"components":{}} trailing`))
	f.Add([]byte(`{"version":1,"components":{"../x":{"sha256":"0"}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		answer, err := parseAnswer(text)
		if err != nil {
			return
		}
		for name := range answer.content() {
			if target.CheckName(name) != nil {
				t.Errorf("component %q is taken", name)
			}
		}
	})
}
