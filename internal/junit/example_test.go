package junit_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/releaseportal/terraform-provider-portal/internal/junit"
)

// A report is read and judged together with the exit status of its runner.
func ExampleJudge() {
	dir, err := os.MkdirTemp("", "junit")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	report := filepath.Join(dir, "report.xml")
	text := `<testsuite name="smoke" tests="2" failures="0"><testcase name="login"/><testcase name="search"/></testsuite>`
	if err := os.WriteFile(report, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	run := junit.Run{}
	run.Report, run.Err = junit.Read(report)
	for _, status := range []int64{0, 1} { // a runner may fail after it has written its report
		run.RunnerExit = &status
		verdict, err := junit.Judge(run)
		fmt.Println("exit status", status, verdict.Outcome(), verdict.Tests, "tests", err)
	}
	// Output:
	// exit status 0 passed 2 tests <nil>
	// exit status 1 failed 2 tests <nil>
}
