#!/usr/bin/env bash
# Three recurrence libraries give three answers for a time that the clocks skip in spring.
#
# Versions: github.com/teambition/rrule-go v1.8.2; rrule 2.8.1 and rrule-temporal 2.2.8 (npm), Node.js 18 or later.
# Rule: every day at 02:30 in New York, where 2026-03-08 has no 02:30.
# Guess before: all give 03:30 that day, since RFC 5545, 3.3.5, reads a skipped time with the UTC offset before the gap.
# Seen: rrule does. rrule-go gives 01:30, an hour too early. rrule-temporal leaves the day out.
# With FREQ=HOURLY;COUNT=5 rrule-go returns four times: it moves 02:00 to 01:00, counts it, and drops it as a repetition.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TZ=UTC
npm install --silent --no-audit --no-fund --prefix "$dir" rrule@2.8.1 rrule-temporal@2.2.8 >/dev/null || exit 2
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/teambition/rrule-go"
)

func main() {
	for _, text := range []string{
		"DTSTART;TZID=America/New_York:20260307T023000\nRRULE:FREQ=DAILY;COUNT=3",
		"DTSTART;TZID=America/New_York:20260308T000000\nRRULE:FREQ=HOURLY;COUNT=5",
	} {
		set, err := rrule.StrToRRuleSet(text)
		if err != nil {
			panic(err)
		}
		fmt.Print("rrule-go")
		for _, at := range set.All() {
			fmt.Print(" ", at.UTC().Format("02T15:04Z"))
		}
		fmt.Println()
	}
}
GO
cat >main.mjs <<'JS'
import rrule from 'rrule'
import { RRuleTemporal } from 'rrule-temporal'

const text = 'DTSTART;TZID=America/New_York:20260307T023000\nRRULE:FREQ=DAILY;COUNT=3'
const print = (name, times) => console.log(name, ...times.map((t) => new Date(t).toISOString().slice(8, 16) + 'Z'))
print('rrule', rrule.rrulestr(text).all())
print('rrule-temporal', new RRuleTemporal({ rruleString: text }).all().map((t) => t.epochMilliseconds))
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/teambition/rrule-go@v1.8.2 >/dev/null 2>&1 || exit 2
seen=$(go run . && node main.mjs) || exit 2
echo "library, times in UTC (03:30 in New York on 8 March is 07:30Z)"
echo "$seen"
wanted='rrule-go 07T07:30Z 08T06:30Z 09T06:30Z
rrule-go 08T05:00Z 08T06:00Z 08T07:00Z 08T08:00Z
rrule 07T07:30Z 08T07:30Z 09T06:30Z
rrule-temporal 07T07:30Z 09T06:30Z 10T06:30Z'
[ "$seen" = "$wanted" ]
