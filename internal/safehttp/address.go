package safehttp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// AddressError says that a request was not sent because of where it would go.
type AddressError struct {
	Address string
	Reason  string
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("no request is sent to %s: %s", e.Address, e.Reason)
}

// metadata lists services that hand out a machine's credentials to anyone who
// asks from it and are not link-local: AWS over IPv6, Alibaba Cloud, Oracle
// Cloud, Azure's wire server, and AWS' resolver and clock over IPv6.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("fd00:ec2::/32"),
	netip.MustParsePrefix("100.100.100.200/32"),
	netip.MustParsePrefix("192.0.0.192/32"),
	netip.MustParsePrefix("168.63.129.16/32"),
}

var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")
	nat64       = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the last four bytes are an IPv4 address
	sixToFour   = netip.MustParsePrefix("2002::/16")    // RFC 3056: bytes 2 to 5 are one
)

func checkAddress(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	refuse := func(what string) error {
		return &AddressError{Address: addr.String(), Reason: "it is " + what}
	}
	switch {
	case !addr.IsValid():
		return refuse("no address")
	case addr.IsUnspecified() || thisNetwork.Contains(addr):
		return refuse("an unspecified address")
	case addr.IsLinkLocalUnicast():
		return refuse("a link-local address, where clouds keep credentials")
	case addr.IsMulticast():
		return refuse("a multicast address")
	case addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return refuse("a broadcast address")
	}
	for _, prefix := range metadata {
		if prefix.Contains(addr) {
			return refuse("a cloud's metadata service")
		}
	}
	bytes := addr.As16()
	switch {
	case nat64.Contains(addr):
		return checkAddress(netip.AddrFrom4([4]byte(bytes[12:16])))
	case sixToFour.Contains(addr):
		return checkAddress(netip.AddrFrom4([4]byte(bytes[2:6])))
	}
	return nil
}

// checkHost refuses what can be told from the host as it is written, which is
// all there is to go by where a proxy resolves it.
func checkHost(host string) error {
	if addr, err := netip.ParseAddr(host); err == nil {
		return checkAddress(addr)
	}
	switch strings.TrimSuffix(strings.ToLower(host), ".") {
	case "metadata.google.internal", "metadata", "instance-data", "instance-data.ec2.internal":
		return &AddressError{Address: host, Reason: "it is a cloud's metadata service"}
	}
	return nil
}

// refuseAddress is a net.Dialer's Control: it sees the address after the name
// was resolved, so no answer of a name server gets past it.
func refuseAddress(_, address string, _ syscall.RawConn) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return &AddressError{Address: address, Reason: "it cannot be checked"}
	}
	return checkAddress(parsed.Addr())
}

// dialLoopback dials a host only if everything it resolves to is loopback.
func dialLoopback(ctx context.Context, dialer *net.Dialer, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for _, addr := range addrs {
		if !addr.Unmap().IsLoopback() {
			return nil, &AddressError{Address: host, Reason: "plain http goes to loopback addresses only, use https"}
		}
	}
	for _, addr := range addrs {
		var conn net.Conn
		if conn, err = dialer.DialContext(ctx, network, net.JoinHostPort(addr.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// IsLoopback reports whether a host, as it is written, is this machine.
func IsLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
