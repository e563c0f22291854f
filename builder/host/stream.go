package host

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// A TCP stream (host/net/tcp_stream.rs and stream.rs). In the runtime a read without a timeout waits
// for ever; here it ends, so that a guest comes back to the world.

const (
	defaultRead  = 30 * time.Second
	defaultWrite = 5 * time.Second
	frameHead    = 50 * time.Millisecond // how long a message is waited for
	maxFrame     = 10 << 20              // with its length before it
)

// socket is an connection that is open.
type socket struct {
	conn              line
	peeked            []byte  // read from it, and not yet given
	reads, writes     *uint64 // timeouts in milliseconds
	keepalive, linger *uint64
	hops              uint32
	nodelay, reuse    bool
}

func (s *socket) Close() error { return s.conn.Close() }

// streams is how many connections are open.
func (n network) streams() (open int) {
	for _, r := range n.resources {
		if _, ok := r.(*socket); ok {
			open++
		}
	}
	return open
}

// opened makes a connection a stream of the guest.
func (n network) opened(conn line, reuse bool) (abi.Rep, error) {
	rep, ok := n.add(&socket{conn: conn, reuse: reuse})
	if !ok {
		conn.Close()
		return 0, unknown("resource table: full")
	}
	return rep, nil
}

// within is a timeout that was set, or the one where none is.
func within(ms *uint64, none time.Duration) time.Time {
	if ms != nil {
		none = time.Duration(min(*ms, 60_000)) * time.Millisecond
	}
	return time.Now().Add(none)
}

// isTimeout reports whether an error is only that it took too long.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// isDisconnect is is_peer_disconnect.
func isDisconnect(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

// receive reads at most n bytes; none is the end.
func (s *socket) receive(n uint32) ([]byte, error) {
	if len(s.peeked) == 0 {
		if err := s.more(n, within(s.reads, defaultRead)); err != nil && !isDisconnect(err) {
			return nil, readError(err)
		}
	}
	return s.give(n), nil
}

// more reads up to n bytes behind those that are there already.
func (s *socket) more(n uint32, until time.Time) error {
	if n == 0 {
		return nil
	}
	_ = s.conn.SetReadDeadline(until)
	b := make([]byte, min(n, maxRead))
	got, err := s.conn.Read(b)
	s.peeked = append(s.peeked, b[:got]...)
	if got > 0 {
		return nil
	}
	return err
}

func (s *socket) give(n uint32) []byte {
	b := s.peeked[:min(uint32(len(s.peeked)), n)]
	s.peeked = s.peeked[len(b):]
	return b
}

// readError is the error of a read (read_bytes).
func readError(err error) error {
	if isTimeout(err) {
		return fail("would-block")
	}
	return unknown("read error: " + err.Error())
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

// fill reads until n bytes are there.
func (s *socket) fill(n uint32, until time.Time) error {
	for uint32(len(s.peeked)) < n {
		if err := s.more(n-uint32(len(s.peeked)), until); err != nil {
			return err
		}
	}
	return nil
}

// frame reads a message with its length before it, in four bytes, the highest first (read_frame).
func (s *socket) frame() (abi.Case, error) {
	err := s.fill(4, time.Now().Add(frameHead))
	switch {
	case err == nil:
	case isTimeout(err):
		return abi.Case{Name: "pending"}, nil
	case isDisconnect(err):
		return abi.Case{Name: "closed"}, nil
	default:
		return abi.Case{}, unknown("socket read error: " + err.Error())
	}
	length := binary.BigEndian.Uint32(s.peeked)
	if length > maxFrame {
		return abi.Case{}, unknown("Payload too large (max 10MB)")
	}
	err = s.fill(4+length, time.Now().Add(defaultWrite+time.Duration(length>>10)*time.Millisecond))
	switch {
	case err == nil:
		return abi.Case{Name: "data", Value: s.give(4 + length)[4:]}, nil
	case isTimeout(err):
		return abi.Case{}, unknown("Payload read timed out")
	case isDisconnect(err):
		return abi.Case{Name: "closed"}, nil
	}
	return abi.Case{}, unknown("socket payload read error: " + err.Error())
}

// writeFrame writes one.
func (s *socket) writeFrame(b []byte) error {
	_, err := s.write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	switch {
	case err == nil:
		return nil
	case isTimeout(err):
		return unknown("write timed out: peer not draining")
	case isDisconnect(err):
		return fail("connection-reset")
	}
	return unknown("write: " + err.Error())
}

func (s *socket) write(b []byte) (int, error) {
	_ = s.conn.SetWriteDeadline(within(s.writes, defaultWrite+time.Duration(len(b)>>10)*time.Millisecond))
	return s.conn.Write(b)
}

func (s *socket) send(b []byte) (uint32, error) {
	sent, err := s.write(b)
	switch {
	case sent > 0 || err == nil:
		return uint32(sent), nil
	case isTimeout(err):
		return 0, fail("would-block")
	}
	return 0, unknown("write error: " + err.Error())
}

func (s *socket) peek(n uint32) ([]byte, error) {
	if len(s.peeked) == 0 {
		err := s.more(n, within(s.reads, defaultRead))
		switch {
		case err == nil, errors.Is(err, io.EOF):
		case isTimeout(err):
			return nil, fail("would-block")
		default:
			return nil, netError(err)
		}
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
			return set(n, self, func(s *socket) error { return s.writeFrame(b) })
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
			return on(n, self, func(s *socket) (string, error) { return s.conn.RemoteAddr().String(), nil })
		},
		"[method]tcp-stream.local-addr": func(self abi.Rep) (string, error) {
			return on(n, self, func(s *socket) (string, error) { return s.conn.LocalAddr().String(), nil })
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

// socketOptions are kept, and those that a stream of ours has are set. What is kept is what an operating
// system keeps: linger in whole seconds, and of keepalive only that it is on.
func (n network) socketOptions() functions {
	period := func(get func(*socket) **uint64, kept func(uint64) uint64) (func(abi.Rep, *uint64) error, func(abi.Rep) (*uint64, error)) {
		return func(self abi.Rep, asked *uint64) error {
				return set(n, self, func(s *socket) error {
					if asked != nil {
						has := kept(*asked)
						asked = &has
					}
					*get(s) = asked
					return nil
				})
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
			return set(n, self, func(s *socket) error {
				if to == 0 || to > 255 {
					return unknown("Invalid argument (os error 22)")
				}
				s.hops = to
				return nil
			})
		},
		"[method]tcp-stream.hop-limit": func(self abi.Rep) (uint32, error) {
			return on(n, self, func(s *socket) (uint32, error) { return cmp.Or(s.hops, 64), nil })
		},
	}
	exact := func(ms uint64) uint64 { return ms }
	const prefix = "[method]tcp-stream."
	all[prefix+"set-read-timeout"], all[prefix+"read-timeout"] = period(func(s *socket) **uint64 { return &s.reads }, exact)
	all[prefix+"set-write-timeout"], all[prefix+"write-timeout"] = period(func(s *socket) **uint64 { return &s.writes }, exact)
	all[prefix+"set-keepalive"], all[prefix+"keepalive"] = period(func(s *socket) **uint64 { return &s.keepalive }, func(uint64) uint64 { return 0 })
	all[prefix+"set-linger"], all[prefix+"linger"] = period(func(s *socket) **uint64 { return &s.linger }, func(ms uint64) uint64 { return ms / 1000 * 1000 })
	all[prefix+"set-nodelay"], all[prefix+"nodelay"] = flag(func(s *socket) *bool { return &s.nodelay }, func(s *socket, on bool) error { return s.conn.SetNoDelay(on) })
	all[prefix+"set-reuseaddr"], all[prefix+"reuseaddr"] = flag(func(s *socket) *bool { return &s.reuse }, func(*socket, bool) error { return nil })
	return all
}
