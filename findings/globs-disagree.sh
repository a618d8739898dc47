#!/usr/bin/env bash
# Four glob libraries disagree on patterns that ignore lists are full of.
#
# Versions: github.com/bmatcuk/doublestar/v4 v4.10.4 and github.com/gobwas/glob v1.1.0 (with the separator "/");
# minimatch 11.0.9 and picomatch 4.0.7 (npm), with their plain options, Node.js 20 or later.
# Guess before: "a/**" is what lies below a, and not a itself; "a/**/b" and "**/b" take no folder too; "[!x]" is any letter
# but x, since POSIX writes it so; "[[:alpha:]]" is a letter. All four agree on these.
# Seen: no row but the last is the same in all four. doublestar and picomatch count a itself as "a/**". gobwas wants a
# folder for "**". picomatch knows "[^x]" alone, gobwas "[!x]" alone. The two in Go do not know "[[:alpha:]]".
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" minimatch@11.0.9 picomatch@4.0.7 >/dev/null || exit 2
cat >pairs.json <<'JSON'
[["a/**", "a"], ["a/**/b", "a/b"], ["**/b", "b"], ["[!x]", "b"], ["[^x]", "b"], ["[[:alpha:]]", "b"], ["a/*", "a/b"]]
JSON
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/gobwas/glob"
)

func main() {
	text, err := os.ReadFile("pairs.json")
	if err != nil {
		panic(err)
	}
	var pairs [][2]string
	if err := json.Unmarshal(text, &pairs); err != nil {
		panic(err)
	}
	for _, pair := range pairs {
		fmt.Println(pair[0], pair[1], doublestar.MatchUnvalidated(pair[0], pair[1]), glob.MustCompile(pair[0], '/').Match(pair[1]))
	}
}
GO
cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { minimatch } from 'minimatch'
import picomatch from 'picomatch'

for (const [pattern, path] of JSON.parse(readFileSync('pairs.json'))) {
  console.log(minimatch(path, pattern), picomatch.isMatch(path, pattern))
}
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/bmatcuk/doublestar/v4@v4.10.4 github.com/gobwas/glob@v1.1.0 >/dev/null 2>&1 || exit 2
go run . >go.txt || exit 2
node main.mjs >js.txt || exit 2
seen=$(paste -d ' ' go.txt js.txt)
echo "pattern, path, doublestar, gobwas, minimatch, picomatch"
echo "$seen"
wanted='a/** a true false false true
a/**/b a/b true false true true
**/b b true false true true
[!x] b true true true false
[^x] b true false true true
[[:alpha:]] b false false true true
a/* a/b true true true true'
[ "$seen" = "$wanted" ]
