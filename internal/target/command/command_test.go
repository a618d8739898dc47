//go:build !windows

package command

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

var someDigest = strings.Repeat("ab", 32)

func someChange(t testing.TB) target.Change {
	return target.Change{
		Key: "the-key", Epoch: 7, Pipeline: "intranet", Environment: "production", Release: "2.5.0+EF-1",
		From: portal.Content{"theme": {Version: "1.0.0", Kind: "file", SHA256: someDigest}, "old": {Version: "1", Kind: "file", SHA256: someDigest}},
		To:   portal.Content{"theme": {Version: "1.1.0", Kind: "file", SHA256: someDigest}, "new": {Version: "1", Kind: "file", SHA256: someDigest}},
		Files: map[string]string{
			"theme": mustWrite(t, filepath.Join(t.TempDir(), "theme"), "a"), "new": mustWrite(t, filepath.Join(t.TempDir(), "new"), "b"),
		},
	}
}

func TestADeploymentIsToldWhatItIs(t *testing.T) {
	dir := t.TempDir()
	config := Config{
		Deploy: script(t, "cat > request.json", "env | sort > environment"), Observe: []string{"true"},
		WorkingDirectory: dir, Environment: map[string]string{"SERVER": "a b;c"},
	}
	t.Setenv("SECRET_OF_THE_BUILD", "SECRET")
	credential := target.Credential{Username: "deployer", Password: "PASSWORD", Token: "TOKEN"}
	change := someChange(t)
	if err := mustNew(t, config, credential).Apply(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	var request map[string]any
	text, err := os.ReadFile(filepath.Join(dir, "request.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &request); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"version": 1.0, "operation": "deploy", "key": "the-key", "epoch": 7.0, "pipeline": "intranet", "environment": "production", "release": "2.5.0+EF-1",
		"from": map[string]any{
			"theme": map[string]any{"version": "1.0.0", "kind": "file", "sha256": someDigest},
			"old":   map[string]any{"version": "1", "kind": "file", "sha256": someDigest},
		},
		"to": map[string]any{
			"theme": map[string]any{"version": "1.1.0", "kind": "file", "sha256": someDigest},
			"new":   map[string]any{"version": "1", "kind": "file", "sha256": someDigest},
		},
		"added": []any{"new"}, "changed": []any{"theme"}, "removed": []any{"old"},
		"files": map[string]any{"theme": change.Files["theme"], "new": change.Files["new"]},
	}
	if diff := cmp.Diff(want, request); diff != "" {
		t.Errorf("standard input (-want +got):\n%s", diff)
	}
	environment, err := os.ReadFile(filepath.Join(dir, "environment"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"PORTAL_OPERATION=deploy", "PORTAL_PIPELINE=intranet", "PORTAL_ENVIRONMENT=production", "PORTAL_RELEASE=2.5.0+EF-1",
		"PORTAL_ATTEMPT_KEY=the-key", "PORTAL_EPOCH=7", "SERVER=a b;c", "PORTAL_CREDENTIAL_USERNAME=deployer",
		"PORTAL_CREDENTIAL_PASSWORD=PASSWORD", "PORTAL_CREDENTIAL_TOKEN=TOKEN",
	} {
		if !strings.Contains("\n"+string(environment), "\n"+line+"\n") {
			t.Errorf("%s is missing in\n%s", line, environment)
		}
	}
	if strings.Contains(string(environment), "SECRET_OF_THE_BUILD") {
		t.Error("it gets variables that are none of its business")
	}
}

func TestAnEmptyingSaysSo(t *testing.T) {
	dir := t.TempDir()
	config := Config{Deploy: script(t, "cat > request.json"), Observe: []string{"true"}, WorkingDirectory: dir}
	if err := mustNew(t, config, target.Credential{}).Apply(t.Context(), target.Change{Key: "k", Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "request.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"from":{}`, `"to":{}`, `"added":[]`, `"changed":[]`, `"removed":[]`, `"files":{}`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s is missing in %s", part, text)
		}
	}
}

func TestObservingIsToldWhere(t *testing.T) {
	observe := script(t,
		`test "$PORTAL_OPERATION $PORTAL_PIPELINE $PORTAL_ENVIRONMENT" = "observe intranet production" || exit 1`,
		`echo '{"version":1,"epoch":7,"components":{"theme":{"version":"1.0.0"},"skin":{"kind":"file","sha256":"`+someDigest+`"},"docs":{"strip_components":0}}}'`)
	observed, err := mustNew(t, Config{Deploy: []string{"true"}, Observe: observe}, target.Credential{}).Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := target.Observation{Epoch: 7, Content: portal.Content{
		"theme": {Version: "1.0.0", StripComponents: target.UntoldStrip},
		"skin":  {Kind: "file", SHA256: someDigest, StripComponents: target.UntoldStrip},
		"docs":  {},
	}}
	if diff := cmp.Diff(want, observed); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsIgnoredIsTakenOutOfTheAnswer(t *testing.T) {
	dir := t.TempDir()
	say := script(t, "cat > $PORTAL_OPERATION.json", `echo "$PORTAL_IGNORE_PATTERNS" > $PORTAL_OPERATION.txt`,
		`echo '{"version":1,"components":{"app.war":{},"app":{},"help":{},"server.log":{}}}'`)
	config := Config{Deploy: say, Observe: say, WorkingDirectory: dir, Ignoring: target.Ignoring{IgnorePatterns: target.Patterns{"app/", "*.log", "help/tmp/**"}}}
	place := mustNew(t, config, target.Credential{})
	observed, err := place.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"app.war", "help"}, observed.Content.Names()); diff != "" {
		t.Error(diff)
	}
	if err := place.Apply(t.Context(), someChange(t)); err != nil {
		t.Fatal(err)
	}
	for _, operation := range []string{"observe", "deploy"} {
		for file, want := range map[string]string{operation + ".json": `"ignore_patterns":["app/","*.log","help/tmp/**"]`, operation + ".txt": "app/\n*.log\nhelp/tmp/**\n"} {
			if text, err := os.ReadFile(filepath.Join(dir, file)); err != nil || !strings.Contains(string(text), want) {
				t.Errorf("%s has %s, %v", file, text, err)
			}
		}
	}
}

func TestAnswersThatAreNotUnderstood(t *testing.T) {
	cases := map[string]struct{ answer, want string }{
		"nothing":                    {``, "is empty"},
		"text":                       {`all is well`, "print only the JSON"},
		"less than nothing stripped": {`{"version":1,"components":{"docs":{"strip_components":-1}}}`, "leave it out"},
		"text before":                {`ok {"version":1,"components":{}}`, "print only the JSON"},
		"text after":                 {`{"version":1,"components":{}} ok`, "has more text after the JSON"},
		"another answer after":       {`{"version":1,"components":{}}{}`, "has more text after the JSON"},
		"an unknown field":           {`{"version":1,"components":{},"state":"ok"}`, `unknown field "state"`},
		"an unknown component field": {`{"version":1,"components":{"a":{"digest":"x"}}}`, `unknown field "digest"`},
		"another version":            {`{"version":2,"components":{}}`, "has version 2"},
		"no version":                 {`{"components":{}}`, "has version 0"},
		"no components":              {`{"version":1}`, "has no components"},
		"no components but null":     {`{"version":1,"components":null}`, "has no components"},
		"cut short":                  {`{"version":1,"components":{"a":`, "print only the JSON"},
		"a hostile name":             {`{"version":1,"components":{"../a":{}}}`, "not a name of a component"},
		"a hostile version":          {`{"version":1,"components":{"a":{"version":"\u001b[2J"}}}`, "control characters"},
		"a digest that is none":      {`{"version":1,"components":{"a":{"sha256":"latest"}}}`, "64 lower-case"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := mustWrite(t, filepath.Join(t.TempDir(), "answer"), c.answer)
			place := mustNew(t, Config{Deploy: []string{"true"}, Observe: []string{"cat", path}}, target.Credential{})
			_, err := place.Observe(t.Context())
			if !errors.Is(err, target.ErrUnknownContent) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestATargetThatCannotBeAskedIsUnreachable(t *testing.T) {
	cases := map[string]struct {
		observe []string
		want    string
	}{
		"a failing program":   {script(t, `echo '{"version":1,"components":{}}'`, "echo no way to the server >&2", "exit 5"), "exit code 5:\nno way to the server"},
		"a program not there": {[]string{"/not/there"}, "no such file"},
		"a program killed":    {script(t, "kill -9 $$"), "killed"},
		"a slow program":      {script(t, "exec sleep 60"), "it took too long, more than 50ms"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := ""
			if strings.Contains(name, "slow") {
				timeout = "50ms"
			}
			place := mustNew(t, Config{Deploy: []string{"true"}, Observe: c.observe, Timeout: timeout}, target.Credential{})
			_, err := place.Observe(t.Context())
			if !errors.Is(err, target.ErrUnreachable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestAFailedDeploymentShowsItsEndButNoSecret(t *testing.T) {
	deploy := script(t, "printf 'password is %s\\n' \"$PORTAL_CREDENTIAL_PASSWORD\" >&2", "printf '\\033[31mred\\033[0m and \\007 over\\n' >&2", "exit 9")
	place := mustNew(t, Config{Deploy: deploy, Observe: []string{"true"}}, target.Credential{Password: "SECRET"})
	err := place.Apply(t.Context(), someChange(t))
	var failure *Error
	if !errors.As(err, &failure) || failure.Code != 9 || failure.Tail != "password is ***\nred and  over" {
		t.Errorf("got %q", err)
	}
}
