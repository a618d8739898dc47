#!/usr/bin/env bash
# Three readers of JUnit reports disagree on a case that is skipped and failed, and on a time with a thousands separator.
#
# Versions: junitxml-to-javascript 1.1.4 and junit2json 4.0.0 (npm), Node.js 18 or later; github.com/joshdk/go-junit v1.0.0.
# Input: a case with <skipped> and <failure>, and one of 1,234.567 seconds, a form that the schema of Surefire allows.
# Guess before: a failure wins over a skip in all, and the separator is read or refused.
# Seen: go-junit has a failed case and 20m34.567s. junitxml-to-javascript has a skipped case and one second, so the total of
# the suite is right by nobody's measure. junit2json has both marks, and the time as a text where other times are numbers.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" junitxml-to-javascript@1.1.4 junit2json@4.0.0 >/dev/null || exit 2
cat >report.xml <<'XML'
<testsuites><testsuite name="S" tests="2" failures="1" skipped="1" time="1,235.067">
<testcase name="long" classname="C" time="1,234.567"/>
<testcase name="both" classname="C" time="0.5"><skipped/><failure message="m"/></testcase>
</testsuite></testsuites>
XML
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/joshdk/go-junit"
)

func main() {
	suites, err := junit.IngestFile("report.xml")
	if err != nil {
		panic(err)
	}
	for _, test := range suites[0].Tests {
		fmt.Println("go-junit", test.Name, test.Status, test.Duration)
	}
}
GO
cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import Parser from 'junitxml-to-javascript'
import { parse } from 'junit2json'

for (const test of (await new Parser().parseXMLFile('report.xml')).testsuites[0].testCases) {
  console.log('junitxml-to-javascript', test.name, test.result, test.duration)
}
for (const test of (await parse(readFileSync('report.xml', 'utf8'))).testsuite[0].testcase) {
  const marks = ['skipped', 'failure'].filter((mark) => mark in test)
  console.log('junit2json', test.name, marks.join('+') || 'passed', typeof test.time, test.time)
}
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/joshdk/go-junit@v1.0.0 >/dev/null 2>&1 || exit 2
seen=$(go run . && node main.mjs) || exit 2
echo "$seen"
wanted='go-junit long passed 20m34.567s
go-junit both failed 500ms
junitxml-to-javascript long succeeded 1
junitxml-to-javascript both skipped 0.5
junit2json long passed string 1,234.567
junit2json both skipped+failure number 0.5'
[ "$seen" = "$wanted" ]
