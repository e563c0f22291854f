package host

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Who may be reached over the network.

// hostAndPort holds host:port, or host:*, against a declaration: names regardless of case
// (security/manifest_gate.rs, net_connect_pattern_matches).
func hostAndPort(pattern, host string, port uint16) bool {
	i := strings.LastIndexByte(pattern, ':')
	if i < 0 || !strings.EqualFold(pattern[:i], host) {
		return false
	}
	n, err := strconv.ParseUint(pattern[i+1:], 10, 16)
	return pattern[i+1:] == "*" || err == nil && uint16(n) == port
}

func validHost(host string) error {
	if host == "" || len(host) > 255 || strings.ContainsRune(host, 0) {
		return fail("address-not-available")
	}
	return nil
}

// reach says whether a person allowed a host, and whether it may be one of this machine's own
// network: that needs its port too.
func (w *World) reach(host string, port uint16) (allowed, private bool) {
	for _, a := range w.options.AllowNet {
		if hostAndPort(a, host, port) {
			return true, true
		}
		allowed = allowed || a == "*" || strings.EqualFold(a, host) || strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(a))
	}
	return allowed, false
}

// public reports whether an address is one of the open network (host/http/ssrf.rs, is_safe_ip).
func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}

// reserved are ranges that lead to a machine's own network or nowhere, and that Go does not
// call private.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

// dialer connects to public addresses only, unless private is set. The look is at the address
// that is connected to, so that a name cannot be resolved anew in between.
func dialer(private bool) *net.Dialer {
	return &net.Dialer{Timeout: connectTimeout, KeepAlive: -1, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !private && !public(a.Addr()) {
			return errPrivate
		}
		return nil
	}}
}

// errPrivate is an address that may not be reached.
var errPrivate = errors.New("an address of this machine's own network")

// netError is an error of the network as the guest gets it (host/net/mod.rs, map_io_err).
func netError(err error) error {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, errPrivate):
		return fail("airlock-rejected")
	case errors.As(err, &dns):
		return fail("name-unresolvable")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail("connection-refused")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fail("connection-reset")
	case errors.Is(err, syscall.EADDRINUSE):
		return fail("address-in-use")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fail("address-not-available")
	case errors.As(err, &timeout) && timeout.Timeout():
		return fail("timeout")
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF):
		return fail("closed")
	}
	return unknown(err.Error())
}
