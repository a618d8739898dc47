package command

import (
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// passedOn are the variables of this process that every program gets.
var passedOn = []string{
	"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "ProgramData", "ProgramFiles",
}

func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// interruptGroup asks the tree to close, which programs with a window or a
// handler for it do.
func interruptGroup(cmd *exec.Cmd) { taskkill(cmd, "/T") }

func killGroup(cmd *exec.Cmd) {
	taskkill(cmd, "/T", "/F")
	_ = cmd.Process.Kill()
}

func taskkill(cmd *exec.Cmd, options ...string) {
	_ = exec.Command("taskkill", append(options, "/PID", strconv.Itoa(cmd.Process.Pid))...).Run() //nolint:noctx // returns at once
}

// endGroup can do nothing here: without its parent a tree is no longer known.
func endGroup(int, time.Duration) {}
