#!/usr/bin/env bash
# Two SFTP servers take the same "append" and "rename" and leave different files behind.
#
# Versions: OpenSSH's sftp-server 9.2p1 or later (the Debian package openssh-sftp-server, unpacked and not installed);
# github.com/pkg/sftp v1.13.12 as the other server and as the client of both.
# Guess before: both append where a file is opened for it, and both refuse to rename over an existing file, as version 3
# of the protocol has it (SSH_FXF_APPEND writes at the end; renaming onto an existing name is an error).
# Seen: OpenSSH does. pkg/sftp's server ignores the flag: "one" appended with "TWO" is "TWO", and no error is told. It replaces
# the file in a rename. A server used in tests therefore hides what the real one refuses. It has no fsync extension either.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir package
chmod 777 package
(cd package && apt-get download openssh-sftp-server >/dev/null 2>&1 && dpkg -x ./*.deb .) || exit 2
cat >main.go <<'GO'
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/pkg/sftp"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func openSSH() *sftp.Client {
	server := exec.Command("package/usr/lib/openssh/sftp-server")
	in, err := server.StdinPipe()
	must(err)
	out, err := server.StdoutPipe()
	must(err)
	must(server.Start())
	client, err := sftp.NewClientPipe(out, in)
	must(err)
	return client
}

func pkgSFTP() *sftp.Client {
	near, far := net.Pipe()
	server, err := sftp.NewServer(far)
	must(err)
	go server.Serve()
	client, err := sftp.NewClientPipe(near, near)
	must(err)
	return client
}

func try(name string, client *sftp.Client) {
	dir, err := os.MkdirTemp(".", "files")
	must(err)
	dir, err = filepath.Abs(dir)
	must(err)
	path := filepath.Join(dir, "a")
	must(os.WriteFile(path, []byte("one"), 0o600))
	file, err := client.OpenFile(path, os.O_WRONLY|os.O_APPEND)
	must(err)
	_, failure := file.Write([]byte("TWO"))
	must(file.Close())
	text, err := os.ReadFile(path)
	must(err)
	fmt.Printf("%s, append: failed %t, %s\n", name, failure != nil, text)

	other := filepath.Join(dir, "b")
	must(os.WriteFile(path, []byte("new"), 0o600))
	must(os.WriteFile(other, []byte("old"), 0o600))
	failure = client.Rename(path, other)
	text, err = os.ReadFile(other)
	must(err)
	_, fsync := client.HasExtension("fsync@openssh.com")
	fmt.Printf("%s, rename: failed %t, %s; fsync %t\n", name, failure != nil, text, fsync)
}

func main() {
	try("OpenSSH", openSSH())
	try("pkg/sftp", pkgSFTP())
}
GO
go mod init finding >/dev/null 2>&1 || exit 2
go get github.com/pkg/sftp@v1.13.12 >/dev/null 2>&1 || exit 2
seen=$(go run .) || exit 2
echo "$seen"
wanted='OpenSSH, append: failed false, oneTWO
OpenSSH, rename: failed true, old; fsync true
pkg/sftp, append: failed false, TWO
pkg/sftp, rename: failed false, new; fsync false'
[ "$seen" = "$wanted" ]
