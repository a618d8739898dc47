package kinds

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

func mustEncode(t *testing.T, value any) json.RawMessage {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func open(kind string, config json.RawMessage) (target.Target, error) {
	found, err := Find(kind)
	if err != nil {
		return nil, err
	}
	return found.Open(config, "", target.Credential{}, target.Place{Pipeline: "intranet", Environment: "production"})
}

func address(kind string, config json.RawMessage) (string, error) {
	found, err := Find(kind)
	if err != nil {
		return "", err
	}
	return found.Address(config)
}

func TestOpenGivesATargetOfTheKind(t *testing.T) {
	for name, config := range map[string]any{
		"directory": map[string]any{"path": t.TempDir(), "keep": 3},
		"command":   map[string]any{"deploy": []string{"deploy"}, "observe": []string{"observe"}, "timeout": "1m"},
	} {
		if _, err := open(name, mustEncode(t, config)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	cases := map[string]struct{ kind, config, want string }{
		"an unknown kind":                   {"floppy", `{}`, "use one of command, directory"},
		"an unknown field":                  {"directory", `{"path":"/srv","depth":1}`, `unknown field "depth"`},
		"more than one configuration":       {"directory", `{"path":"/srv"}{}`, "more text after its end"},
		"no configuration":                  {"directory", ``, "cannot be read"},
		"a relative path":                   {"directory", `{"path":"srv"}`, "not absolute"},
		"a command without a program":       {"command", `{"deploy":["x"]}`, "observe is empty"},
		"a command that is given as a text": {"command", `{"deploy":"rm -rf /","observe":["x"]}`, "cannot be read"},
		"a timeout that is none":            {"command", `{"deploy":["x"],"observe":["x"],"timeout":"soon"}`, "give a duration"},
		"a variable that is ours":           {"command", `{"deploy":["x"],"observe":["x"],"environment":{"PORTAL_EPOCH":"1"}}`, "reserved"},
		"a variable that is none":           {"command", `{"deploy":["x"],"observe":["x"],"environment":{"A=B":"1"}}`, "not a name of a variable"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := open(c.kind, json.RawMessage(c.config)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := address("directory", mustEncode(t, map[string]string{"path": dir + "/x/"})); err != nil || got != "directory:"+dir+"/x" {
		t.Errorf("directory: %q, %v", got, err)
	}
	if got, err := address("command", json.RawMessage(`{"deploy":["x"],"observe":["x"]}`)); err != nil || got != "" {
		t.Errorf("command: %q, %v", got, err)
	}
	if _, err := address("floppy", nil); err == nil {
		t.Error("an unknown kind has an address")
	}
}
