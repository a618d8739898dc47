#!/usr/bin/env bash
# Two recurrence libraries choose the wrong day of the first week, a third one ignores the choice altogether.
#
# Versions: github.com/teambition/rrule-go v1.8.2; rrule 2.8.1, ical.js 2.2.1 and rrule-temporal 2.2.8 (npm), Node.js 18 or later.
# Rule: from Wednesday, 2026-01-07, the second of Monday, Wednesday and Friday of each week.
# Guess before: Wednesdays everywhere, since BYSETPOS counts within the week (RFC 5545, 3.3.10) and the start fits the rule.
# Seen: rrule-go and rrule count from the start on, so they leave out the start itself and begin with Friday, the 9th; from
# the second week on they are right. ical.js ignores BYSETPOS here and gives all three days. rrule-temporal is right.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" rrule@2.8.1 ical.js@2.2.1 rrule-temporal@2.2.8 >/dev/null || exit 2
cat >main.go <<'GO'
package main

import (
	"fmt"
	"time"

	"github.com/teambition/rrule-go"
)

func main() {
	rule, err := rrule.StrToRRule("DTSTART:20260107T000000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=3")
	if err != nil {
		panic(err)
	}
	fmt.Print("rrule-go")
	for _, at := range rule.All() {
		fmt.Print(" ", at.Format(time.DateOnly))
	}
	fmt.Println()
}
GO
cat >main.mjs <<'JS'
import rrule from 'rrule'
import ICAL from 'ical.js'
import { RRuleTemporal } from 'rrule-temporal'

const rule = 'FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=3'
const text = 'DTSTART:20260107T000000Z\nRRULE:' + rule
const print = (name, times) => console.log(name, ...times.map((t) => new Date(t).toISOString().slice(0, 10)))
print('rrule', rrule.rrulestr(text).all())
const days = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromDateString('2026-01-07'))
print('ical.js', [1, 2, 3].map(() => days.next().toString()))
print('rrule-temporal', new RRuleTemporal({ rruleString: text }).all().map((t) => t.epochMilliseconds))
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/teambition/rrule-go@v1.8.2 >/dev/null 2>&1 || exit 2
seen=$(go run . && node main.mjs) || exit 2
echo "library, days (2026-01-07 is a Wednesday)"
echo "$seen"
wanted='rrule-go 2026-01-09 2026-01-14 2026-01-21
rrule 2026-01-09 2026-01-14 2026-01-21
ical.js 2026-01-07 2026-01-09 2026-01-12
rrule-temporal 2026-01-07 2026-01-14 2026-01-21'
[ "$seen" = "$wanted" ]
