#!/usr/bin/env bash
# fflate reads the first member of a gzip file of several, drops the rest and tells no error.
#
# Versions: fflate 0.8.3 and pako 3.0.3 (npm), Node.js 18 or later.
# Input: two gzip files joined, which RFC 1952, 2.2, makes one valid file; bgzip and eStargz write such.
# Guess before: all give the text of both members, or refuse what follows the first.
# Seen: zlib of Node.js and pako give both. fflate's gunzipSync and decompressSync give the first alone: 292 of 692 bytes, without
# an exception. Its streaming Gunzip gives both, so the same package answers in two ways.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" fflate@0.8.3 pako@3.0.3 >/dev/null || exit 2
{ seq 1 100 | gzip -c && seq 101 200 | gzip -c; } >two.gz
cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import * as fflate from 'fflate'
import * as pako from 'pako'

const file = readFileSync('two.gz')
console.log('node:zlib', gunzipSync(file).length)
console.log('pako', pako.ungzip(file).length)
console.log('fflate gunzipSync', fflate.gunzipSync(file).length)
console.log('fflate decompressSync', fflate.decompressSync(file).length)
let length = 0
const stream = new fflate.Gunzip((part) => { length += part.length })
stream.push(new Uint8Array(file), true)
console.log('fflate Gunzip', length)
JS
seen=$(node main.mjs) || exit 2
echo "reader, bytes"
echo "$seen"
wanted='node:zlib 692
pako 692
fflate gunzipSync 292
fflate decompressSync 292
fflate Gunzip 692'
[ "$seen" = "$wanted" ]
