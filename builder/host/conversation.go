package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"
)

// Conversation is an outbound connection that was recorded, and that answers in place of the
// network whoever connects to the same address. It passes between processes as JSON.
type Conversation struct {
	Address string `json:"address"`           // host:port, as the guest says it
	Peer    string `json:"peer,omitempty"`    // ip:port that it turned out to be; "": one that stands for nobody
	Refused string `json:"refused,omitempty"` // one of Refusals: nobody could be reached; "": there was a connection
	Turns   []Turn `json:"turns,omitempty"`   // in their order
	End     string `json:"end,omitempty"`     // one of Ends: what a read finds behind the last turn
}

// Turn is what one side said until the other did. One of the two is nil.
type Turn struct {
	Sent     []byte `json:"sent,omitempty"` // by the guest
	Received []byte `json:"received,omitempty"`
}

// Refusals are the words of astrid:net for a connection that there is none of.
var Refusals = []string{"connection-refused", "connection-reset", "name-unresolvable", "timeout", "airlock-rejected", "address-not-available", "unknown"}

// Ends are what comes behind the last turn: the end of the stream, nothing at all while the
// connection stands, or its breaking off.
var Ends = []string{"closed", "open", "connection-reset"}

// maxTalk is how many bytes of conversations a world records: as much as a file of tests may have.
const maxTalk = 1 << 20

// line is a connection: of the machine, one that is recorded beside, or one that was.
type line interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
	SetNoDelay(bool) error
}

// recorded is a connection of the machine whose conversation is kept.
type recorded struct {
	line
	world *World
	talk  *Conversation
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.line.Read(p)
	r.say(Turn{Received: bytes.Clone(p[:n])})
	var timeout net.Error
	switch {
	case n > 0 || errors.Is(err, io.EOF):
		r.talk.End = ""
	case errors.As(err, &timeout) && timeout.Timeout():
		r.talk.End = "open"
	case errors.Is(err, syscall.ECONNRESET):
		r.talk.End = "connection-reset"
	}
	return n, err
}

func (r *recorded) Write(p []byte) (int, error) {
	n, err := r.line.Write(p)
	r.say(Turn{Sent: bytes.Clone(p[:n])})
	return n, err
}

// say adds to the conversation: to the last turn, where the same side goes on.
func (r *recorded) say(t Turn) {
	size := len(t.Sent) + len(t.Received)
	if size == 0 {
		return
	}
	if r.world.talked += size; r.world.talked > maxTalk {
		r.world.book.record.Left++
		return
	}
	if n := len(r.talk.Turns); n > 0 && (t.Sent == nil) == (r.talk.Turns[n-1].Sent == nil) {
		last := &r.talk.Turns[n-1]
		last.Sent, last.Received = append(last.Sent, t.Sent...), append(last.Received, t.Received...)
		return
	}
	r.talk.Turns = append(r.talk.Turns, t)
}

// replayed is a connection that was recorded. What was received is there as soon as all has been
// sent that went before it, in pieces of any size; what is sent must be what was sent then.
type replayed struct {
	world       *World
	talk        Conversation
	out, in     []byte // all that is sent, and received
	gates       []gate
	sent, given int // bytes of them so far
	broken      bool
	ended       bool
}

// gate is up to where may be read when so much has been sent.
type gate struct{ sent, upTo int }

func newReplayed(w *World, c Conversation) *replayed {
	r := &replayed{world: w, talk: c}
	for _, t := range c.Turns {
		r.out, r.in = append(r.out, t.Sent...), append(r.in, t.Received...)
		r.gates = append(r.gates, gate{len(r.out), len(r.in)})
	}
	return r
}

func (r *replayed) Read(p []byte) (int, error) {
	upTo := 0
	for _, g := range r.gates {
		if r.sent >= g.sent {
			upTo = g.upTo
		}
	}
	switch {
	case r.broken:
		return 0, syscall.ECONNRESET
	case r.given < upTo:
		n := copy(p, r.in[r.given:upTo])
		r.given += n
		return n, nil
	case r.sent < len(r.out), r.talk.End == "open":
		return 0, os.ErrDeadlineExceeded
	case r.talk.End == "connection-reset":
		return 0, syscall.ECONNRESET
	}
	return 0, io.EOF
}

func (r *replayed) Write(p []byte) (int, error) {
	if r.broken {
		return 0, syscall.ECONNRESET
	}
	same := 0
	for same < len(p) && r.sent+same < len(r.out) && p[same] == r.out[r.sent+same] {
		same++
	}
	r.sent += same
	if same < len(p) {
		r.broken = true
		want := "nothing more"
		if r.sent < len(r.out) {
			want = shown(r.out[r.sent:])
		}
		r.stray("it sent %s after %d bytes, and %s was recorded", shown(p[same:]), r.sent, want)
		return same, syscall.ECONNRESET
	}
	return same, nil
}

// Close says what the guest did not send any more.
func (r *replayed) Close() error {
	if !r.ended && !r.broken && r.sent < len(r.out) {
		r.stray("it sent %d bytes and ended, and then %s was recorded", r.sent, shown(r.out[r.sent:]))
	}
	r.ended = true
	return nil
}

func (r *replayed) stray(format string, args ...any) {
	r.world.book.stray("the connection to " + r.talk.Address + ": " + fmt.Sprintf(format, args...))
}

// shown is the beginning of bytes for a sentence.
func shown(b []byte) string {
	const most = 40
	if len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}

// RemoteAddr is that of then; else one of an address block that nobody has.
func (r *replayed) RemoteAddr() net.Addr {
	if a, err := netip.ParseAddrPort(r.talk.Peer); err == nil {
		return net.TCPAddrFromAddrPort(a)
	}
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}
}

func (r *replayed) LocalAddr() net.Addr                { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 49152} }
func (r *replayed) CloseRead() error                   { return nil }
func (r *replayed) CloseWrite() error                  { return nil }
func (r *replayed) SetNoDelay(bool) error              { return nil }
func (r *replayed) SetDeadline(time.Time) error        { return nil }
func (r *replayed) SetReadDeadline(time.Time) error    { return nil }
func (r *replayed) SetWriteDeadline(t time.Time) error { return nil }

// replay is the recorded connection to an address; nil: there is none. Several to the same address
// come in their order, and the last one from then on.
func (n network) replay(address string) *Conversation {
	var found *Conversation
	for i := range n.options.TCP {
		c := &n.options.TCP[i]
		if !strings.EqualFold(c.Address, address) {
			continue
		}
		if found = c; !n.connected[c] {
			break
		}
	}
	if found != nil {
		n.connected[found] = true
	}
	return found
}
