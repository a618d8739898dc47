package provider

import "testing"

func TestTraceIsSilencedUnlessALogIsAskedFor(t *testing.T) {
	for _, asked := range append([]string{""}, logVariables...) {
		name := asked
		if name == "" {
			name = "nothing set"
		}
		t.Run(name, func(t *testing.T) {
			set := map[string]string{}
			err := SilenceTrace(func(name string) string {
				if name == asked {
					return "debug"
				}
				return ""
			}, func(name, value string) error { set[name] = value; return nil })
			if err != nil {
				t.Fatal(err)
			}
			if silenced := set["TF_LOG_SDK"] == "off"; silenced != (asked == "") {
				t.Errorf("silenced: %t", silenced)
			}
		})
	}
}
