package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestAProcessDiesWithTheOneThatRanIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentVariable+"="+dir)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	pid := pidsIn(t, filepath.Join(dir, "pids"), 1)[0]
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	for deadline := time.Now().Add(5 * time.Second); alive(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d goes on", pid)
		}
	}
}

// exitThread ends the thread it runs on.
func exitThread() { runtime.LockOSThread() }

func TestAProcessOutlivesTheThreadsOfItsParent(t *testing.T) {
	t.Parallel()
	// Threads that goroutines leave locked end with them; the one that started
	// the process must not be among them.
	done := make(chan error, 1)
	go func() {
		_, err := Run(t.Context(), Process{Argv: []string{"sleep", "0.3"}})
		done <- err
	}()
	for range 50 {
		go exitThread()
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
