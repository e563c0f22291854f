package host

// How many messages wait for one subscription, and how many bytes; older ones are lost then,
// and the next envelope says how many.
const (
	maxQueued      = 1024
	maxQueuedBytes = 16 << 20
)

// subscription is a guest's own.
type subscription struct {
	pattern string
	queue   []Message
	bytes   int // of the queue's payloads
	lagged  uint64
}

// take takes the oldest message out of a queue that has one.
func (s *subscription) take() Message {
	m := s.queue[0]
	s.queue = s.queue[1:]
	s.bytes -= len(m.Payload)
	return m
}

// bus hands messages to the subscriptions of one capsule.
type bus struct{ subscriptions map[*subscription]bool }

func (b *bus) subscribe(pattern string) *subscription {
	s := &subscription{pattern: pattern}
	if b.subscriptions == nil {
		b.subscriptions = map[*subscription]bool{}
	}
	b.subscriptions[s] = true
	return s
}

func (b *bus) reset() { clear(b.subscriptions) }

// deliver hands m to every subscription that it fits, and says to how many.
func (b *bus) deliver(m Message) (n int) {
	for s := range b.subscriptions {
		if !Matches(s.pattern, m.Topic) {
			continue
		}
		n++
		for len(s.queue) > 0 && (len(s.queue) == maxQueued || s.bytes+len(m.Payload) > maxQueuedBytes) {
			s.take()
			s.lagged++
		}
		s.queue = append(s.queue, m)
		s.bytes += len(m.Payload)
	}
	return n
}

// pending reports whether a message waits for a subscription.
func (b *bus) pending() bool {
	for s := range b.subscriptions {
		if len(s.queue) > 0 {
			return true
		}
	}
	return false
}
