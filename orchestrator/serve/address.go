package serve

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// Loopback is where the server listens unless it is told otherwise: nobody but this machine reaches it.
const Loopback = "127.0.0.1"

// IsAddress reports whether text can be meant as an address, and not as a path: a port, :PORT or
// HOST:PORT.
func IsAddress(text string) bool {
	if _, err := strconv.ParseUint(text, 10, 16); err == nil {
		return true
	}
	host, port, err := net.SplitHostPort(text)
	_, wrong := strconv.ParseUint(port, 10, 16)
	return err == nil && wrong == nil && !strings.ContainsAny(host, `/\`)
}

// address splits what a person gave: nothing, a port, :PORT, HOST or HOST:PORT. A port alone is one
// of this machine's own, and not, as in other programs, one of all networks. Port 0 is a free one.
func address(text string) (host, port string, err error) {
	if _, err := strconv.ParseUint(text, 10, 16); err == nil {
		return Loopback, text, nil
	}
	host, port, err = net.SplitHostPort(text)
	if err != nil { // no port
		host, port = strings.Trim(text, "[]"), "0"
	}
	if host == "" {
		host = Loopback
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || strings.ContainsAny(host, `/\ `) || text != "" && strings.Trim(text, ":") == "" {
		return "", "", usage.Hint(fmt.Errorf("--serve %q is no address", text), "write a port, or HOST:PORT, as in --serve=127.0.0.1:8080; --serve alone takes a free port")
	}
	return host, port, nil
}

// listen listens where a person told.
func listen(text string) (net.Listener, string, error) {
	host, port, err := address(text)
	if err != nil {
		return nil, "", err
	}
	at := net.JoinHostPort(host, port)
	l, err := net.Listen("tcp", at)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		err = usage.Hint(fmt.Errorf("the page cannot be at %s: another program listens there", at), "give another port; --serve alone takes a free one")
	case err != nil:
		err = usage.Hint(fmt.Errorf("the page cannot be at %s: %w", at, err), "--serve alone takes a free port of "+Loopback)
	}
	return l, host, err
}

// urlHost is how a browser on this machine names the listener: all networks have no name.
func urlHost(host string, at netip.AddrPort) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		switch {
		case ip == netip.IPv6Unspecified():
			host = "::1"
		case ip == netip.IPv4Unspecified():
			host = Loopback
		}
	}
	return net.JoinHostPort(host, strconv.Itoa(int(at.Port())))
}
