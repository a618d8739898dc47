package junit

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// total is what was counted in all files of a result.
type total struct {
	cases    int64
	skipped  int64
	failures int64 // of cases and of suites: those that were found, or claimed
	// verdicts are suites and runs without a failure inside that the runner calls
	// failed. They count only beside tests that ran: that nothing was tested
	// may be all that the runner objects to.
	verdicts    int64
	timestamped bool
	notes       notes
}

// count adds what a report shows to a total. It counts while it reads, in time
// and memory proportional to the size of the report, however deep it is nested.
func count(in io.Reader, sum *total) error {
	decoded, err := text(in)
	if err != nil {
		return err
	}
	decoder := xml.NewDecoder(decoded)
	// Reports that were joined to one file have declarations inside.
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	c := counter{sum: sum, open: []element{{}}}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if c.failsCutOff(err) {
				break
			}
			return plainly(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = c.start(t)
		case xml.EndElement:
			c.end()
		case xml.CharData:
			c.skip.read(t)
		case xml.Comment:
			c.summary.read(string(t))
		}
		if err != nil {
			line, _ := decoder.InputPos()
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	if !c.hasSuite {
		return errors.New("it has no <testsuite>")
	}
	c.finish()
	return nil
}

// failsCutOff ends a report that was cut off, if it shows a failure so far: what is
// missing could not make it pass.
func (c *counter) failsCutOff(err error) bool {
	if !isCutOff(err) || !c.hasSuite {
		return false
	}
	ended := total{}
	sum := c.sum
	c.sum = &ended
	for c.depth > 0 {
		c.end()
	}
	c.sum = sum
	if c.open[0].failed == 0 {
		return false
	}
	c.sum.notes.add("the report is truncated, as if the runner had died while writing it")
	c.sum.notes = append(c.sum.notes, ended.notes...)
	return true
}

func isCutOff(err error) bool {
	var syntax *xml.SyntaxError
	return errors.As(err, &syntax) && syntax.Msg == "unexpected EOF"
}

// plainly explains the error of a report that was cut off.
func plainly(err error) error {
	var syntax *xml.SyntaxError
	if isCutOff(err) && errors.As(err, &syntax) {
		return fmt.Errorf("it is truncated at line %d, as if the runner had died while writing it", syntax.Line)
	}
	return err
}

// counter counts one report. Of the elements that are open it keeps the suites
// and test cases, and of all others their number.
type counter struct {
	sum      *total
	open     []element // the first one stands for the file
	depth    int       // how many elements are open
	hasSuite bool
	skip     skip
	summary  summary
}

type kind int8

const (
	whole kind = iota // the file
	suite
	testcase
)

// element is a suite or a test case that is open.
type element struct {
	kind  kind
	depth int
	name  string

	failures, errors int64 // directly in it
	reruns           reruns

	// of a test case
	status        status
	skipped       bool
	couldNotRun   string // why, if it is only called skipped
	lastRunFailed bool   // after a first one that failed

	// of a suite
	claim   claim
	verdict string // why the runner calls it failed; "" if it does not
	cases   int64  // in it, however deep
	skips   int64
	failed  int64
}

// reruns are the runs of test cases that were run more than once, but for the
// one run that decided.
type reruns struct{ failures, errors int64 }

func (c *counter) start(t xml.StartElement) error {
	c.depth++
	around := &c.open[len(c.open)-1]
	switch name := t.Name.Local; {
	case name == "testsuite" || name == "testsuites":
		c.hasSuite = true
		c.startSuite(t.Attr)
	case name == "testcase":
		return c.startCase(t.Attr)
	case name == "property" && around.kind == suite && c.depth <= around.depth+2:
		around.property(value(t.Attr, "name"), value(t.Attr, "value"))
	case around.kind != whole && c.depth == around.depth+1:
		c.startOutcome(around, name, t.Attr)
	}
	return nil
}

func (c *counter) startSuite(attributes []xml.Attr) {
	opened := element{kind: suite, depth: c.depth, name: value(attributes, "name")}
	for _, attribute := range attributes {
		switch attribute.Name.Local {
		case "timestamp":
			c.timestamp(attribute.Value)
		case "tests":
			opened.claim.tests.set(attribute.Value)
		case "failures":
			opened.claim.failures.set(attribute.Value)
		case "errors":
			opened.claim.errors.set(attribute.Value)
		}
	}
	c.open = append(c.open, opened)
}

func (c *counter) startCase(attributes []xml.Attr) error {
	opened, named := element{kind: testcase, depth: c.depth}, false
	for _, attribute := range attributes {
		switch attribute.Name.Local {
		case "timestamp":
			c.timestamp(attribute.Value)
		case "name":
			named, opened.name = true, attribute.Value
		case "status", "result":
			opened.status = max(opened.status, statusOf(attribute.Value))
		}
	}
	if !named {
		return errors.New("a test case has no name, which happens when a runner is interrupted")
	}
	c.open = append(c.open, opened)
	return nil
}

// startOutcome reads an element directly in a suite or a test case.
func (c *counter) startOutcome(around *element, name string, attributes []xml.Attr) {
	switch name {
	case "failure":
		around.failures++
	case "error":
		around.errors++
	case "flakyFailure", "rerunFailure":
		around.reruns.failures++
		around.lastRunFailed = around.lastRunFailed || name == "rerunFailure"
	case "flakyError", "rerunError":
		around.reruns.errors++
		around.lastRunFailed = around.lastRunFailed || name == "rerunError"
	case "skipped":
		if around.kind == testcase {
			around.skipped = true
			c.skip = skip{depth: c.depth, kind: value(attributes, "type"), message: value(attributes, "message")}
		}
	}
	if around.kind == suite && (name == "failure" || name == "error") {
		c.sum.notes.add("%s has an error of its own: %s", around.title(), value(attributes, "message"))
	}
}

func (c *counter) end() {
	last := len(c.open) - 1
	if c.skip.depth == c.depth {
		if c.skip.couldNotRun(c.open[last].status) {
			c.open[last].couldNotRun = "it is marked as skipped but could not run: " + c.skip.reason()
		}
		c.skip = skip{}
	}
	if inner := c.open[last]; inner.depth == c.depth {
		c.open = c.open[:last]
		switch around := &c.open[last-1]; inner.kind {
		case testcase:
			around.addCase(&inner, c.sum)
		default:
			around.addSuite(&inner)
			c.judgeSuite(&inner)
		}
	}
	c.depth--
}

// addCase adds a test case that has ended to what is around it. It is one test,
// whatever it has in it.
func (e *element) addCase(inner *element, sum *total) {
	outcome := inner.outcome(e.claim)
	if outcome == failed {
		sum.notes.add("test %q failed: %s", inner.name, inner.couldNotRun)
	}
	if e.kind == testcase {
		if outcome == failed {
			e.failures++
		}
		return
	}
	e.cases++
	e.reruns.failures += inner.reruns.failures
	e.reruns.errors += inner.reruns.errors
	switch outcome {
	case failed:
		e.failed++
	case skipped:
		e.skips++
	}
}

// addSuite adds a suite that has ended to what is around it.
func (e *element) addSuite(inner *element) {
	failures := inner.allFailed()
	if e.kind == testcase {
		e.failures += failures
		return
	}
	e.cases += inner.cases
	e.skips += inner.skips
	e.failed += failures
	e.reruns.failures += inner.reruns.failures
	e.reruns.errors += inner.reruns.errors
}

// allFailed is the number of failures in a suite. More than can be found are
// believed.
func (e *element) allFailed() int64 {
	return max(e.failed+e.failures+e.errors, e.claim.failed(e.cases, e.reruns))
}

// title names a suite in a note.
func (e *element) title() string {
	if e.name == "" {
		return "a suite"
	}
	return fmt.Sprintf("suite %q", e.name)
}

// judgeSuite notes what a suite that has ended says of itself as a whole.
func (c *counter) judgeSuite(e *element) {
	failures := e.allFailed()
	if claimed := failures - e.failed - e.failures - e.errors; claimed > 0 {
		c.sum.notes.add("%s counts more failures (%d) than the report shows (%d)", e.title(), failures, failures-claimed)
	}
	if e.verdict != "" && failures == 0 {
		c.sum.verdicts++
		c.sum.notes.add("%s failed as a whole: %s", e.title(), e.verdict)
	}
}

func (c *counter) timestamp(s string) {
	c.sum.timestamped = c.sum.timestamped || isTime(s)
}

// isTime reports whether a timestamp is one: some runners write the beginning
// of their time for a suite that did not begin.
func isTime(s string) bool {
	return s != "" && !strings.HasPrefix(s, "0001-01-01") && !strings.HasPrefix(s, "1970-01-01T00:00:00")
}

// finish adds the whole report to the total.
func (c *counter) finish() {
	all := &c.open[0]
	failures := all.failed
	if claimed := c.summary.failed(); claimed > failures {
		c.sum.notes.add("the summary at the end counts more failures (%d) than the report shows (%d)", claimed, failures)
		failures = claimed
	}
	if message := c.summary.message(); message != "" && failures == 0 {
		c.sum.verdicts++
		c.sum.notes.add("the run failed as a whole: %s", message)
	}
	c.sum.cases += all.cases
	c.sum.skipped += all.skips
	c.sum.failures += failures
}

func value(attributes []xml.Attr, name string) string {
	for _, attribute := range attributes {
		if attribute.Name.Local == name {
			return attribute.Value
		}
	}
	return ""
}
