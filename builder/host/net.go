package host

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// network is astrid:net/host (host/net) and astrid:request-context/host. What the manifest does
// not declare is refused as the runtime does it; what it declares and --allow-net does not
// name is refused as when nobody listens there. There are no listeners here.
type network struct{ *World }

const (
	connectTimeout = 10 * time.Second // host/net/stream.rs, CONNECT_TIMEOUT
	maxStreams     = 8
	maxRead        = 1 << 20
)

type (
	shutdownHow string
	udpDatagram struct {
		Data     []byte
		PeerHost string
		PeerPort uint16
	}
)

// socket is an outbound stream.
type socket struct {
	conn           *net.TCPConn
	peeked         []byte
	reads, writes  *uint64 // timeouts in milliseconds
	keepalive      *uint64
	linger         *uint64
	nodelay, reuse bool
}

func (s *socket) Close() error { return s.conn.Close() }

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

func (n network) mayConnect(function, host string, port uint16) error {
	if err := validHost(host); err != nil {
		return err
	}
	fits := func(pattern string) bool { return hostAndPort(pattern, host, port) }
	if !slices.ContainsFunc(n.options.Capabilities.NetConnect, fits) {
		address := host + ":" + strconv.Itoa(int(port))
		return n.denied("astrid:net/host."+function, address, `[capabilities] net_connect = ["`+address+`"]`)
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
	return &net.Dialer{Timeout: connectTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !private && !public(a.Addr()) {
			return errPrivate
		}
		return nil
	}}
}

func (n network) connectTCP(host string, port uint16) (abi.Rep, error) {
	if err := n.mayConnect("connect-tcp", host, port); err != nil {
		return 0, err
	}
	open := 0
	for _, r := range n.resources {
		if _, ok := r.(*socket); ok {
			open++
		}
	}
	allowed, private := n.reach(host, port)
	address := net.JoinHostPort(host, strconv.Itoa(int(port)))
	switch {
	case open >= maxStreams:
		return 0, fail("quota")
	case !allowed:
		return 0, n.unreachable(host, address)
	}
	conn, err := dialer(private).Dial("tcp", address)
	if err != nil {
		return 0, netError(err)
	}
	rep, ok := n.add(&socket{conn: conn.(*net.TCPConn), nodelay: true})
	if !ok {
		conn.Close()
		return 0, unknown("resource table: full")
	}
	return rep, nil
}

// unreachable is what a machine without a network says.
func (n network) unreachable(host, address string) error {
	a, err := netip.ParseAddr(host)
	if err == nil && !public(a) {
		n.book.lack(Lack{"astrid:net/host.connect-tcp", address, "--allow-net " + address})
		return fail("airlock-rejected")
	}
	n.book.lack(Lack{"astrid:net/host.connect-tcp", address, "--allow-net " + host})
	if err == nil {
		return fail("connection-refused")
	}
	return fail("name-unresolvable")
}

func (n network) lookupHost(host string) ([]string, error) {
	if err := n.mayConnect("lookup-host", host, 0); err != nil {
		return nil, err
	}
	if allowed, _ := n.reach(host, 0); !allowed {
		n.book.lack(Lack{"astrid:net/host.lookup-host", host, "--allow-net " + host})
		return nil, fail("name-unresolvable")
	}
	found, err := net.LookupHost(host)
	if err != nil {
		return nil, fail("name-unresolvable")
	}
	list := []string{}
	for _, one := range found {
		if a, err := netip.ParseAddr(one); err == nil && public(a) {
			list = append(list, net.JoinHostPort(one, "0"))
		}
	}
	return list, nil
}

// bindTCP and bindUnix pass the manifest's gate, and then there is nothing to listen on.
func (n network) bindTCP(host string, port uint16) (abi.Rep, error) {
	if err := validHost(host); err != nil {
		return 0, err
	}
	if !slices.ContainsFunc(n.options.Capabilities.NetBind, func(p string) bool { return hostAndPort(p, host, port) }) {
		address := host + ":" + strconv.Itoa(int(port))
		return 0, n.denied("astrid:net/host.bind-tcp", address, `[capabilities] net_bind = ["`+address+`"]`)
	}
	if a, err := netip.ParseAddr(host); !strings.EqualFold(host, "localhost") && (err != nil || !a.IsLoopback()) {
		return 0, fail("airlock-rejected")
	}
	return 0, unknown("the sandbox has no listeners")
}

func (n network) bindUnix() (abi.Rep, error) {
	if !slices.ContainsFunc(n.options.Capabilities.NetBind, func(p string) bool { return strings.HasPrefix(p, "unix:") }) {
		return 0, n.denied("astrid:net/host.bind-unix", "unix:cli-socket", `[capabilities] net_bind = ["unix:*"]`)
	}
	return 0, unknown("the sandbox has no listeners")
}

// connectionOf answers for both functions of request-context: an outbound stream belongs to
// nobody who called.
func (n network) connectionOf(self abi.Rep) (*string, error) {
	if _, ok := get[*socket](n.World, self); !ok {
		return nil, fail("invalid-handle")
	}
	return nil, nil
}

func (n network) contextFunctions() functions {
	return functions{"connection-owner": n.connectionOf, "connection-principal": n.connectionOf}
}

func (n network) functions() functions {
	noListener := func(abi.Rep) (abi.Rep, error) { return 0, fail("closed") }
	noAccept := func(abi.Rep, uint64) (*abi.Rep, error) { return nil, fail("closed") }
	ready := func(abi.Rep) abi.Rep { return n.alwaysReady() }
	all := functions{
		"bind-unix": n.bindUnix, "bind-tcp": n.bindTCP, "connect-tcp": n.connectTCP, "lookup-host": n.lookupHost,
		"[method]unix-listener.accept":              noListener,
		"[method]unix-listener.poll-accept":         noAccept,
		"[method]unix-listener.subscribe-readiness": ready,
		"[method]tcp-listener.accept":               noListener,
		"[method]tcp-listener.poll-accept":          noAccept,
		"[method]tcp-listener.local-addr":           func(abi.Rep) (string, error) { return "", fail("closed") },
		"[method]tcp-listener.subscribe-readiness":  ready,
	}
	for name, fn := range udpFunctions(ready) {
		all[name] = fn
	}
	for name, fn := range n.streamFunctions() {
		all[name] = fn
	}
	return all
}

// udpFunctions are refused in every release of the runtime (host/net/udp_socket.rs).
func udpFunctions(ready func(abi.Rep) abi.Rep) functions {
	refused := func() error { return fail("capability-denied") }
	return functions{
		"udp-bind":                              func(string, uint16) (abi.Rep, error) { return 0, refused() },
		"[method]udp-socket.send-to":            func(abi.Rep, []byte, string, uint16) (uint32, error) { return 0, refused() },
		"[method]udp-socket.recv-from":          func(abi.Rep, uint32) (*udpDatagram, error) { return nil, refused() },
		"[method]udp-socket.connect":            func(abi.Rep, string, uint16) error { return refused() },
		"[method]udp-socket.disconnect":         func(abi.Rep) error { return refused() },
		"[method]udp-socket.send":               func(abi.Rep, []byte) (uint32, error) { return 0, refused() },
		"[method]udp-socket.recv":               func(abi.Rep, uint32) (*[]byte, error) { return nil, refused() },
		"[method]udp-socket.peer-addr":          func(abi.Rep) (*string, error) { return nil, refused() },
		"[method]udp-socket.set-read-timeout":   func(abi.Rep, *uint64) error { return refused() },
		"[method]udp-socket.local-addr":         func(abi.Rep) (string, error) { return "", refused() },
		"[method]udp-socket.subscribe-readable": ready,
	}
}
