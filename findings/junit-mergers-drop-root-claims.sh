#!/usr/bin/env bash
# Two programs that merge JUnit reports lose a failure that only <testsuites> claims.
#
# Versions: junit-report-merger 9.0.4 and junit-merge 2.0.0 (npm), Node.js 18 or later.
# Guess before: the totals of the merged report are the sum of what the reports claim.
# Seen: one report says failures="1" on <testsuites> and has no failed case, as runners write it that fail after their
# last test. Both programs exit 0 and write a report without any claim of a failure: junit-report-merger adds up what the
# inner suites claim, junit-merge leaves all totals out. Who reads the merged report sees a pass.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" junit-report-merger@9.0.4 junit-merge@2.0.0 >/dev/null || exit 2

mkdir reports
cat >reports/a.xml <<'XML'
<testsuites tests="1" failures="0" errors="0"><testsuite name="A" tests="1"><testcase name="a" classname="A"/></testsuite></testsuites>
XML
cat >reports/b.xml <<'XML'
<testsuites tests="1" failures="1" errors="0"><testsuite name="B" tests="1"><testcase name="b" classname="B"/></testsuite></testsuites>
XML

changed=0
expect() { # what, command, text that the merged report has, text that it has not
	local what=$1 command=$2 has=$3 hasnot=$4
	rm -f merged.xml
	if ! $command >/dev/null; then
		echo "$what: exits $? now"
		changed=1
	elif ! grep -q "$has" merged.xml || grep -q "$hasnot" merged.xml; then
		echo "$what: the merged report has changed:"
		cat merged.xml
		changed=1
	else
		echo "$what: exit 0, and the claimed failure is gone: $(grep -m 1 '<testsuites' merged.xml)"
	fi
}
expect "junit-report-merger 9.0.4" "node_modules/.bin/jrm merged.xml reports/*.xml" 'tests="2"' 'failures='
expect "junit-merge 2.0.0" "node_modules/.bin/junit-merge -d reports -o merged.xml" '<testsuites>' 'failures='
exit $changed
