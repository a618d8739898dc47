package acceptance

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// kill ends a process as a lost machine would: without a warning.
func kill(pid int) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

// exists reports whether there is a process of this number.
func exists(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = process.Release()
	return true
}

// inOwnGroup needs nothing here: killGroup goes by who started whom.
func inOwnGroup() *syscall.SysProcAttr { return nil }

func killGroup(leader int) error {
	return exec.Command("taskkill", "/F", "/T", "/PID", strconv.Itoa(leader)).Run()
}
