#!/usr/bin/env bash
# The RFC 3339 type for Terraform providers takes one instant written with two offsets for a change.
#
# Version: github.com/hashicorp/terraform-plugin-framework-timetypes v0.5.0.
# Guess before: its semantic equality compares instants, so 11:00+01:00 equals 10:00Z; and it takes what RFC 3339 takes.
# Seen: 10:00Z equals 10:00+00:00, and 10:00.000Z too, but not 11:00+01:00. A provider that returns UTC for what the user wrote
# with an offset gets "inconsistent result after apply" in spite of the type. Small "t" and "z", which RFC 3339, 5.6, allows,
# are refused. Its type for durations does compare: 24h equals 1440m.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
)

func main() {
	ctx := context.Background()
	first := timetypes.NewRFC3339ValueMust("2026-11-27T10:00:00Z")
	for _, text := range []string{"2026-11-27T10:00:00+00:00", "2026-11-27T10:00:00.000Z", "2026-11-27T11:00:00+01:00", "2026-11-27t10:00:00z"} {
		second, problems := timetypes.NewRFC3339Value(text)
		if problems.HasError() {
			fmt.Println(text, "refused")
			continue
		}
		same, problems := first.StringSemanticEquals(ctx, second)
		if problems.HasError() {
			panic(problems)
		}
		fmt.Println(text, same)
	}
	day, problems := timetypes.NewGoDurationValueFromString("24h")
	minutes, more := timetypes.NewGoDurationValueFromString("1440m")
	same, last := day.StringSemanticEquals(ctx, minutes)
	if problems.HasError() || more.HasError() || last.HasError() {
		panic("durations")
	}
	fmt.Println("1440m", same)
}
GO
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes@v0.5.0 >/dev/null 2>&1 || exit 2
seen=$(go run .) || exit 2
echo "is it semantically equal to 2026-11-27T10:00:00Z (1440m: to 24h)?"
echo "$seen"
wanted='2026-11-27T10:00:00+00:00 true
2026-11-27T10:00:00.000Z true
2026-11-27T11:00:00+01:00 false
2026-11-27t10:00:00z refused
1440m true'
[ "$seen" = "$wanted" ]
