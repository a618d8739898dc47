package provider

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// destroyHint ends a refusal with the way around it, if Terraform is destroying:
// it plans the configuration as it is first, and a refusal of that plan would keep
// it from destroying anything. Otherwise it is empty.
func destroyHint() string {
	if !destroying() {
		return ""
	}
	return "\nTo destroy without this plan: terraform destroy -refresh=false."
}

// destroying reports whether the Terraform that has started this process destroys.
// The protocol does not say so, its command line does. On systems that do not show
// the command line of another process it is false, and the guide "Removing and
// replacing" has what the hint says.
var destroying = sync.OnceValue(func() bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", os.Getppid()))
	return err == nil && destroys(strings.Split(strings.TrimRight(string(line), "\x00"), "\x00"))
})

// destroys reports whether a command line of Terraform, the program first, is one
// that destroys.
func destroys(line []string) bool {
	if len(line) == 0 {
		return false
	}
	arguments := slices.DeleteFunc(slices.Clone(line[1:]), func(a string) bool { return strings.HasPrefix(a, "-chdir=") })
	if len(arguments) == 0 {
		return false
	}
	switch command, flags := arguments[0], arguments[1:]; command {
	case "destroy":
		return true
	case "plan", "apply":
		return slices.ContainsFunc(flags, func(flag string) bool {
			switch strings.TrimPrefix(flag, "-") { // Terraform takes one hyphen or two
			case "-destroy", "destroy", "-destroy=true", "destroy=true":
				return strings.HasPrefix(flag, "-")
			}
			return false
		})
	}
	return false
}
