// Package hub hands events from one writer to many readers.
//
// Publish numbers and dates an event and hands it on; it never waits for a reader. What
// becomes of a reader that is too slow is its own Policy. The newest events are kept, so
// that a reader who was away goes on where it stopped: its token is the Seq of the event
// that it read last. One that was away for too long begins with a snapshot.
package hub

import (
	"maps"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// What is kept for readers that come back: minutes of the busiest day.
const (
	keptEvents = 4096
	keptBytes  = 2 << 20
)

// Item is an event as it is handed to readers, who must not change it.
type Item struct {
	Event event.Event
	Line  []byte // the event on the wire with its line end; nil: it cannot be written
}

// Hub is safe for concurrent use. Events have the order of the calls of Publish.
type Hub struct {
	events, bytes int // what is kept at most

	mu       sync.Mutex // guards all below; nothing is waited for under it
	seq      uint64     // of the newest event
	kept     []Item     // the newest ones, without a gap, oldest first
	weight   int        // bytes of kept
	readers  map[*Subscription]struct{}
	standing standing
	closed   bool
}

// New is a hub without events.
func New() *Hub {
	return &Hub{events: keptEvents, bytes: keptBytes, readers: map[*Subscription]struct{}{}, standing: newStanding()}
}

// Publish gives e, of which Capsule, Dir and Body count, its number and its time, and
// hands it to all readers. A snapshot follows Ready. It never blocks. After Close it does nothing.
func (h *Hub) Publish(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.publish(e)
	if e.Body.Kind() == (event.Ready{}).Kind() { // who followed from the beginning is told the same as who comes late
		h.publish(event.Event{Body: h.standing.snapshot()})
	}
}

func (h *Hub) publish(e event.Event) {
	h.seq++
	e.Seq, e.Time = h.seq, time.Now()
	h.standing.take(e)
	item := itemOf(e)
	h.keep(item)
	for s := range h.readers {
		if !s.give(item) {
			delete(h.readers, s)
		}
	}
}

func itemOf(e event.Event) Item {
	line, err := e.MarshalJSON()
	if err != nil { // only a Delta that is no JSON can do that
		return Item{Event: e}
	}
	return Item{e, append(line, '\n')}
}

// keep adds item to those that are kept, and forgets the oldest where there are too many.
func (h *Hub) keep(item Item) {
	h.kept = append(h.kept, item)
	h.weight += len(item.Line)
	for len(h.kept) > h.events || h.weight > h.bytes {
		h.weight -= len(h.kept[0].Line)
		h.kept[0] = Item{}
		h.kept = h.kept[1:]
	}
}

// Subscribe is a reader of all events after the one with the number from; 0 is the
// beginning. Where they are not kept any more, or from is of another run, the first one
// is a Snapshot, and the events after it follow. The caller closes the subscription.
func (h *Hub) Subscribe(from uint64, p Policy) *Subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &Subscription{hub: h, policy: p, wake: make(chan struct{}, 1), done: make(chan struct{})}
	oldest := h.seq - uint64(len(h.kept)) // the newest event that is not kept
	if from < oldest || from > h.seq {
		s.gap = true
		s.give(itemOf(h.snapshot()))
	} else {
		for _, item := range h.kept[from-oldest:] {
			s.give(item)
		}
	}
	if h.closed {
		s.finish()
	} else {
		h.readers[s] = struct{}{}
	}
	return s
}

// Snapshot is how every capsule stands now.
func (h *Hub) Snapshot() event.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.snapshot()
}

// Verdicts are the events in which the capsules' states were given, by folder. Where one said that an
// earlier verdict stands, it is the earlier one.
func (h *Hub) Verdicts() map[string]event.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.standing.verdicts)
}

func (h *Hub) snapshot() event.Event {
	return event.Event{Seq: h.seq, Time: time.Now(), Body: h.standing.snapshot()}
}

// Close ends the stream: readers get what waits for them, and then io.EOF.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.readers {
		s.finish()
	}
	clear(h.readers)
}

// forget stops giving s events.
func (h *Hub) forget(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.readers, s)
}
