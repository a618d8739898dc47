#!/usr/bin/env bash
# Two recurrence libraries find a week 53 in 2021, a year of 52 weeks.
#
# Versions: github.com/teambition/rrule-go v1.8.2; rrule 2.8.1 (npm), Node.js 18 or later. date(1) has the weeks of ISO 8601.
# Rules: from 2021-01-02 on, the Saturday of week 53; from 2021-01-03 on, its Sunday.
# Guess before: both skip the years without a week 53, so that 2027-01-02 (week 53 of 2026) follows 2021-01-02.
# Seen: both give 2022-01-01 between them, which date and the standard put in week 52 of 2021; with Sundays 2022-01-02.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" rrule@2.8.1 >/dev/null || exit 2
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/teambition/rrule-go"
)

func main() {
	for _, text := range os.Args[1:] {
		rule, err := rrule.StrToRRule(text)
		if err != nil {
			panic(err)
		}
		for _, at := range rule.All() {
			fmt.Print(at.Format(time.DateOnly), " ")
		}
	}
}
GO
cat >main.mjs <<'JS'
import rrule from 'rrule'

for (const text of process.argv.slice(2)) {
  for (const at of rrule.rrulestr(text).all()) process.stdout.write(at.toISOString().slice(0, 10) + ' ')
}
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/teambition/rrule-go@v1.8.2 >/dev/null 2>&1 || exit 2
saturdays=$'DTSTART:20210102T000000Z\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA;COUNT=3'
sundays=$'DTSTART:20210103T000000Z\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;COUNT=3'
go run . "$saturdays" "$sundays" >go.txt || exit 2
node main.mjs "$saturdays" "$sundays" >js.txt || exit 2

for library in go js; do
	echo "$library:"
	for day in $(cat $library.txt); do
		echo "  $day $(date -u -d "$day" +%G-W%V)"
	done
done | tee seen.txt
weeks='  2021-01-02 2020-W53
  2022-01-01 2021-W52
  2027-01-02 2026-W53
  2021-01-03 2020-W53
  2022-01-02 2021-W52
  2027-01-03 2026-W53'
[ "$(cat seen.txt)" = "go:
$weeks
js:
$weeks" ]
