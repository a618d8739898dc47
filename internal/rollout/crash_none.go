//go:build !crashpoints

package rollout

// crash is where a process dies in a build for the crash tests: nowhere in any
// other.
func crash(Point) {}
