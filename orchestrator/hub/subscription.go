package hub

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// ErrSlow is why a subscription with the policy Fail ended: more waited than its limit.
var ErrSlow = errors.New("what was written is not read")

// ErrClosed is what a subscription says after Close.
var ErrClosed = errors.New("the subscription was closed")

// Policy is what becomes of events that a reader does not take in time.
type Policy struct {
	limit int // bytes of lines that may wait
	fail  bool
	only  func(event.Event) bool // nil: all; else the newest of these for each capsule
}

// Drop leaves out what finds no room in limit bytes, and counts it: for who looks on.
func Drop(limit int) Policy { return Policy{limit: limit} }

// Fail ends the subscription when more than limit bytes would wait: for who must not
// miss anything, and would rather be told than be given a stream with a gap.
func Fail(limit int) Policy { return Policy{limit: limit, fail: true} }

// Latest is for who does something for each capsule: of the events that it wants, only the
// newest of a capsule waits, and it takes the place of an older one. wants is asked once about each event,
// in their order, and must not block.
func Latest(wants func(event.Event) bool) Policy { return Policy{only: wants} }

// Subscription is a reader's queue. One goroutine at a time calls Next; Wait and Close
// may be called beside it.
type Subscription struct {
	hub    *Hub
	policy Policy
	gap    bool          // see Gap
	wake   chan struct{} // buffered by one: something waits
	done   chan struct{} // closed when nothing more will come

	mu      sync.Mutex // guards all below; taken after the hub's
	waiting []Item
	bytes   int   // of waiting
	missed  int   // what found no room since the last Missed
	err     error // nothing more comes, for this reason
}

// Gap reports whether the subscription begins with a snapshot, because what was asked for is not kept.
func (s *Subscription) Gap() bool { return s.gap }

// Wait waits until Next has an event. It returns io.EOF when all was read and the hub
// was closed, ErrSlow, ErrClosed, or ctx's error.
func (s *Subscription) Wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		some, err := len(s.waiting) > 0, s.err
		s.mu.Unlock()
		if some {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-s.wake:
		case <-s.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Next is the oldest event that waits, if there is one.
func (s *Subscription) Next() (Item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return Item{}, false
	}
	item := s.waiting[0]
	s.waiting[0] = Item{}
	s.waiting = s.waiting[1:]
	s.bytes -= len(item.Line)
	return item, true
}

// Done is closed when nothing more will come; what waits may still be read.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// Err is why nothing more will come, nil until then.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Missed is how many events were left out since it was asked last.
func (s *Subscription) Missed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.missed
	s.missed = 0
	return n
}

// Close drops what waits and ends the subscription.
func (s *Subscription) Close() {
	s.hub.forget(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(ErrClosed)
	s.waiting, s.bytes = nil, 0
}

// give queues item. It reports whether the subscription goes on. The hub calls it.
func (s *Subscription) give(item Item) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch p := s.policy; {
	case s.err != nil:
		return false
	case p.only != nil:
		s.giveLatest(item)
	case s.bytes+len(item.Line) <= p.limit:
		s.queue(item)
	case p.fail:
		s.waiting, s.bytes = nil, 0
		s.end(ErrSlow)
		return false
	default:
		s.missed++
	}
	return true
}

// giveLatest queues item instead of an older one of its capsule.
func (s *Subscription) giveLatest(item Item) {
	if !s.policy.only(item.Event) {
		return
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(older Item) bool {
		same := older.Event.Dir == item.Event.Dir
		if same {
			s.bytes -= len(older.Line)
		}
		return same
	})
	s.queue(item)
}

func (s *Subscription) queue(item Item) {
	s.waiting = append(s.waiting, item)
	s.bytes += len(item.Line)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// finish lets the reader read what waits, and then io.EOF. The hub calls it.
func (s *Subscription) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(io.EOF)
}

func (s *Subscription) end(err error) {
	if s.err == nil {
		s.err = err
		close(s.done)
	}
}
