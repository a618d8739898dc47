# The tests: sh acceptance.sh DIRECTORY REPORTS. They leave a JUnit report for each class.
set -eu
rm -rf "$2" # old reports must not stay if the tests die
mkdir "$2"
test -s "$1/theme"
echo '<testsuite name="theme"><testcase name="it is there"/></testsuite>' > "$2/theme.xml"
grep -q background "$1/theme"
echo '<testsuite name="colours"><testcase name="there is a background"/></testsuite>' > "$2/colours.xml"
