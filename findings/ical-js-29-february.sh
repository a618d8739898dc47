#!/usr/bin/env bash
# ical.js moves a yearly 29 February to 1 March where rrule-go and RFC 5545 leave the year out.
#
# Versions: ical.js 2.2.1 (npm), Node.js 18 or later; github.com/teambition/rrule-go v1.8.2.
# Guess before: both give 2024, 2028 and 2032, since RFC 5545, 3.3.10, has dates that do not exist ignored.
# Seen: ical.js gives 2024-02-29, 2025-03-01 and 2026-03-01; the days it adds use up COUNT. It is right where the rule says
# BYMONTH=2;BYMONTHDAY=29 beside the same start, and for a monthly 31st, which skips the short months in both.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" ical.js@2.2.1 >/dev/null || exit 2
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/teambition/rrule-go"
)

func main() {
	for i := 1; i < len(os.Args); i += 2 {
		start, err := time.Parse(time.DateOnly, os.Args[i])
		if err != nil {
			panic(err)
		}
		rule, err := rrule.StrToRRule("DTSTART:" + start.Format("20060102T150405Z") + "\nRRULE:" + os.Args[i+1])
		if err != nil {
			panic(err)
		}
		fmt.Print("rrule-go")
		for _, at := range rule.All() {
			fmt.Print(" ", at.Format(time.DateOnly))
		}
		fmt.Println()
	}
}
GO
cat >main.mjs <<'JS'
import ICAL from 'ical.js'

for (let args = process.argv.slice(2); args.length > 0; args = args.slice(2)) {
  const days = ICAL.Recur.fromString(args[1]).iterator(ICAL.Time.fromDateString(args[0]))
  const seen = []
  for (let day = days.next(); day; day = days.next()) seen.push(day.toString())
  console.log('ical.js', ...seen)
}
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/teambition/rrule-go@v1.8.2 >/dev/null 2>&1 || exit 2
rules=(2024-02-29 'FREQ=YEARLY;COUNT=3' 2024-02-29 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=3' 2024-01-31 'FREQ=MONTHLY;COUNT=3')
seen=$(go run . "${rules[@]}" && node main.mjs "${rules[@]}") || exit 2
echo "$seen"
wanted='rrule-go 2024-02-29 2028-02-29 2032-02-29
rrule-go 2024-02-29 2028-02-29 2032-02-29
rrule-go 2024-01-31 2024-03-31 2024-05-31
ical.js 2024-02-29 2025-03-01 2026-03-01
ical.js 2024-02-29 2028-02-29 2032-02-29
ical.js 2024-01-31 2024-03-31 2024-05-31'
[ "$seen" = "$wanted" ]
