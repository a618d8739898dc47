#!/usr/bin/env bash
# OPA says that two days lie a month and a day apart, and that day plus a month and a day is another one.
#
# Version: github.com/open-policy-agent/opa v1.21.1, the engine of Conftest (where nothing of it is in Go's build cache yet,
# the build takes a minute or two).
# Guess before: time.add_date undoes time.diff, and it takes what the specification of Semantic Versioning takes: a version
# that begins with "v" is none.
# Seen: from 31 January to 1 March 2026, time.diff has [0, 1, 1, 0, 0, 0]; time.add_date with these gives 4 March, since it
# counts 31 February on into March. Days add up: 29 of them are 1 March. semver.is_valid takes "v1.0.0", and semver.compare
# finds it equal to "1.0.0".
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

	"github.com/open-policy-agent/opa/v1/rego"
)

const module = `package finding

january := time.parse_rfc3339_ns("2026-01-31T00:00:00Z")

march := time.parse_rfc3339_ns("2026-03-01T00:00:00Z")

between := time.diff(march, january)

again := time.format(time.add_date(january, between[0], between[1], between[2]))

days := time.format(time.add_date(january, 0, 0, 29))

valid := [semver.is_valid("v1.0.0"), semver.is_valid("1.0")]

compared := semver.compare("v1.0.0", "1.0.0")
`

func main() {
	for _, name := range []string{"between", "again", "days", "valid", "compared"} {
		result, err := rego.New(rego.Query("x = data.finding."+name), rego.Module("finding.rego", module)).Eval(context.Background())
		if err != nil {
			panic(err)
		}
		if len(result) == 0 {
			fmt.Println(name, "undefined")
			continue
		}
		fmt.Println(name, result[0].Bindings["x"])
	}
}
GO
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/open-policy-agent/opa/v1/rego@v1.21.1 >/dev/null 2>&1 || exit 2
seen=$(go run .) || exit 2
echo "$seen"
wanted='between [0 1 1 0 0 0]
again 2026-03-04T00:00:00Z
days 2026-03-01T00:00:00Z
valid [true false]
compared 0'
[ "$seen" = "$wanted" ]
