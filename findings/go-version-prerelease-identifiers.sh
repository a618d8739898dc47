#!/usr/bin/env bash
# hashicorp/go-version orders a prerelease with more identifiers below the one that it extends.
#
# Version: github.com/hashicorp/go-version v1.9.0, the library that Terraform compares versions with.
# Guess before: it orders as Semantic Versioning does (semver.org, item 11: "a larger set of pre-release fields has a
# higher precedence than a smaller set, if all of the preceding identifiers are equal"), so 1.0.0-alpha < 1.0.0-alpha.beta.
# Seen: 1.0.0-alpha.beta < 1.0.0-alpha. With a number it is right: 1.0.0-alpha < 1.0.0-alpha.1.
# golang.org/x/mod/semver v0.42.0 orders both as the specification says.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.go <<'GO'
package main

import (
	"fmt"

	version "github.com/hashicorp/go-version"
	"golang.org/x/mod/semver"
)

func main() {
	for _, pair := range [][2]string{{"1.0.0-alpha", "1.0.0-alpha.1"}, {"1.0.0-alpha", "1.0.0-alpha.beta"}} {
		a, b := version.Must(version.NewVersion(pair[0])), version.Must(version.NewVersion(pair[1]))
		fmt.Println(pair[0], pair[1], a.Compare(b), semver.Compare("v"+pair[0], "v"+pair[1]))
	}
}
GO
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/hashicorp/go-version@v1.9.0 golang.org/x/mod@v0.42.0 >/dev/null 2>&1 || exit 2
seen=$(go run .) || exit 2
echo "version, version, go-version, x/mod/semver (-1: the first is lower)"
echo "$seen"
wanted='1.0.0-alpha 1.0.0-alpha.1 -1 -1
1.0.0-alpha 1.0.0-alpha.beta 1 -1'
[ "$seen" = "$wanted" ]
