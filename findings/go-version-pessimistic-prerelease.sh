#!/usr/bin/env bash
# "~> 2.0.0-beta" takes the betas of 2.0.0 and never the release that they lead to.
#
# Version: github.com/hashicorp/go-version v1.9.0, the library that Terraform compares versions with.
# Guess before: it takes 2.0.0-rc, 2.0.0 and 2.0.9, and so does ">= 2.0.0-beta, < 2.1", its longer form.
# Seen: it takes 2.0.0-rc alone; 2.0.0 and 2.0.9 are left out, so a constraint written in the test phase stays behind at
# the release. The longer form takes the other two and leaves 2.0.0-rc out, since "< 2.1" names no prerelease.
# github.com/Masterminds/semver/v3 v3.5.0 takes all three for both texts.
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

	"github.com/Masterminds/semver/v3"
	version "github.com/hashicorp/go-version"
)

func main() {
	for _, text := range []string{"~> 2.0.0-beta", ">= 2.0.0-beta, < 2.1"} {
		for _, v := range []string{"2.0.0-rc", "2.0.0", "2.0.9"} {
			a := version.MustConstraints(version.NewConstraint(text)).Check(version.Must(version.NewVersion(v)))
			constraint, err := semver.NewConstraint(text)
			if err != nil {
				panic(err)
			}
			fmt.Println(text, ":", v, a, constraint.Check(semver.MustParse(v)))
		}
	}
}
GO
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/hashicorp/go-version@v1.9.0 github.com/Masterminds/semver/v3@v3.5.0 >/dev/null 2>&1 || exit 2
seen=$(go run .) || exit 2
echo "constraint : version, go-version, Masterminds/semver (true: taken)"
echo "$seen"
wanted='~> 2.0.0-beta : 2.0.0-rc true true
~> 2.0.0-beta : 2.0.0 false true
~> 2.0.0-beta : 2.0.9 false true
>= 2.0.0-beta, < 2.1 : 2.0.0-rc false true
>= 2.0.0-beta, < 2.1 : 2.0.0 true true
>= 2.0.0-beta, < 2.1 : 2.0.9 true true'
[ "$seen" = "$wanted" ]
