//go:build !windows && !linux

package command

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func groupLives(group int) bool { return unix.Kill(-group, 0) == nil }
