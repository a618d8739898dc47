//go:build crashpoints

package rollout

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// seen counts how often each point was passed.
var seen sync.Map

// crash ends the process without any warning at the point that PORTAL_CRASH_AT
// names: "after-apply", or "after-apply:3" for the third time it is passed. Only
// a build for the crash tests has this.
func crash(point Point) {
	name, turn, _ := strings.Cut(os.Getenv("PORTAL_CRASH_AT"), ":")
	if string(point) != name {
		return
	}
	count, _ := seen.LoadOrStore(point, new(atomic.Int64))
	passed := count.(*atomic.Int64).Add(1)
	if wanted, err := strconv.ParseInt(turn, 10, 64); err != nil || passed == wanted {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}
