package provider

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// largestReport bounds the size of a report that is read, in bytes.
const largestReport = 64 << 20

// report is what a JUnit report says.
type report struct {
	tests    int64
	failures int64 // failures and errors
	sha256   string
}

func (r *report) passed() bool { return r.failures == 0 && r.tests > 0 }

// readReport reads a JUnit report. A report without any test that ran vouches
// for nothing, so it is not a passing one.
func readReport(path string) (*report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, fmt.Errorf("%s is not a file", path)
	}
	tooLarge := fmt.Errorf("%s is larger than %d MiB", path, largestReport>>20)
	if info.Size() > largestReport {
		return nil, tooLarge
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, largestReport+1))
	if err != nil {
		return nil, err
	}
	if len(content) > largestReport {
		return nil, tooLarge // by now
	}
	found, err := count(content)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is not a JUnit report: %w", path, err)
	case found.tests == 0:
		return nil, fmt.Errorf("%s has no test case: it vouches for nothing", path)
	case found.tests == found.skipped && found.failures == 0:
		return nil, fmt.Errorf("%s has no test case that was not skipped: it vouches for nothing", path)
	}
	sum := sha256.Sum256(content)
	return &report{tests: found.tests, failures: found.failures, sha256: hex.EncodeToString(sum[:])}, nil
}

// counts is what was found in an element of a report.
type counts struct {
	name     string
	tests    int64
	failures int64
	skipped  int64
	claimed  int64 // the failures and errors that a suite says it has
}

// count counts while it reads, so that it takes neither time nor memory out of
// proportion, however deep a report is nested. go-junit keeps the text below an
// element once more for every level above it.
func count(content []byte) (counts, error) {
	decoder := xml.NewDecoder(bytes.NewReader(content))
	open := []counts{{}} // from what holds everything to the innermost element
	suites := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && suites == 0 {
			return counts{}, errors.New("it has no <testsuite>")
		}
		if errors.Is(err, io.EOF) {
			return open[0], nil
		}
		if err != nil {
			return counts{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			inner := counts{name: t.Name.Local}
			if inner.isSuite() {
				suites++
				inner.claimed = claims(t.Attr)
			}
			open = append(open, inner)
		case xml.EndElement:
			last := len(open) - 1
			open[last-1].add(open[last])
			open = open[:last]
		}
	}
}

func (c *counts) isSuite() bool { return c.name == "testsuite" || c.name == "testsuites" }

// add adds what was found in an element to the one around it.
func (c *counts) add(inner counts) {
	switch {
	case inner.name == "testcase":
		// One test, whatever else it says: a failed one is not saved by being
		// called skipped.
		c.tests++
		if inner.failures > 0 {
			c.failures++
		} else {
			c.skipped += min(inner.skipped, 1)
		}
		return
	case inner.name == "failure" || inner.name == "error":
		if c.name == "testcase" || c.isSuite() {
			c.failures++
		}
		return
	case inner.name == "skipped" && c.name == "testcase":
		c.skipped++
		return
	}
	c.tests += inner.tests
	c.skipped += inner.skipped
	c.failures += max(inner.failures, inner.claimed)
}

// claims reads how many failures and errors a suite says it has. More than can
// be found are believed.
func claims(attributes []xml.Attr) int64 {
	var claimed int64
	for _, attribute := range attributes {
		if name := attribute.Name.Local; name == "failures" || name == "errors" {
			if n, err := strconv.ParseInt(attribute.Value, 10, 32); err == nil && n > 0 {
				claimed += n
			}
		}
	}
	return claimed
}
