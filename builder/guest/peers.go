package guest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// bus carries what is published from a guest to its peers, from them to it, and between them, as the
// runtime's dispatcher does: to subscriptions, and to handlers in the order of their priorities. All of it
// happens on one goroutine: while the guest waits inside of a function of the host, and when its
// call is over. A nil bus carries nothing.
type bus struct {
	members []*member // the guest is the first
	queue   []sent
	kept    map[string]*session // peers of worlds before, by name and path: they are not read again
	ctx     context.Context     // of the request under way
}

// member is one capsule on a bus.
type member struct {
	name    string
	session *session
	busy    bool // it is being called, and cannot be called again
	err     string
	trap    *engine.Trap
}

// sent is a message that has not arrived yet.
type sent struct {
	from    *member
	message host.Message
}

// maxCarried is how many messages one request may lead to: two capsules may answer each other for ever.
const maxCarried = 1000

// meet puts the guest on a bus with peers. Those of a world before are in new worlds too.
func (s *session) meet(ctx context.Context, peers []Peer) error {
	if len(peers) == 0 {
		s.bus = nil
		return nil
	}
	b := &bus{members: []*member{{session: s}}, kept: map[string]*session{}}
	if s.bus != nil {
		b.kept = s.bus.kept
	}
	for _, p := range peers {
		o := Options{Limits: s.options.Limits, Host: p.Host, Runtime: s.options.Runtime}
		key := p.Name + "\x00" + string(p.Path)
		session := b.kept[key]
		var err error
		if session == nil {
			if session, err = load(ctx, string(p.Path), o); err == nil {
				b.kept[key] = session
			}
		} else if err = session.enter(p.Host); err == nil {
			session.options.Host = p.Host
		}
		if err != nil {
			return fmt.Errorf("the capsule %s, which is on the bus too: %w", p.Name, err)
		}
		b.members = append(b.members, &member{name: p.Name, session: session})
	}
	s.bus = b
	for _, m := range b.members {
		m.session.world.OnPublish(func(message host.Message) { b.queue = append(b.queue, sent{m, message}) })
	}
	return nil
}

// open has the peers listen, before the guest does anything.
func (b *bus) open(ctx context.Context) error {
	if b == nil {
		return nil
	}
	b.ctx = ctx
	b.members[0].busy = true
	for _, m := range b.members[1:] {
		if err := m.session.started(ctx); err != nil {
			return fmt.Errorf("the capsule %s, which is on the bus too: %s", m.name, firstLine(err))
		}
		b.listen(m)
	}
	b.listen(b.members[0])
	return nil
}

// listen has what others publish arrive while a member waits. A run loop gives way by itself.
func (b *bus) listen(m *member) {
	if !m.session.runLoop() {
		m.session.world.OnWait(func(s host.Signal) {
			if s.Idle {
				b.carry()
			}
		})
	}
}

// settle carries what is left when the guest has done what it was asked for, until nobody says
// anything any more.
func (b *bus) settle(ctx context.Context) error {
	if b == nil {
		return nil
	}
	b.members[0].busy = false
	for range maxRounds {
		b.carry()
		main := b.members[0].session
		if main.loop == nil || !main.world.Pending() {
			return ctx.Err()
		}
		if err := main.loop.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// carry hands on all messages, and those that they lead to.
func (b *bus) carry() {
	var later []sent // for the guest, which is busy
	for n := 0; len(b.queue) > 0 && n < maxCarried && b.ctx.Err() == nil; n++ {
		s := b.queue[0]
		b.queue = b.queue[1:]
		if !b.hand(s) {
			later = append(later, s)
		}
	}
	b.queue = append(later, b.queue...)
}

// called is a handler that is to be called.
type called struct {
	member *member
	host.Subscription
}

// hand hands a message to all but its sender; false where a handler of a busy member is to have it: then
// nobody has it yet.
func (b *bus) hand(s sent) bool {
	var handlers []called
	for _, m := range b.members {
		if m == s.from || m.session.runLoop() {
			continue
		}
		for _, h := range m.session.options.Host.Handlers(s.message.Topic) {
			if m.busy {
				return false
			}
			handlers = append(handlers, called{m, h})
		}
	}
	for i, m := range b.members {
		if m == s.from {
			continue
		}
		m.session.world.Deliver(s.message)
		if i > 0 && m.session.loop != nil {
			m.failed(m.session.loop.settle(b.ctx))
		}
	}
	slices.SortStableFunc(handlers, func(a, b called) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(a.member.name, b.member.name))
	})
	b.dispatch(handlers, s.message)
	return true
}

// dispatch calls handlers: those of different priorities are a chain, in which one may change the
// payload for the next, or end it; those of one priority are independent of each other.
func (b *bus) dispatch(handlers []called, message host.Message) {
	payload := []byte(message.Payload)
	for _, h := range handlers {
		chain := handlers[0].Priority != handlers[len(handlers)-1].Priority
		answer, err := h.member.handle(b.ctx, h.Handler, payload, &message)
		if h.member.failed(err) || answer == nil {
			continue
		}
		if chain && answer.Action != "continue" {
			return
		}
		if chain && len(answer.Data) > 0 {
			payload = answer.Data
		}
	}
}

func (m *member) handle(ctx context.Context, handler string, payload []byte, message *host.Message) (*engine.Answer, error) {
	if err := m.session.started(ctx); err != nil {
		return nil, err
	}
	m.busy = true
	defer func() { m.busy = false }()
	return m.session.call(ctx, handler, payload, message)
}

// failed notes how a member died. It is started anew for the next message, as the runtime does it.
func (m *member) failed(err error) bool {
	if err == nil {
		return false
	}
	m.err = firstLine(err)
	if trap := m.session.sandbox.Trap(err, m.session.said()); trap != nil && len(trap.Stack) > 0 {
		m.trap = trap
	}
	m.session.end()
	return true
}

// heard is what the peers did since it was asked last.
func (b *bus) heard() (list []Heard) {
	if b == nil {
		return nil
	}
	for _, m := range b.members[1:] {
		list = append(list, Heard{Name: m.name, Record: m.session.world.Record(), Error: m.err, Trap: m.trap})
		m.err, m.trap = "", nil
	}
	return list
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
