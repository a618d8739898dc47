//go:build !windows

package command

import (
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// passedOn are the variables of this process that every program gets.
var passedOn = []string{"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}

func interruptGroup(cmd *exec.Cmd) { _ = unix.Kill(-cmd.Process.Pid, unix.SIGTERM) }

func killGroup(cmd *exec.Cmd) { _ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }

// endGroup ends what is left of a group whose leader has ended, and waits for
// it. As long as a process is in the group its number is given to nobody else.
func endGroup(group int, grace time.Duration) {
	if !groupLives(group) {
		return
	}
	_ = unix.Kill(-group, unix.SIGTERM)
	if !waitGroup(group, grace) {
		_ = unix.Kill(-group, unix.SIGKILL)
		// Bounded, since a process that waits for a dead disk cannot be ended.
		waitGroup(group, 5*time.Second)
	}
}

func waitGroup(group int, most time.Duration) (gone bool) {
	deadline := time.Now().Add(most)
	for pause := 500 * time.Microsecond; groupLives(group); pause = min(2*pause, 20*time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(pause)
	}
	return true
}
