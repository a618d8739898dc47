package portal

import (
	"fmt"
	"time"
)

// ClockTolerance is how far clocks may be apart before a warning.
const ClockTolerance = time.Minute

// Mend says that entries before the one of that number count as recorded no later than it: their
// clock was ahead.
type Mend struct {
	Number int64
	At     Time
}

// Corrected is the time at which an entry counts, given the corrections of its ledger.
func Corrected(number int64, at Time, mends []Mend) Time {
	for _, mend := range mends {
		if mend.Number > number && mend.At.Before(at) {
			at = mend.At
		}
	}
	return at
}

// clock is the time that decides whether something is over. It is Now, unless the newest entry lies
// in the future: then nobody knows which of the clocks is wrong.
func (f Facts) clock() Time {
	if f.Clock.IsZero() || f.Clock.After(f.Now) {
		return f.Now
	}
	return f.Clock
}

// Ahead is how far the newest entry lies in the future; 0 if that is within ClockTolerance.
func (f Facts) Ahead() time.Duration {
	if ahead := f.Now.Sub(f.clock()); ahead > ClockTolerance {
		return ahead
	}
	return 0
}

// ClockProblem says that the newest entry lies in the future, and what to do; "" if it does not.
func (f Facts) ClockProblem() (problem, cure string) {
	if f.Ahead() == 0 {
		return "", ""
	}
	return fmt.Sprintf("The newest entry of %q is of %s, and the clock says %s: one of the two clocks is wrong", f.Name, FormatTime(f.HeadAt), FormatTime(f.clock())),
		"If this clock is wrong, correct it. If it is right, run: portal ledger mend-clock --pipeline " + f.Name + " --reason TEXT. " +
			"Until then no soak time counts, and no freeze ends."
}

// MendClock corrects the times of entries that lie in the future.
type MendClock struct{ Reason string }

// Subjects implements Command.
func (MendClock) Subjects() Subjects { return Subjects{} }

// Decide implements Command. It fails with a *RejectionError if no entry lies in the future.
func (c MendClock) Decide(f Facts) ([]Event, error) {
	if err := invalid("the correction of the clock", validateReason(c.Reason)); err != nil {
		return nil, err
	}
	if f.Head == 0 || !f.clock().Before(f.HeadAt) {
		return nil, reject("no entry lies in the future", "The newest entry of %q is of %s, and the clock says %s. There is nothing to correct.", f.Name, FormatTime(f.HeadAt), FormatTime(f.clock()))
	}
	return []Event{ClockMended{Reason: c.Reason, Newest: f.HeadAt}}, nil
}
