#!/usr/bin/env bash
# "~> 1.2" is a constraint for all three of these libraries, and for one of them it means another range.
#
# Versions: github.com/hashicorp/go-version v1.9.0, which Terraform uses; github.com/Masterminds/semver/v3 v3.5.0, which
# Helm uses; semver 7.8.6 (npm), Node.js 18 or later.
# Guess before: "~>" is Ruby's and Terraform's alone; the others refuse it as a syntax error.
# Seen: all take it. go-version reads "at least 1.2, below 2", the others "at least 1.2, below 1.3", without a warning.
# With three segments all agree. "1.2" and "<= 1.2" too are exact for go-version and take in 1.2.5 for the others.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" semver@7.8.6 >/dev/null || exit 2
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/Masterminds/semver/v3"
	version "github.com/hashicorp/go-version"
)

func main() {
	for _, pair := range [][2]string{{"~> 1.2", "1.3.0"}, {"~> 1.2.3", "1.2.9"}, {"~> 1.2.3", "1.3.0"}, {"1.2", "1.2.5"}, {"<= 1.2", "1.2.5"}} {
		a := version.MustConstraints(version.NewConstraint(pair[0])).Check(version.Must(version.NewVersion(pair[1])))
		constraint, err := semver.NewConstraint(pair[0])
		if err != nil {
			panic(err)
		}
		fmt.Println(pair[0], ":", pair[1], a, constraint.Check(semver.MustParse(pair[1])))
	}
}
GO
cat >main.mjs <<'JS'
import semver from 'semver'

for (const [range, version] of [['~> 1.2', '1.3.0'], ['~> 1.2.3', '1.2.9'], ['~> 1.2.3', '1.3.0'], ['1.2', '1.2.5'], ['<= 1.2', '1.2.5']]) {
  console.log(semver.validRange(range) === null ? 'refused' : semver.satisfies(version, range))
}
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/hashicorp/go-version@v1.9.0 github.com/Masterminds/semver/v3@v3.5.0 >/dev/null 2>&1 || exit 2
go run . >go.txt || exit 2
node main.mjs >js.txt || exit 2
seen=$(paste -d ' ' go.txt js.txt)
echo "constraint : version, go-version, Masterminds/semver, npm semver (true: taken)"
echo "$seen"
wanted='~> 1.2 : 1.3.0 true false false
~> 1.2.3 : 1.2.9 true true true
~> 1.2.3 : 1.3.0 false false false
1.2 : 1.2.5 false true true
<= 1.2 : 1.2.5 false true true'
[ "$seen" = "$wanted" ]
