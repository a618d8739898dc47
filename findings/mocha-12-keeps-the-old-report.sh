#!/usr/bin/env bash
# mocha-junit-reporter does not start in Mocha 12, though it claims to fit it, and the report of the last run stays.
#
# Versions: mocha-junit-reporter 2.2.1 with mocha 11.7.5 and 12.0.3 (npm), Node.js 20.19 or later.
# Guess before: npm refuses or warns of a pair that does not fit; a reporter that is loaded writes a report or removes it.
# Seen: the package asks for mocha >=2.2.5, so npm is content with 12.0.3. Mocha 12 then ends with "Class constructor Base
# cannot be invoked without 'new'" and exit 1, which is also its exit for one failed test, before any test has run. The file
# that Mocha 11 wrote, all passed, is left as it was.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{"name": "finding"}' >package.json
install() { # version of mocha
	npm install --silent --no-audit --no-fund --strict-peer-deps "mocha@$1" mocha-junit-reporter@2.2.1 >/dev/null || exit 2
}
run() {
	local status=0
	node_modules/.bin/mocha --reporter mocha-junit-reporter --reporter-options mochaFile=report.xml test.js >out.txt 2>&1 || status=$?
	echo "exit $status, $(grep -c '<testcase' report.xml) case, $(grep -o 'failures="[0-9]*"' report.xml | head -n 1)"
}
echo "it('passes', () => {})" >test.js
install 11.7.5
first="Mocha 11: $(run)"
before=$(sha256sum report.xml)

echo "it('fails', () => { throw new Error('no') })" >test.js
install 12.0.3
second="Mocha 12: $(run)"
echo "$first"
echo "$second, $(grep -o 'TypeError.*' out.txt | head -n 1)"

[ "$first" = 'Mocha 11: exit 0, 1 case, failures="0"' ] || exit 1
[ "$second" = 'Mocha 12: exit 1, 1 case, failures="0"' ] || exit 1
grep -q "TypeError: Class constructor Base cannot be invoked without 'new'" out.txt || exit 1
[ "$(sha256sum report.xml)" = "$before" ]
