package junit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever is in a file: no panic, the same answer twice, no negative count, and
// no passed result with a failure in it or with nothing that ran.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`<testsuites failures="1"><testsuite errors="x"><testcase name="a"><failure/></testcase></testsuite></testsuites>`,
		`<testsuite failures="0" tests="3"><testcase name="a"><skipped type="timeout">x</skipped><failure/><flakyError/></testcase></testsuite>`,
		`<testsuite><properties><property name="SuiteSucceeded" value="false"/></properties><testcase name="a" status="notrun"/></testsuite>`,
		`<testsuites><testcase name="a"/><!-- pass 1 --><!-- fail 1 --><!-- cancelled 1 --><!-- Error: x --></testsuites>`,
		"<?xml version='1.1' encoding='latin1'?><testsuite><testcase name='\xe4&#0;'/></testsuite>",
		"\xff\xfe<\x00", "\x00<", "&#", "\xff", `<a><![CDATA[<]]></a>`, `<testcase/>`, `<testsuite failures="-1"><testcase/></testsuite>`,
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "junit.xml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Read(path)
		again, errAgain := Read(path)
		if !cmp.Equal(r, again) || (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
			t.Errorf("two answers: %+v, %v; %+v, %v", r, err, again, errAgain)
		}
		if (r == nil) == (err == nil) {
			t.Errorf("both or none: %+v, %v", r, err)
		}
		var nothing *NothingRanError
		if errors.As(err, &nothing) {
			r = nothing.Report
		}
		if r != nil && (r.Tests < 0 || r.Failures < 0 || r.Skipped < 0) {
			t.Errorf("a negative count: %+v", r)
		}
		for _, exit := range []*int64{nil, new(int64)} {
			v, judgeErr := Judge(Run{Report: again, Err: err, RunnerExit: exit})
			if (judgeErr == nil) != (err == nil) || v.Passed && (again.Failures > 0 || again.Tests == 0) {
				t.Errorf("%+v, %v for %+v, %v", v, judgeErr, again, err)
			}
		}
	})
}
