package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/joshdk/go-junit"
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

// readReport reads a JUnit report. A report without any test vouches for
// nothing, so it is not a passing one.
func readReport(path string) (*report, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	bytes, err := io.ReadAll(io.LimitReader(file, largestReport+1))
	if err != nil {
		return nil, err
	}
	if len(bytes) > largestReport {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, largestReport>>20)
	}
	suites, err := junit.Ingest(bytes)
	if err != nil || len(suites) == 0 {
		return nil, fmt.Errorf("%s is not a JUnit report: it has no <testsuite> that can be read", path)
	}
	sum := sha256.Sum256(bytes)
	r := &report{sha256: hex.EncodeToString(sum[:])}
	for _, suite := range suites {
		r.add(suite)
	}
	if r.tests == 0 {
		return nil, fmt.Errorf("%s has no test case: it vouches for nothing", path)
	}
	return r, nil
}

func (r *report) add(suite junit.Suite) {
	for _, test := range suite.Tests {
		r.tests++
		if test.Status == junit.StatusFailed || test.Status == junit.StatusError {
			r.failures++
		}
	}
	for _, inner := range suite.Suites {
		r.add(inner)
	}
}
