package host

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// network is astrid:net/host (host/net) and astrid:request-context/host. What the manifest does
// not declare is refused as the runtime does it; what it declares and --allow-net does not
// name is refused as when nobody listens there.
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

func (n network) connectTCP(host string, port uint16) (abi.Rep, error) {
	if err := n.mayConnect("connect-tcp", host, port); err != nil {
		return 0, err
	}
	allowed, private := n.reach(host, port)
	address := net.JoinHostPort(host, strconv.Itoa(int(port)))
	past := n.replay(address)
	switch {
	case n.streams() >= maxStreams:
		return 0, fail("quota")
	case past != nil && past.Refused == "unknown":
		return 0, unknown("as it was recorded")
	case past != nil && past.Refused != "":
		return 0, fail(past.Refused)
	case past != nil:
		return n.opened(newReplayed(n.World, *past), false)
	case !allowed:
		return 0, n.unreachable(host, address)
	}
	conn, err := dialer(private).Dial("tcp", address)
	if err != nil {
		err = netError(err)
		if n.options.RecordNet {
			n.recording(Conversation{Address: address, Refused: err.(*abi.Fault).Name})
		}
		return 0, err
	}
	connection := line(conn.(*net.TCPConn))
	_ = connection.SetNoDelay(false) // as the runtime has it
	if n.options.RecordNet {
		connection = &recorded{connection, n.World, n.recording(Conversation{Address: address, Peer: conn.RemoteAddr().String()})}
	}
	return n.opened(connection, false)
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
	if past, known := n.options.Hosts[strings.ToLower(host)]; known {
		return publicOf(past)
	}
	if allowed, _ := n.reach(host, 0); !allowed {
		n.book.lack(Lack{"astrid:net/host.lookup-host", host, "--allow-net " + host})
		return nil, fail("name-unresolvable")
	}
	found, err := net.LookupHost(host)
	if err != nil {
		found = nil
	}
	if n.options.RecordNet {
		n.hosts[strings.ToLower(host)] = found
	}
	return publicOf(found)
}

// publicOf are the addresses of a host that a guest is told. A host without any is none.
func publicOf(found []string) ([]string, error) {
	if len(found) == 0 {
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
	ready := func(abi.Rep) abi.Rep { return n.alwaysReady() }
	all := n.listenerFunctions()
	all["connect-tcp"], all["lookup-host"] = n.connectTCP, n.lookupHost
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
