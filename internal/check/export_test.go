package check

import "time"

// SetFirstAnswer sets how long the first request waits for its answer, until the
// function it returns is called.
func SetFirstAnswer(d time.Duration) (restore func()) {
	before := firstAnswer
	firstAnswer = d
	return func() { firstAnswer = before }
}
