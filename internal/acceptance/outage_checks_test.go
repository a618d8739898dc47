package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
)

// ended lists the steps of fixes that have ended, in order: "0/3 deploy on
// staging succeeded" is the fourth one of the first round.
func (o *outage) ended() []string {
	o.t.Helper()
	var lines []string
	for _, e := range events[portal.FixStepEnded](o.t, o.entries()) {
		lines = append(lines, fmt.Sprintf("%d/%d %s on %s %s", e.Round, e.Index, e.Action, e.Environment, e.Outcome))
	}
	return lines
}

// mustEndOnce fails where a step has succeeded twice, or out of order, or the
// last round is not at its end.
func (o *outage) mustEndOnce() {
	o.t.Helper()
	next, round := 0, 0 // of the last round that has steps
	for _, e := range events[portal.FixStepEnded](o.t, o.entries()) {
		if e.Round != round {
			next, round = 0, e.Round
		}
		if e.Outcome != portal.Succeeded {
			continue
		}
		if e.Index != next {
			o.t.Errorf("step %d of round %d has ended where %d was to: %v", e.Index, round, next, o.ended())
		}
		next++
	}
	o.facts(func(f portal.Facts) {
		if x := f.Fixes["EF-1"]; x == nil || x.Active() || (len(x.Plan.Steps) > 0 && (x.Round != round || x.Done != next)) {
			o.t.Errorf("round %d is to be at its end after %d steps: %+v", round, next, x)
		}
	})
}

// mustBeOver fails unless the fix has come to this and gave everything back.
func (o *outage) mustBeOver(status portal.FixStatus) {
	o.t.Helper()
	entries := o.entries()
	if n := len(events[portal.FixOpened](o.t, entries)); n != 1 {
		o.t.Errorf("the fix was opened %d times", n)
	}
	finished, taken := len(events[portal.FixFinished](o.t, entries)), len(events[portal.FixWithdrawn](o.t, entries))
	if finished > 1 || taken > 1 || (status == portal.StatusApplied && finished != 1) || (status == portal.StatusWithdrawn && taken != 1) {
		o.t.Errorf("the fix was finished %d times and withdrawn %d times", finished, taken)
	}
	o.facts(func(f portal.Facts) {
		if x := f.Fixes["EF-1"]; len(f.Fixes) != 1 || x == nil || x.Status() != status {
			o.t.Errorf("fixes are %+v", f.Fixes)
		}
		for name, site := range f.Sites {
			if holder := f.HoldingFix(name); holder != nil {
				o.t.Errorf("%s holds %s", holder.Name, name)
			}
			if site.Suspended != nil {
				o.t.Errorf("%s is suspended on %s", site.Suspended.Effective(), name)
			}
			if site.Attempt.Open() || !site.Intact() {
				o.t.Errorf("the last deployment of %s is %+v", name, site.Attempt)
			}
		}
		if len(f.Leases) != 0 {
			o.t.Errorf("leases are left: %v", f.Leases)
		}
	})
	o.mustEndOnce()
}

// mustStand fails unless the record says that an environment runs this release,
// with these files in service there.
func (o *outage) mustStand(environment, effective string, files ...string) {
	o.t.Helper()
	want := portal.Content{}
	for _, file := range files {
		name, version, _ := strings.Cut(file, "-")
		want[name] = portal.Item{Version: version, Kind: portal.DefaultKind, SHA256: sum(name + " " + version)}
	}
	o.facts(func(f portal.Facts) {
		site := f.Sites[environment]
		if site.Running == nil || site.Running.Effective() != effective || !site.Running.Content.Equal(want) {
			o.t.Errorf("%s runs %+v, want %s", environment, site.Running, effective)
		}
		if site.Target.Kind == directory.Kind.Name {
			var pairs []string
			for name, item := range want {
				pairs = append(pairs, name, name+" "+item.Version)
			}
			o.mustRun(environment, pairs...)
			return
		}
		var there map[string]struct {
			Version string
			SHA256  string `json:"sha256"`
		}
		text, err := os.ReadFile(o.path(environment, "content.json"))
		if err == nil {
			err = json.Unmarshal(text, &there)
		}
		if err != nil {
			o.t.Fatal(err)
		}
		for name, item := range want {
			if there[name].SHA256 != item.SHA256 || len(there) != len(want) {
				o.t.Errorf("%s has %s", environment, text)
			}
		}
	})
}

// mustHave fails unless the server was told exactly this, each to its end.
func (c *commandTarget) mustHave(begun ...string) {
	c.t.Helper()
	for what, got := range map[string][]string{"begun": c.begun(), "deployed": c.deployed()} {
		if diff := cmp.Diff(begun, got); diff != "" && len(begun)+len(got) > 0 {
			c.t.Errorf("%s on %s (-want +got):\n%s", what, filepath.Base(c.dir), diff)
		}
	}
}
