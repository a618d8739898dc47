package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAJUnitReportIsCounted(t *testing.T) {
	cases := []struct {
		name, xml       string
		tests, failures int64
		passed          bool
	}{
		{"one suite", `<testsuite><testcase name="a"/><testcase name="b"/></testsuite>`, 2, 0, true},
		{"with a declaration", `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<testsuites><testsuite><testcase/></testsuite></testsuites>`, 1, 0, true},
		{"with a byte order mark", "\ufeff" + `<testsuite><testcase/></testsuite>`, 1, 0, true},
		{"suites in suites", `<testsuites><testsuite><testcase/><testsuite><testcase><failure/></testcase></testsuite></testsuite><testsuite><testcase/></testsuite></testsuites>`, 3, 1, false},
		{"failures and errors", `<testsuite><testcase><failure message="no">at x</failure></testcase><testcase><error/></testcase><testcase/></testsuite>`, 3, 2, false},
		{"several failures of one test", `<testsuite><testcase><failure/><failure/><error/></testcase></testsuite>`, 1, 1, false},
		{"some skipped", `<testsuite><testcase><skipped/></testcase><testcase/></testsuite>`, 2, 0, true},
		{"a failed test that is called skipped", `<testsuite><testcase><failure/><skipped/></testcase><testcase/></testsuite>`, 2, 1, false},
		{"a test that passed when it was run again", `<testsuite failures="0"><testcase><flakyFailure/></testcase></testsuite>`, 1, 0, true},
		{"a test beside the suites", `<testsuites><testcase><failure/></testcase><testsuite><testcase/></testsuite></testsuites>`, 2, 1, false},
		{"a suite that failed as a whole", `<testsuite><testcase/><error message="setting up"/></testsuite>`, 1, 1, false},
		{"failures that only the suite tells of", `<testsuite failures="1" errors="2"><testcase/><testcase><failure/></testcase></testsuite>`, 2, 3, false},
		{"the same failures told of on two levels", `<testsuites failures="1"><testsuite failures="1"><testcase><failure/></testcase></testsuite></testsuites>`, 1, 1, false},
		{"failures in what a test prints", `<testsuite><testcase><system-out><![CDATA[<failure/>]]></system-out></testcase></testsuite>`, 1, 0, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, err := readReport(reportOf(t, c.xml))
			if err != nil {
				t.Fatal(err)
			}
			if r.tests != c.tests || r.failures != c.failures || r.passed() != c.passed || len(r.sha256) != 64 {
				t.Errorf("it says %+v, passed %t", r, r.passed())
			}
		})
	}
}

func TestAJUnitReportIsRefused(t *testing.T) {
	laughs := `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><testsuite><testcase name="&c;"/></testsuite>`
	cases := []struct{ name, content, want string }{
		{"empty", "", "is not a JUnit report: it has no <testsuite>"},
		{"no XML", "all tests passed", "is not a JUnit report"},
		{"JSON", `{"tests": 1}`, "is not a JUnit report"},
		{"other XML", `<html><body/></html>`, "it has no <testsuite>"},
		{"no test", `<testsuite name="a" tests="3"/>`, "has no test case: it vouches for nothing"},
		{"only skipped tests", `<testsuite><testcase><skipped/></testcase></testsuite>`, "that was not skipped: it vouches for nothing"},
		{"cut off", `<testsuites><testsuite><testcase/></testsuite>`, "unexpected EOF"},
		{"ended twice", `<testsuite><testcase/></testsuite></fake-root>`, "unexpected end element"},
		{"entities in entities", laughs, "invalid character entity"},
		{"a file of the machine in it", `<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"/></testsuite>`, "invalid character entity"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := reportOf(t, c.content)
			r, err := readReport(path)
			if err == nil || !strings.HasPrefix(err.Error(), path+" ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %+v, %v", r, err)
			}
		})
	}
	t.Run("too large", func(t *testing.T) {
		path := reportOf(t, "<testsuite>")
		if err := os.Truncate(path, largestReport+1); err != nil {
			t.Fatal(err)
		}
		if _, err := readReport(path); err == nil || !strings.HasSuffix(err.Error(), " is larger than 64 MiB") {
			t.Errorf("it says %v", err)
		}
	})
	t.Run("a directory", func(t *testing.T) {
		if _, err := readReport(t.TempDir()); err == nil || !strings.HasSuffix(err.Error(), " is not a file") {
			t.Errorf("it says %v", err)
		}
	})
	t.Run("not there", func(t *testing.T) {
		if _, err := readReport(filepath.Join(t.TempDir(), "none.xml")); !os.IsNotExist(err) {
			t.Errorf("it says %v", err)
		}
	})
}

// A report nested as deep as it may be, with much text at the bottom, is read
// in the time of a flat one.
func TestADeepReportTakesNoTimeOutOfProportion(t *testing.T) {
	const depth = 100_000
	path := reportOf(t, strings.Repeat("<testsuite>", depth)+"<testcase><system-out>"+strings.Repeat("a &amp; b ", 200_000)+"</system-out></testcase>"+strings.Repeat("</testsuite>", depth))
	began := time.Now()
	r, err := readReport(path)
	if took := time.Since(began); err != nil || r.tests != 1 || took > 10*time.Second {
		t.Errorf("it says %+v, %v after %s", r, err, took)
	}
}

func reportOf(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "junit.xml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever is in a file: no panic, and nothing passes that has a failure in it.
func FuzzReadReport(f *testing.F) {
	for _, seed := range []string{
		`<testsuites failures="1"><testsuite errors="x"><testcase><failure/></testcase></testsuite></testsuites>`,
		`<testsuite><testcase><skipped/></testcase></testsuite>`, `<a><![CDATA[<]]></a>`, `<testcase/>`, "\xff\xfe<", `<testsuite failures="-1"><testcase/></testsuite>`,
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "junit.xml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := readReport(path)
		switch {
		case (r == nil) == (err == nil):
			t.Errorf("both or none: %+v, %v", r, err)
		case err == nil && (r.tests < 1 || r.failures < 0 || r.passed() != (r.failures == 0)):
			t.Errorf("it says %+v", r)
		}
	})
}
