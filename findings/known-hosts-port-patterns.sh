#!/usr/bin/env bash
# OpenSSH and the Go packages read patterns, ports and capitals of a known_hosts file differently.
#
# Versions: OpenSSH 9.2p1 (ssh-keygen of Debian 12's openssh-client; a newer one is asked the same), golang.org/x/crypto
# v0.59.0, github.com/skeema/knownhosts v1.3.3.
# Guess before: who is found in known_hosts by ssh is found by x/crypto/ssh/knownhosts too, and the reverse.
# Seen: "*" and "[h.example]:*" hold for port 2222 for OpenSSH, not for x/crypto; skeema's wrapper mends the first alone.
# "H.Example" holds for h.example for OpenSSH, for neither of the others. "[h.example]:22" is h.example for both of the
# others and nothing that ssh asks for, since it leaves the usual port out.
#
# Exits 0 while that is so, 1 when it has changed, 2 if it cannot be run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
ssh-keygen -q -t ed25519 -N '' -C '' -f key || exit 2
cat >main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"net"
	"os"

	skeema "github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func word(err error) string {
	var unknown *knownhosts.KeyError
	switch {
	case err == nil:
		return "found"
	case errors.As(err, &unknown) && len(unknown.Want) == 0:
		return "unknown"
	}
	return err.Error()
}

func main() {
	text, err := os.ReadFile("key.pub")
	if err != nil {
		panic(err)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		panic(err)
	}
	plain, err := knownhosts.New("known_hosts")
	if err != nil {
		panic(err)
	}
	wrapped, err := skeema.NewDB("known_hosts")
	if err != nil {
		panic(err)
	}
	from := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 22}
	fmt.Println(word(plain(os.Args[1], from, key)), word(wrapped.HostKeyCallback()(os.Args[1], from, key)))
}
GO
go mod init finding >/dev/null 2>&1 || exit 2
go get golang.org/x/crypto@v0.59.0 github.com/skeema/knownhosts@v1.3.3 >/dev/null 2>&1 || exit 2
go build -o ask . || exit 2

row() { # pattern, port
	local name=h.example openssh=unknown
	[ "$2" = 22 ] || name="[h.example]:$2"
	echo "$1 $(cat key.pub)" >known_hosts
	if ssh-keygen -F "$name" -f known_hosts >/dev/null; then openssh=found; fi
	echo "$1 $2 $openssh $(./ask "h.example:$2")"
}
seen=$(row '*' 22; row '*' 2222; row '[*.example]:2222' 2222; row '[h.example]:*' 2222; row 'H.Example' 22; row '[h.example]:22' 22)
echo "pattern, port of h.example, OpenSSH, x/crypto, skeema"
echo "$seen"
wanted='* 22 found found found
* 2222 found unknown found
[*.example]:2222 2222 found found found
[h.example]:* 2222 found unknown unknown
H.Example 22 found unknown unknown
[h.example]:22 22 unknown found found'
[ "$seen" = "$wanted" ]
