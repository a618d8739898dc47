package acceptance

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
)

// provider is the provider's process below a Terraform.
func (p *running) provider() (pid int, state string) {
	p.t.Helper()
	below := []int{p.cmd.Process.Pid}
	for len(below) > 0 {
		parent := below[0]
		below = below[1:]
		tasks, _ := os.ReadDir("/proc/" + strconv.Itoa(parent) + "/task")
		for _, task := range tasks {
			children, _ := os.ReadFile("/proc/" + strconv.Itoa(parent) + "/task/" + task.Name() + "/children")
			for _, field := range strings.Fields(string(children)) {
				child, _ := strconv.Atoi(field)
				stat, _ := os.ReadFile("/proc/" + field + "/stat")
				name, rest, _ := strings.Cut(string(stat), ") ")
				if strings.Contains(name, "(terraform-provi") && rest != "" {
					pid, state = child, rest[:1]
				}
				below = append(below, child)
			}
		}
	}
	return pid, state
}

// A process that stands still keeps the deployment that it is at, for as long as it
// exists. Where it is at none, another one does its work, and it finds that done.
func TestRealFixByAProcessThatStoodStill(t *testing.T) {
	t.Parallel()
	const goesOn, isKilled = syscall.SIGCONT, syscall.SIGKILL
	type stand struct {
		point string
		holds bool // a deployment
		then  syscall.Signal
		long  bool // the lease ends before
	}
	for _, c := range oneOfEach([]stand{
		{"before-open:1", false, goesOn, false},
		{"before-step:3", false, goesOn, false},
		{"after-start:1", true, goesOn, true},
		{"before-apply:2", true, isKilled, true},
		{"after-apply:3", true, goesOn, false},
		{"before-end:4", true, isKilled, false},
		{"before-step:11", false, goesOn, false},
	}, func(c stand) string { return fmt.Sprint(c.holds, c.then, c.long) }) {
		t.Run(c.point, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, !directories)
			late := o.root("late").write(emergencyFix("2.4.1", ""))
			standing := late.start([]string{"PORTAL_STOP_AT=" + c.point}, "apply", "-auto-approve")
			var pid int
			eventually(t, "it stands still", time.Minute, func() bool {
				var state string
				pid, state = standing.provider()
				return state == "T"
			})
			r := o.root("fix").write(emergencyFix("2.4.1", ""))
			if c.holds {
				says := []string{"environment-held:", "by late@example.com is in flight on"}
				if c.long {
					time.Sleep(ledger.DefaultLease + time.Second)
					says = append(says, "Process "+strconv.Itoa(pid)+" on", "still exists but has not reported since its lease ended", "end it if it hangs")
				}
				r.refuses([]string{"apply", "-auto-approve"}, says...)
			} else {
				r.settle()
				o.mustBeFixed()
			}
			if err := syscall.Kill(pid, c.then); err != nil {
				t.Fatal(err)
			}
			got := standing.wait()
			if c.then == goesOn && got.code != 0 {
				t.Errorf("the late one:\n%s", got.fault())
			}
			if c.then == isKilled {
				r.settle()
			}
			o.mustBeFixed()
			late.mustNotBeTainted()
			late.settle()
			late.mustBeEmpty()
			r.settle()
			r.mustBeEmpty()
			o.production.mustHave("2.4.0", "2.4.0+EF-1")
		})
	}
}
