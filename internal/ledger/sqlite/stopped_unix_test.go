//go:build unix

package sqlite_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
)

// A process that was stopped goes on one day, and then two would be at work.
func TestAProcessThatWasStoppedKeepsItsLease(t *testing.T) {
	path := newPath(t)
	engine := mustOpen(t, path, sqlite.WithClock(func() time.Time { return time.Now().Add(24 * time.Hour) }))
	o := startOther(t, leaseVariable, path)
	o.mustHold(t)
	for _, c := range []struct {
		name   string
		signal syscall.Signal
	}{{"it was stopped", syscall.SIGSTOP}, {"it goes on", syscall.SIGCONT}} {
		if err := o.cmd.Process.Signal(c.signal); err != nil {
			t.Fatal(err)
		}
		lease := o.lease(t, engine)
		if lease.Gone || !lease.Alive {
			t.Errorf("%s: the lease is %+v", c.name, lease)
		}
		if want := fmt.Sprintf("process %d on ", o.cmd.Process.Pid); len(lease.Holder) <= len(want) || lease.Holder[:len(want)] != want {
			t.Errorf("%s: the holder is %q, want %q and the host", c.name, lease.Holder, want)
		}
	}
	o.kill(t)
	if lease := o.lease(t, engine); !lease.Gone || lease.Alive || lease.Holder != "" {
		t.Errorf("it was killed: the lease is %+v", lease)
	}
}
