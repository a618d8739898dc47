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

func TestOpenGivesATargetOfTheKind(t *testing.T) {
	for name, config := range map[string]any{
		Directory: map[string]any{"path": t.TempDir(), "keep": 3},
		Command:   map[string]any{"deploy": []string{"deploy"}, "observe": []string{"observe"}, "timeout": "1m"},
	} {
		if _, err := Open(name, mustEncode(t, config), target.Credential{}, For("intranet", "production")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	cases := map[string]struct{ kind, config, want string }{
		"an unknown kind":                   {"floppy", `{}`, "there are command, directory"},
		"an unknown field":                  {Directory, `{"path":"/srv","depth":1}`, `unknown field "depth"`},
		"more than one configuration":       {Directory, `{"path":"/srv"}{}`, "goes on"},
		"no configuration":                  {Directory, ``, "cannot be read"},
		"a relative path":                   {Directory, `{"path":"srv"}`, "not absolute"},
		"a command without a program":       {Command, `{"deploy":["x"]}`, "observe is empty"},
		"a command that is given as a text": {Command, `{"deploy":"rm -rf /","observe":["x"]}`, "cannot be read"},
		"a timeout that is none":            {Command, `{"deploy":["x"],"observe":["x"],"timeout":"soon"}`, "give a duration"},
		"a variable that is ours":           {Command, `{"deploy":["x"],"observe":["x"],"environment":{"PORTAL_EPOCH":"1"}}`, "reserved"},
		"a variable that is none":           {Command, `{"deploy":["x"],"observe":["x"],"environment":{"A=B":"1"}}`, "no name of a variable"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(c.kind, json.RawMessage(c.config), target.Credential{}); err == nil || !strings.Contains(err.Error(), c.want) {
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
	if got, err := Address(Directory, mustEncode(t, map[string]string{"path": dir + "/x/"})); err != nil || got != "directory:"+dir+"/x" {
		t.Errorf("directory: %q, %v", got, err)
	}
	if got, err := Address(Command, json.RawMessage(`{"deploy":["x"],"observe":["x"]}`)); err != nil || got != "" {
		t.Errorf("command: %q, %v", got, err)
	}
	if _, err := Address("floppy", nil); err == nil {
		t.Error("an unknown kind has an address")
	}
}
