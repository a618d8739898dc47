#!/usr/bin/env bash
# The rrule package of npm reads an end in UTC as local time, and gives an occurrence after it.
#
# Versions: rrule 2.8.1 (npm), Node.js 18 or later; github.com/teambition/rrule-go v1.8.2, which was ported from the same
# origin.
# Rule: every day at 23:00 in New York, until 2026-01-04 03:59:59 UTC, which is 22:59:59 on the 3rd in New York. RFC 5545,
# 3.3.10, asks for UNTIL in UTC wherever the start has a zone.
# Guess before: both give the 1st and the 2nd; the 3rd at 23:00 is a second too late.
# Seen: rrule-go does. rrule gives the 3rd too, an occurrence of 04:00 UTC with an end at 03:59:59 UTC. East of Greenwich it is
# short by one: for 01:00 in Berlin until 00:00 UTC of the 3rd, the same moment, it leaves the 3rd out.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TZ=UTC
npm install --silent --no-audit --no-fund --prefix "$dir" rrule@2.8.1 >/dev/null || exit 2
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/teambition/rrule-go"
)

func main() {
	for _, text := range os.Args[1:] {
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

for (const text of process.argv.slice(2)) {
  console.log('rrule', ...rrule.rrulestr(text).all().map((at) => at.toISOString().slice(8, 16) + 'Z'))
}
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/teambition/rrule-go@v1.8.2 >/dev/null 2>&1 || exit 2
west=$'DTSTART;TZID=America/New_York:20260101T230000\nRRULE:FREQ=DAILY;UNTIL=20260104T035959Z'
east=$'DTSTART;TZID=Europe/Berlin:20260101T010000\nRRULE:FREQ=DAILY;UNTIL=20260103T000000Z'
seen=$(go run . "$west" "$east" && node main.mjs "$west" "$east") || exit 2
echo "library, times in UTC"
echo "$seen"
wanted='rrule-go 02T04:00Z 03T04:00Z
rrule-go 01T00:00Z 02T00:00Z 03T00:00Z
rrule 02T04:00Z 03T04:00Z 04T04:00Z
rrule 01T00:00Z 02T00:00Z'
[ "$seen" = "$wanted" ]
