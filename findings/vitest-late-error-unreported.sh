#!/usr/bin/env bash
# Vitest fails for an error outside of a test, and its JUnit report has nothing but passes.
#
# Version: vitest 3.2.4 (npm), Node.js 20 or later.
# Guess before: the error stands in the report, as errors="1" or a case of its own, since Vitest exits 1 for it.
# Seen: a timer throws after its test has passed, "Unhandled Errors" are printed and Vitest exits 1. The report says
# failures="0" errors="0" everywhere, and has the two passed cases and not a word of the error. A hook that fails after the
# last test is in the report, as a failed case with the name of the file.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{"name": "finding", "type": "module"}' >package.json
npm install --silent --no-audit --no-fund vitest@3.2.4 >/dev/null || exit 2
mkdir late hook
cat >late/late.test.js <<'JS'
import { test } from 'vitest'

test('starts a timer', () => { setTimeout(() => { throw new Error('the portal has gone') }, 100) })
test('waits for it', () => new Promise((resolve) => { setTimeout(resolve, 1000) }))
JS
cat >hook/hook.test.js <<'JS'
import { afterAll, test } from 'vitest'

test('passes', () => {})
afterAll(() => { throw new Error('the portal has gone') })
JS

run() { # folder
	local status=0
	CI=true node_modules/.bin/vitest run --root "$1" --reporter=default --reporter=junit --outputFile.junit=report.xml >"$1.txt" 2>&1 || status=$?
	[ -s "$1/report.xml" ] || exit 2
	echo "$1: exit $status, $(grep -o 'Unhandled Errors\|Failed Suites' "$1.txt" | head -n 1), $(grep -o '<testsuites.* errors="[0-9]*"' "$1/report.xml"), $(grep -c '<testcase' "$1/report.xml") cases, $(grep -c 'the portal has gone' "$1/report.xml") lines with the error"
}
seen=$(run late; run hook)
echo "$seen"
wanted='late: exit 1, Unhandled Errors, <testsuites name="vitest tests" tests="2" failures="0" errors="0", 2 cases, 0 lines with the error
hook: exit 1, Failed Suites, <testsuites name="vitest tests" tests="2" failures="1" errors="0", 2 cases, 2 lines with the error'
[ "$seen" = "$wanted" ]
