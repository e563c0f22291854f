package host

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// Listeners (host/net/tcp_listener.rs and unix_listener.rs). Nobody connects to a capsule in a call,
// so that a listener here has no socket, and waits: what comes is nobody. With --allow-net it is one of
// the machine.

const (
	maxListeners = 4
	firstPort    = 49152 // that is given for port 0
	acceptPause  = 50 * time.Millisecond
	acceptLimit  = 30 * time.Second
)

// listener is a bound one; without a socket where it is not allowed one.
type listener struct {
	socket  *net.TCPListener
	address string // ip:port
}

func (l *listener) Close() error {
	if l.socket == nil {
		return nil
	}
	return l.socket.Close()
}

// unixListener is that of the runtime's own socket, which the daemon has claimed.
type unixListener struct{}

func (n network) bindTCP(host string, port uint16) (abi.Rep, error) {
	if err := validHost(host); err != nil {
		return 0, err
	}
	if !slices.ContainsFunc(n.options.Capabilities.NetBind, func(p string) bool { return hostAndPort(p, host, port) }) {
		address := host + ":" + strconv.Itoa(int(port))
		return 0, n.denied("astrid:net/host.bind-tcp", address, `[capabilities] net_bind = ["`+address+`"]`)
	}
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	if a, err := netip.ParseAddr(host); err != nil || !a.IsLoopback() {
		return 0, fail("airlock-rejected")
	}
	l, err := n.listen(host, port)
	if err != nil {
		return 0, err
	}
	rep, ok := n.add(l)
	if !ok {
		l.Close()
		return 0, unknown("resource table: full")
	}
	return rep, nil
}

// listen takes the port, of the machine where a person allowed it.
func (n network) listen(host string, port uint16) (*listener, error) {
	open := map[string]bool{}
	for _, r := range n.resources {
		if l, ok := r.(*listener); ok {
			open[l.address] = true
		}
	}
	address := net.JoinHostPort(host, strconv.Itoa(int(port)))
	if open[address] {
		return nil, fail("address-in-use")
	}
	if len(open) >= maxListeners {
		return nil, fail("quota")
	}
	if _, mine := n.reach(host, port); mine {
		socket, err := net.Listen("tcp", address)
		if err != nil {
			return nil, netError(err)
		}
		return &listener{socket.(*net.TCPListener), socket.Addr().String()}, nil
	}
	for free := firstPort; port == 0 && (address == net.JoinHostPort(host, "0") || open[address]); free++ {
		address = net.JoinHostPort(host, strconv.Itoa(free))
	}
	return &listener{nil, address}, nil
}

func (n network) bindUnix() (abi.Rep, error) {
	if !slices.ContainsFunc(n.options.Capabilities.NetBind, func(p string) bool { return strings.HasPrefix(p, "unix:") }) {
		return 0, n.denied("astrid:net/host.bind-unix", "unix:cli-socket", `[capabilities] net_bind = ["unix:*"]`)
	}
	rep, ok := n.add(unixListener{})
	if !ok {
		return 0, unknown("resource table: full")
	}
	return rep, nil
}

// parked is what waiting at a listener on which nobody connects comes to: the runtime ends it with
// the capsule.
func (n network) parked() error {
	n.Wait(Signal{Idle: true, For: maxWait})
	return fail("closed")
}

// accept waits for a connection; 0 where none came in time.
func (n network) accept(self abi.Rep, within time.Duration, forever bool) (abi.Rep, error) {
	l, ok := get[*listener](n.World, self)
	switch {
	case !ok:
		return 0, fail("invalid-handle")
	case n.streams() >= maxStreams:
		return 0, fail("quota")
	case l.socket == nil && forever:
		n.book.lack(Lack{"astrid:net/host.tcp-listener.accept", l.address, "--allow-net " + l.address})
		return 0, n.parked()
	case l.socket == nil:
		n.Wait(Signal{Idle: true, For: within})
		n.elapsed += within
		return 0, nil
	}
	until := time.Now().Add(min(within, acceptLimit))
	for {
		_ = l.socket.SetDeadline(time.Now().Add(min(acceptPause, max(time.Until(until), time.Millisecond))))
		conn, err := l.socket.Accept()
		switch {
		case err == nil:
			return n.opened(conn.(*net.TCPConn), true)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return 0, netError(err)
		case !time.Now().Before(until):
			return 0, nil
		}
		n.Wait(Signal{Idle: true, For: acceptPause}) // a run loop hears what it is called for meanwhile
	}
}

func (n network) listenerFunctions() functions {
	ready := func(abi.Rep) abi.Rep { return n.alwaysReady() }
	return functions{
		"bind-unix": n.bindUnix, "bind-tcp": n.bindTCP,
		"[method]unix-listener.accept":              func(abi.Rep) (abi.Rep, error) { return 0, n.parked() },
		"[method]unix-listener.poll-accept":         func(abi.Rep, uint64) (*abi.Rep, error) { return nil, n.parked() },
		"[method]unix-listener.subscribe-readiness": ready,
		"[method]tcp-listener.accept": func(self abi.Rep) (abi.Rep, error) {
			rep, err := n.accept(self, acceptLimit, true)
			if err == nil && rep == 0 {
				err = fail("closed")
			}
			return rep, err
		},
		"[method]tcp-listener.poll-accept": func(self abi.Rep, ms uint64) (*abi.Rep, error) {
			rep, err := n.accept(self, time.Duration(min(ms, uint64(acceptLimit/time.Millisecond)))*time.Millisecond, false)
			if err != nil || rep == 0 {
				return nil, err
			}
			return &rep, nil
		},
		"[method]tcp-listener.local-addr": func(self abi.Rep) (string, error) {
			l, ok := get[*listener](n.World, self)
			if !ok {
				return "", fail("invalid-handle")
			}
			return l.address, nil
		},
		"[method]tcp-listener.subscribe-readiness": ready,
	}
}
