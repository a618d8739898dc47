//go:build crashpoints

package rollout

import (
	"os"
	"syscall"
)

// crash ends the process without any warning at the point that
// PORTAL_CRASH_AT names. Only a build for the crash tests has this.
func crash(point Point) {
	if string(point) == os.Getenv("PORTAL_CRASH_AT") {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}
