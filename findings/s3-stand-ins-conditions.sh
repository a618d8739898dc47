#!/usr/bin/env bash
# Two stand-ins for S3 disagree on a conditional PUT, and drop most other conditions without a word.
#
# Versions: github.com/johannesboyne/gofakes3 v1.2.0; s3rver 3.7.1 (npm), Node.js 18 or later.
# Guess before: gofakes3 keeps the condition of a PUT and forgets it for multipart uploads and DELETE; s3rver, older than
# these conditions, forgets all three. Both honour If-Match and If-None-Match for GET, which are as old as S3.
# Seen: right for writes: after If-None-Match: * the second PUT is 412 here and 200 there, and the end of a multipart upload
# replaces the object in both (200). Wrong for GET: both answer 304 to If-None-Match, and 200 to an If-Match that does not
# match. S3 answers 412 to each of these; a conditional delete is 204 here.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" s3rver@3.7.1 >/dev/null || exit 2
cat >main.go <<'GO'
package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

var base string

func do(method, path, body string, header ...string) (*http.Response, []byte) {
	request, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	return response, text
}

func content() string {
	_, text := do("GET", "/bucket/key", "")
	return string(text)
}

func main() {
	if len(os.Args) > 1 {
		base = os.Args[1]
	} else {
		base = httptest.NewServer(gofakes3.New(s3mem.New(), gofakes3.WithLogger(gofakes3.DiscardLog())).Server()).URL
	}
	do("PUT", "/bucket", "")
	do("PUT", "/bucket/key", "first", "If-None-Match", "*")
	put, _ := do("PUT", "/bucket/key", "second", "If-None-Match", "*")
	fmt.Println("PUT, If-None-Match: *:", put.StatusCode, content())

	do("PUT", "/bucket/key", "first")
	_, text := do("POST", "/bucket/key?uploads", "")
	var upload struct{ UploadId string }
	if err := xml.Unmarshal(text, &upload); err != nil {
		panic(err)
	}
	part, _ := do("PUT", "/bucket/key?partNumber=1&uploadId="+upload.UploadId, "second")
	end, _ := do("POST", "/bucket/key?uploadId="+upload.UploadId, "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"+
		part.Header.Get("ETag")+"</ETag></Part></CompleteMultipartUpload>", "If-None-Match", "*")
	fmt.Println("end of multipart, If-None-Match: *:", end.StatusCode, content())

	do("PUT", "/bucket/key", "first")
	get, _ := do("GET", "/bucket/key", "")
	same, _ := do("GET", "/bucket/key", "", "If-None-Match", get.Header.Get("ETag"))
	other, _ := do("GET", "/bucket/key", "", "If-Match", `"00000000000000000000000000000000"`)
	gone, _ := do("DELETE", "/bucket/key", "", "If-Match", `"00000000000000000000000000000000"`)
	fmt.Println("GET, If-None-Match: its ETag:", same.StatusCode)
	fmt.Println("GET and DELETE, If-Match: another ETag:", other.StatusCode, gone.StatusCode)
}
GO
cat >s3rver.cjs <<'JS'
const S3rver = require('s3rver')

new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory: 'objects', allowMismatchedSignatures: true }).run().then((at) => console.log(at.port))
JS
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/johannesboyne/gofakes3@v1.2.0 >/dev/null 2>&1 || exit 2
go build -o ask . || exit 2
node s3rver.cjs >port.txt &
server=$!
for _ in $(seq 100); do
	[ ! -s port.txt ] || break
	sleep 0.1
done
[ -s port.txt ] || exit 2
seen=$(echo gofakes3 && ./ask && echo s3rver && ./ask "http://127.0.0.1:$(cat port.txt)") || exit 2
echo "$seen"
wanted='gofakes3
PUT, If-None-Match: *: 412 first
end of multipart, If-None-Match: *: 200 second
GET, If-None-Match: its ETag: 304
GET and DELETE, If-Match: another ETag: 200 204
s3rver
PUT, If-None-Match: *: 200 second
end of multipart, If-None-Match: *: 200 second
GET, If-None-Match: its ETag: 304
GET and DELETE, If-Match: another ETag: 200 204'
[ "$seen" = "$wanted" ]
