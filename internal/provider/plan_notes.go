package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// plannedFiles remembers, beside the artifact cache, which bytes the files of new
// declarations had when they were planned last, and from what situation something new
// was planned. A plan is applied by another process,
// which learns nothing of what was planned, and if a file has changed in between
// Terraform itself would only say that the provider has a bug. It is a memory for that
// message alone: that other bytes than were planned are never taken is Terraform's
// doing, also if nothing could be remembered.
type plannedFiles struct {
	dir    string
	ledger string
	clean  sync.Once
}

// notesOfNoLedger is where is noted what was planned before there was a ledger, so that
// the plan makes nothing at its address: the user's cache directory; "" if there is
// none, and nothing is noted.
func notesOfNoLedger(getenv func(string) string) string {
	dir := getenv("XDG_CACHE_HOME")
	if dir == "" {
		switch home := first(getenv("HOME"), getenv("USERPROFILE")); {
		case getenv("LOCALAPPDATA") != "":
			dir = getenv("LOCALAPPDATA")
		case home != "":
			dir = filepath.Join(home, ".cache")
		}
	}
	if !filepath.IsAbs(dir) {
		return ""
	}
	return filepath.Join(dir, "terraform-provider-portal", "planned")
}

// rememberFor is how long a plan that was not applied is remembered.
const rememberFor = 30 * 24 * time.Hour

func newPlannedFiles(dir, ledger string) *plannedFiles {
	return &plannedFiles{dir: dir, ledger: ledger}
}

func (p *plannedFiles) file(pipeline, what, component, source string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{p.ledger, pipeline, what, component, source}, "\x00")))
	return filepath.Join(p.dir, hex.EncodeToString(sum[:]))
}

// read is the digest that was noted; "" if there is none.
func (p *plannedFiles) read(file string) string {
	if digest := p.text(file); portal.IsDigest(digest) {
		return digest
	}
	return ""
}

// text is what was noted; "" if nothing was.
func (p *plannedFiles) text(file string) string {
	if p.dir == "" {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// note writes a line, or removes it if it is "". What cannot be written is not
// remembered.
func (p *plannedFiles) note(file, line string) {
	if p.dir == "" {
		return
	}
	if line == "" {
		_ = os.Remove(file)
		return
	}
	if os.MkdirAll(p.dir, 0o700) != nil {
		return
	}
	p.clean.Do(p.forgetOld)
	next, err := os.CreateTemp(p.dir, ".note-*")
	if err != nil {
		return
	}
	_, err = next.WriteString(line + "\n")
	if closeErr := next.Close(); err != nil || closeErr != nil || os.Rename(next.Name(), file) != nil {
		_ = os.Remove(next.Name())
	}
}

// forgetOld removes what was noted long ago and never applied.
func (p *plannedFiles) forgetOld() {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > rememberFor {
			_ = os.Remove(filepath.Join(p.dir, entry.Name()))
		}
	}
}

// asNoted compares a fact that something new is planned from with what it was when that
// was planned. While planning it notes what it is now. stale is whether it has changed
// between a plan and its apply; noted is what it was then. declared stands for the
// declaration as it is written: a plan is applied as it was written, so that another
// declaration is another plan.
func (s *session) asNoted(ctx context.Context, pipeline, what, fact, declared, now string) (noted string, stale bool) {
	if _, err := s.open(ctx); err != nil {
		return "", false // the one who reads the ledger says so
	}
	file := s.planned.file(pipeline, what, fact, "")
	before, noted, _ := strings.Cut(s.planned.text(file), " ")
	if before != declared {
		noted = ""
	}
	stale = noted != "" && noted != now && s.applies(ctx, pipeline)
	if noted != now && (!stale || !s.surelyApplies()) {
		s.planned.note(file, declared+" "+now) // if this was a plan after all, the next one is as good as any
	}
	return noted, stale
}

// declaredAs stands for a declaration, apart from the digests of its files, which may
// be computed again in each walk.
func declaredAs(fix portal.Fix) string {
	fix.Components = maps.Clone(fix.Components)
	for name, c := range fix.Components {
		c.SHA256 = ""
		fix.Components[name] = c
	}
	text, _ := json.Marshal(fix) // it has nothing that JSON cannot write
	return portal.HashEntry(text)
}

// forgetNoted forgets a fact of what is no longer new.
func (s *session) forgetNoted(ctx context.Context, pipeline, what, fact string) {
	if _, err := s.open(ctx); err == nil {
		s.planned.note(s.planned.file(pipeline, what, fact, ""), "")
	}
}

// asPlanned refuses, while a plan is applied, a file that has become another one, or
// has gone, since it was planned. While planning it notes what the file is now. known
// is what the ledger has of the component; now is the digest as it is planned now, ""
// if the file is not there; declared is as in asNoted. It reports whether it has
// refused.
func (s *session) asPlanned(ctx context.Context, pipeline, what, declared, component, source, known, now string, diags *diagnostics) bool {
	if _, err := s.open(ctx); err != nil {
		return false // the one who reads the ledger says so
	}
	file := s.planned.file(pipeline, what+declared, component, source)
	planned := s.planned.read(file)
	differs := planned != "" && planned != known && planned != now && s.applies(ctx, pipeline)
	if differs && !s.surelyApplies() {
		s.planned.note(file, now) // if this was a plan after all, the next one is as good as any
	}
	switch {
	case now == "" && (differs || s.surelyApplies()):
		diags.AddAttributeError(sourceOf(component), "digest-match: the source of component "+component+" of "+what+" is gone",
			source+" does not exist. It existed at plan, or was to be created before.\n"+
				"Restore it and apply again, or plan again where it exists.")
		return true
	case differs:
		diags.AddAttributeError(sourceOf(component), "digest-match: component "+component+" of "+what+" was rebuilt after the plan",
			source+" has sha256 "+now+", but "+planned+" was planned. The changed file was not used.\n"+
				"Plan again and read the new plan.")
		return true
	case now == known:
		if planned != "" {
			s.planned.note(file, "")
		}
	case planned != now:
		s.planned.note(file, now)
	}
	return false
}
