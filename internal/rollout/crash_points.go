//go:build crashpoints

package rollout

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// seen counts how often each point was passed.
var seen sync.Map

// crash ends the process without warning at the point that PORTAL_CRASH_AT names: "after-apply", or
// "after-apply:3" for the third time it is passed. PORTAL_STOP_AT stops it there until it is
// continued. Only a build for the crash tests has this.
func crash(point Point) {
	count, _ := seen.LoadOrStore(point, new(atomic.Int64))
	passed := count.(*atomic.Int64).Add(1)
	for variable, signal := range map[string]syscall.Signal{"PORTAL_CRASH_AT": syscall.SIGKILL, "PORTAL_STOP_AT": syscall.SIGSTOP} {
		name, turn, _ := strings.Cut(os.Getenv(variable), ":")
		if wanted, err := strconv.ParseInt(turn, 10, 64); string(point) == name && (err != nil || passed == wanted) {
			_ = syscall.Kill(os.Getpid(), signal)
			time.Sleep(100 * time.Millisecond) // until every thread has received it
		}
	}
}
