//go:build unix

package acceptance

import "syscall"

// kill ends a process as a lost machine would: without a warning.
func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }

// exists reports whether there is a process of this number.
func exists(pid int) bool { return syscall.Kill(pid, 0) == nil }

// inOwnGroup starts a process in a group of its own, so that killGroup ends whatever
// it has started with it.
func inOwnGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(leader int) error { return syscall.Kill(-leader, syscall.SIGKILL) }
