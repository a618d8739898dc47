package targettest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec" //nolint:depguard // it starts the process that gets killed: this very binary
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

const childVariable = "PORTAL_TARGETTEST_CHILD"

// ExitAtOnce is the value of GORACE for processes that tests start many of: a
// binary built with the race detector otherwise waits a second before it ends.
const ExitAtOnce = "atexit_sleep_ms=0"

type order struct {
	Config []byte
	Change target.Change
}

// Main is the TestMain of a package that runs the suite. Started by the suite as
// the process that gets killed, it applies what it is told by the target that
// open gives; otherwise it runs the tests.
func Main(m *testing.M, open func(config []byte) (target.Target, error)) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	var told order
	err := json.NewDecoder(os.Stdin).Decode(&told)
	if err == nil {
		var opened target.Target
		if opened, err = open(told.Config); err == nil {
			err = opened.Apply(context.Background(), told.Change)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// killed kills a real process in the midst of a deployment, several times at
// moments that differ, and lets the same wish come again.
func killed(t *testing.T, h Harness) {
	p := newPlan(t)
	first := p.first()
	mustApply(t, h.Target, first)
	for round := range int64(4) {
		wish := p.large(10 * (round + 1))
		killHalfWay(t, h, wish, time.Duration(round)*2*time.Millisecond)
		wish.Epoch++ // taken over by another run
		mustApply(t, h.Target, wish)
		mustRun(t, h.Target, wish.To)
	}
	deadline := time.Now().Add(5 * time.Second)
	for !h.Quiet() {
		if time.Now().After(deadline) {
			t.Fatal("something of a killed deployment goes on")
		}
		time.Sleep(5 * time.Millisecond)
	}
	back := first
	back.Key, back.Epoch = "attempt-back", 1000
	mustApply(t, h.Target, back)
	mustRun(t, h.Target, first.To)
}

func killHalfWay(t *testing.T, h Harness, wish target.Change, wait time.Duration) {
	t.Helper()
	input, err := json.Marshal(order{h.Config, wish})
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^$") //nolint:noctx // it is killed below
	child.Env = append(os.Environ(), childVariable+"=1", "GORACE="+ExitAtOnce)
	child.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	child.Stderr = &stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = child.Wait(); close(ended) }()
	deadline := time.After(20 * time.Second)
	for !h.AtWork() {
		select {
		case <-ended: // it was faster: then the wish has come true already
			if !child.ProcessState.Success() {
				t.Fatalf("the deployment failed: %s", stderr.String())
			}
			return
		case <-deadline:
			_ = child.Process.Kill()
			<-ended
			t.Fatalf("the deployment did not begin: %s", stderr.String())
		case <-time.After(100 * time.Microsecond):
		}
	}
	time.Sleep(wait)
	_ = child.Process.Kill()
	<-ended
}
