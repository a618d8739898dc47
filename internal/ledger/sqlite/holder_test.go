package sqlite_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func TestAHolderIsSeenByEveryNameOfItsLedger(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"linked", "direct", "later"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, from string) string {
		from = filepath.Join(dir, from)
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
		return from
	}
	direct := filepath.Join(dir, "direct", "portal.db")
	toFile := link(direct, "linked/other.db")
	toDir := filepath.Join(link("direct", "directory"), "portal.db")
	toLink := link("linked/other.db", "link.db")
	nowhere := link("later/portal.db", "nowhere.db") // until it is opened
	for _, c := range []struct{ name, theirs, ours string }{
		{"the same", direct, direct},
		{"theirs is a link to the file", toFile, direct},
		{"ours is a link to the file", direct, toFile},
		{"theirs is in a link to the directory", toDir, toFile},
		{"ours is a link to a link", toDir, toLink},
		{"theirs was a link to nowhere", nowhere, filepath.Join(dir, "later", "portal.db")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			killed, ended := startOther(t, leaseVariable, c.theirs), startOther(t, leaseVariable, c.theirs)
			killed.mustHold(t)
			ended.mustHold(t)
			engine := mustOpen(t, c.ours)
			if killed.gone(t, engine) || ended.gone(t, engine) {
				t.Fatal("a living holder counts as gone")
			}
			killed.kill(t)
			if !killed.gone(t, engine) {
				t.Error("a killed holder counts as alive")
			}
			ended.mustEnd(t)
			if !ended.gone(t, engine) {
				t.Error("a holder that has ended in order counts as alive")
			}
		})
	}
}

func TestWhoTakesOverIsTheHolder(t *testing.T) {
	path := newPath(t)
	killed := startOther(t, leaseVariable, path)
	killed.mustHold(t)
	engine := mustOpen(t, path)
	killed.kill(t)
	if !killed.gone(t, engine) {
		t.Fatal("a killed holder counts as alive")
	}
	err := engine.Write(t.Context(), func(tx ledger.WriteTx) error {
		return tx.PutLease("shop", strconv.Itoa(killed.cmd.Process.Pid), portal.Lease{Epoch: 2, Expires: time.Now().Add(time.Minute)})
	})
	if err != nil {
		t.Fatal(err)
	}
	if lease := killed.lease(t, engine); lease.Gone || lease.Epoch != 2 {
		t.Errorf("who has taken over has the lease %+v", lease)
	}
}

func TestHoldersThatComeAndGoAtOnce(t *testing.T) {
	path := newPath(t)
	engine := mustOpen(t, path)
	// What all of them sweep away when they come.
	if err := os.Mkdir(path+".holders", 0o700); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(path+".holders", "old")
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	others := make([]*other, 8)
	for i := range others {
		others[i] = startOther(t, leaseVariable, path)
	}
	for _, o := range others {
		o.mustHold(t)
	}
	for i, o := range others {
		if i%2 == 0 {
			o.kill(t)
		}
	}
	startOther(t, leaseVariable, path).mustHold(t)
	for i, o := range others {
		if got, want := o.gone(t, engine), i%2 == 0; got != want {
			t.Errorf("holder %d: gone is %t, want %t", i, got, want)
		}
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("what an old holder left is still there: %v", err)
	}
}

func TestWithoutTheHoldersFilesTheLeaseDecides(t *testing.T) {
	path := newPath(t)
	engine := mustOpen(t, path)
	o := startOther(t, leaseVariable, path)
	o.mustHold(t)
	if err := os.RemoveAll(path + ".holders"); err != nil {
		t.Fatal(err)
	}
	if o.gone(t, engine) {
		t.Error("a living holder counts as gone")
	}
	o.kill(t)
	if o.gone(t, engine) {
		t.Error("a holder counts as gone, and nothing proves it")
	}
}
