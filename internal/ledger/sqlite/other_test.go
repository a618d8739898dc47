package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// Each has the path of the ledger of which a process of the tests is to hold
// something until its input ends.
const (
	holdVariable  = "PORTAL_SQLITE_TEST_HOLD"  // the lock for writing
	leaseVariable = "PORTAL_SQLITE_TEST_LEASE" // a lease
)

// actAsOther does what the environment asks a process of the tests to do, and
// reports whether it asks for anything.
func actAsOther() bool {
	for variable, hold := range map[string]func(*sqlite.Engine) error{holdVariable: holdLock, leaseVariable: holdLease} {
		path := os.Getenv(variable)
		if path == "" {
			continue
		}
		engine, err := sqlite.Open(context.Background(), path)
		if err == nil {
			err = hold(engine)
		}
		if err == nil {
			err = engine.Close()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return true
	}
	return false
}

func holdLock(engine *sqlite.Engine) error {
	return engine.Write(context.Background(), func(ledger.WriteTx) error { return waitForTheEnd() })
}

// holdLease holds a lease of an environment that has the name of the process.
func holdLease(engine *sqlite.Engine) error {
	err := engine.Write(context.Background(), func(tx ledger.WriteTx) error {
		return tx.PutLease("shop", strconv.Itoa(os.Getpid()), portal.Lease{Epoch: 1, Expires: time.Now().Add(time.Hour)})
	})
	if err != nil {
		return err
	}
	return waitForTheEnd()
}

func waitForTheEnd() error {
	fmt.Println("held")
	_, err := io.ReadAll(os.Stdin)
	return err
}

// other is another process that holds something.
type other struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startOther(t *testing.T, variable, path string) *other {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), variable+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &other{cmd, in, bufio.NewReader(out)}
}

func (o *other) mustHold(t *testing.T) {
	t.Helper()
	if line, err := o.out.ReadString('\n'); line != "held\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
}

// mustEnd has it end in order.
func (o *other) mustEnd(t *testing.T) {
	t.Helper()
	_ = o.in.Close()
	if err := o.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func (o *other) kill(t *testing.T) {
	t.Helper()
	if err := o.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = o.cmd.Wait()
}

// gone reports whether the engine knows the holder of the other's lease to have
// ended.
func (o *other) gone(t *testing.T, engine *sqlite.Engine) bool {
	t.Helper()
	return o.lease(t, engine).Gone
}

func (o *other) lease(t *testing.T, engine *sqlite.Engine) portal.Lease {
	t.Helper()
	var lease portal.Lease
	err := engine.Read(t.Context(), func(tx ledger.Tx) error {
		leases, err := tx.Leases("shop")
		var there bool
		lease, there = leases[strconv.Itoa(o.cmd.Process.Pid)]
		if err == nil && !there {
			err = fmt.Errorf("there is no such lease, but %v", leases)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lease
}
