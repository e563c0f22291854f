package host

// maxQueued is how many messages wait for one subscription; older ones are lost then, and
// the next envelope says how many.
const maxQueued = 1024

// subscription is a guest's own.
type subscription struct {
	pattern string
	queue   []Message
	lagged  uint64
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
		if len(s.queue) == maxQueued {
			s.queue = s.queue[1:]
			s.lagged++
		}
		s.queue = append(s.queue, m)
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
