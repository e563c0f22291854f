package host

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// An outbound TCP stream (host/net/tcp_stream.rs). Reads wait a second where no timeout is
// set, so that a guest comes back to the world.

const defaultRead = time.Second

// maxFrame is the longest message with a length before it.
const maxFrame = 10 << 20

func (s *socket) deadlines() {
	until := func(ms *uint64, none time.Duration) time.Time {
		if ms != nil {
			none = time.Duration(min(*ms, 60_000)) * time.Millisecond
		}
		return time.Now().Add(none)
	}
	_ = s.conn.SetReadDeadline(until(s.reads, defaultRead))
	_ = s.conn.SetWriteDeadline(until(s.writes, connectTimeout))
}

// receive reads at most n bytes; none is the end.
func (s *socket) receive(n uint32) ([]byte, error) {
	if len(s.peeked) > 0 {
		b := s.peeked[:min(uint32(len(s.peeked)), n)]
		s.peeked = s.peeked[len(b):]
		return b, nil
	}
	s.deadlines()
	b := make([]byte, min(n, maxRead))
	got, err := s.conn.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, netError(err)
	}
	return b[:got], nil
}

// on gives a function the stream of a handle.
func on[T any](n network, self abi.Rep, do func(*socket) (T, error)) (T, error) {
	s, ok := get[*socket](n.World, self)
	if !ok {
		var none T
		return none, fail("invalid-handle")
	}
	return do(s)
}

func set(n network, self abi.Rep, do func(*socket) error) error {
	_, err := on(n, self, func(s *socket) (struct{}, error) { return struct{}{}, do(s) })
	return err
}

// frame reads a message with its length before it, in four bytes, the highest first.
func (s *socket) frame() (abi.Case, error) {
	s.deadlines()
	var head [4]byte
	if _, err := io.ReadFull(s.conn, head[:]); errors.Is(err, io.EOF) {
		return abi.Case{Name: "closed"}, nil
	} else if err != nil {
		if fault := netError(err); fault.Error() != "timeout" {
			return abi.Case{}, fault
		}
		return abi.Case{Name: "pending"}, nil
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > maxFrame {
		return abi.Case{}, unknown("frame too large")
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(s.conn, b); err != nil {
		return abi.Case{}, netError(err)
	}
	return abi.Case{Name: "data", Value: b}, nil
}

func (s *socket) send(b []byte) (uint32, error) {
	s.deadlines()
	sent, err := s.conn.Write(b)
	if err != nil {
		return uint32(sent), netError(err)
	}
	return uint32(sent), nil
}

func (s *socket) peek(n uint32) ([]byte, error) {
	if len(s.peeked) == 0 {
		b, err := s.receive(n)
		if err != nil {
			return nil, err
		}
		s.peeked = b
	}
	return s.peeked[:min(uint32(len(s.peeked)), n)], nil
}

func (s *socket) shutdown(how shutdownHow) error {
	var err error
	if how != "send" {
		err = s.conn.CloseRead()
	}
	if how != "receive" {
		err = errors.Join(err, s.conn.CloseWrite())
	}
	if err != nil {
		return netError(err)
	}
	return nil
}

func (n network) streamFunctions() functions {
	all := functions{
		"[method]tcp-stream.read": func(self abi.Rep) (abi.Case, error) { return on(n, self, (*socket).frame) },
		"[method]tcp-stream.write": func(self abi.Rep, b []byte) error {
			return set(n, self, func(s *socket) error {
				_, err := s.send(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
				return err
			})
		},
		"[method]tcp-stream.read-bytes": func(self abi.Rep, most uint32) ([]byte, error) {
			return on(n, self, func(s *socket) ([]byte, error) { return s.receive(most) })
		},
		"[method]tcp-stream.write-bytes": func(self abi.Rep, b []byte) (uint32, error) {
			return on(n, self, func(s *socket) (uint32, error) { return s.send(b) })
		},
		"[method]tcp-stream.peek": func(self abi.Rep, most uint32) ([]byte, error) {
			return on(n, self, func(s *socket) ([]byte, error) { return s.peek(most) })
		},
		"[method]tcp-stream.shutdown": func(self abi.Rep, how shutdownHow) error {
			return set(n, self, func(s *socket) error { return s.shutdown(how) })
		},
		"[method]tcp-stream.peer-addr": func(self abi.Rep) (string, error) {
			return on(n, self, func(s *socket) (string, error) { return "tcp:" + s.conn.RemoteAddr().String(), nil })
		},
		"[method]tcp-stream.local-addr": func(self abi.Rep) (string, error) {
			return on(n, self, func(s *socket) (string, error) { return "tcp:" + s.conn.LocalAddr().String(), nil })
		},
		"[method]tcp-stream.subscribe-readable": func(abi.Rep) abi.Rep { return n.alwaysReady() },
		"[method]tcp-stream.read-stream":        func(abi.Rep) abi.Rep { return n.made(closedInput{}) },
		"[method]tcp-stream.write-stream":       func(abi.Rep) abi.Rep { return n.made(closedOutput{}) },
	}
	for name, fn := range n.socketOptions() {
		all[name] = fn
	}
	return all
}

// socketOptions are kept, and those that a stream of ours has are set.
func (n network) socketOptions() functions {
	hops := uint32(64)
	period := func(get func(*socket) **uint64) (func(abi.Rep, *uint64) error, func(abi.Rep) (*uint64, error)) {
		return func(self abi.Rep, ms *uint64) error {
				return set(n, self, func(s *socket) error { *get(s) = ms; return nil })
			}, func(self abi.Rep) (*uint64, error) {
				return on(n, self, func(s *socket) (*uint64, error) { return *get(s), nil })
			}
	}
	flag := func(get func(*socket) *bool, apply func(*socket, bool) error) (func(abi.Rep, bool) error, func(abi.Rep) (bool, error)) {
		return func(self abi.Rep, on bool) error {
				return set(n, self, func(s *socket) error { *get(s) = on; return apply(s, on) })
			}, func(self abi.Rep) (bool, error) {
				return on(n, self, func(s *socket) (bool, error) { return *get(s), nil })
			}
	}
	all := functions{
		"[method]tcp-stream.set-hop-limit": func(self abi.Rep, to uint32) error {
			return set(n, self, func(*socket) error { hops = to; return nil })
		},
		"[method]tcp-stream.hop-limit": func(self abi.Rep) (uint32, error) {
			return on(n, self, func(*socket) (uint32, error) { return hops, nil })
		},
	}
	const prefix = "[method]tcp-stream."
	all[prefix+"set-read-timeout"], all[prefix+"read-timeout"] = period(func(s *socket) **uint64 { return &s.reads })
	all[prefix+"set-write-timeout"], all[prefix+"write-timeout"] = period(func(s *socket) **uint64 { return &s.writes })
	all[prefix+"set-keepalive"], all[prefix+"keepalive"] = period(func(s *socket) **uint64 { return &s.keepalive })
	all[prefix+"set-linger"], all[prefix+"linger"] = period(func(s *socket) **uint64 { return &s.linger })
	all[prefix+"set-nodelay"], all[prefix+"nodelay"] = flag(func(s *socket) *bool { return &s.nodelay }, func(s *socket, on bool) error { return s.conn.SetNoDelay(on) })
	all[prefix+"set-reuseaddr"], all[prefix+"reuseaddr"] = flag(func(s *socket) *bool { return &s.reuse }, func(*socket, bool) error { return nil })
	return all
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
	case errors.As(err, &timeout) && timeout.Timeout():
		return fail("timeout")
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF):
		return fail("closed")
	}
	return unknown(err.Error())
}
