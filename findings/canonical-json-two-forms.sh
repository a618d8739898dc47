#!/usr/bin/env bash
# "Canonical JSON" as signed metadata uses it is not JSON where a text has two lines, and two libraries write it differently.
#
# Versions: github.com/secure-systems-lab/go-securesystemslib v0.11.1 (cjson), @tufjs/canonical-json 2.0.0 (npm), Node.js 18
# or later; github.com/gowebpki/jcs v1.0.2 (RFC 8785) beside them.
# Guess before: both follow one specification (OLPC), so they give the same bytes, which any JSON parser reads back.
# Seen: both put a line break into a string as it is, and encoding/json and JSON.parse refuse that; jcs escapes it. For the
# number -0 cjson writes -0 and @tufjs 0. Of 2^64, cjson refuses what @tufjs writes as 18446744073709552000.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" @tufjs/canonical-json@2.0.0 >/dev/null || exit 2
cat >texts.json <<'JSON'
{"text": "two\nlines"}
{"number": -0}
{"number": 18446744073709551616}
JSON
cat >main.go <<'GO'
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/gowebpki/jcs"
	"github.com/secure-systems-lab/go-securesystemslib/cjson"
)

func print(name string, text []byte, err error) {
	if err != nil {
		fmt.Println(name, "refused")
		return
	}
	fmt.Printf("%s %q JSON %t\n", name, text, json.Valid(text))
}

func main() {
	file, err := os.Open("texts.json")
	if err != nil {
		panic(err)
	}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var value any
		if err := json.Unmarshal(lines.Bytes(), &value); err != nil {
			panic(err)
		}
		text, err := cjson.EncodeCanonical(value)
		print("cjson", text, err)
		text, err = jcs.Transform(lines.Bytes())
		print("jcs", text, err)
	}
}
GO
cat >main.cjs <<'JS'
const { readFileSync } = require('node:fs')
const { canonicalize } = require('@tufjs/canonical-json')

const valid = (text) => { try { JSON.parse(text); return true } catch { return false } }
for (const line of readFileSync('texts.json', 'utf8').trim().split('\n')) {
  const text = canonicalize(JSON.parse(line))
  console.log('@tufjs', JSON.stringify(text), 'JSON', valid(text))
}
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/secure-systems-lab/go-securesystemslib@v0.11.1 github.com/gowebpki/jcs@v1.0.2 >/dev/null 2>&1 || exit 2
seen=$(go run . && node main.cjs) || exit 2
echo "$seen"
wanted='cjson "{\"text\":\"two\nlines\"}" JSON false
jcs "{\"text\":\"two\\nlines\"}" JSON true
cjson "{\"number\":-0}" JSON true
jcs "{\"number\":0}" JSON true
cjson refused
jcs "{\"number\":18446744073709552000}" JSON true
@tufjs "{\"text\":\"two\nlines\"}" JSON false
@tufjs "{\"number\":0}" JSON true
@tufjs "{\"number\":18446744073709552000}" JSON true'
[ "$seen" = "$wanted" ]
