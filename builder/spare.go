package builder

import (
	"slices"
	"sync"

	"github.com/astrid-runtime/astrid-dev/builder/smoke"
)

// spare keeps smoke children that wait, with their readers compiled, for the builds to come: where a
// compiler takes less time than a child takes to start, nobody waits for that, and one that has
// loaded a module well loads others.
type spare struct {
	mu     sync.Mutex // guards what follows
	idle   []*smoke.Child
	closed bool
	ends   sync.WaitGroup // those that another one took the place of
}

// take is a child with these limits: one that waits, if one still does, else a new one.
func (s *spare) take(l smoke.Limits) (*smoke.Child, error) {
	s.mu.Lock()
	at := s.find(l)
	if at < 0 {
		s.mu.Unlock()
		return smoke.Prepare(l)
	}
	defer s.mu.Unlock()
	child := s.idle[at]
	s.idle = slices.Delete(s.idle, at, at+1)
	return child, nil
}

// find is where a child with these limits waits; -1: none does. Those that somebody has killed are
// let go. The lock is held.
func (s *spare) find(l smoke.Limits) int {
	s.idle = slices.DeleteFunc(s.idle, func(c *smoke.Child) bool {
		if c.Waits() {
			return false
		}
		c.Close()
		return true
	})
	return slices.IndexFunc(s.idle, func(c *smoke.Child) bool { return c.Fits(l) })
}

// leave has child wait for another build, if it may load more. At most most wait. Where nobody waits
// with its limits then, a new one does.
func (s *spare) leave(child *smoke.Child, l smoke.Limits, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits := s.find(l) >= 0
	if !s.closed && !waits && !child.Waits() {
		child.Close()
		var err error
		if child, err = smoke.Prepare(l); err != nil {
			return // the next build says so
		}
	}
	s.idle = append(s.idle, child)
	for len(s.idle) > 0 && (s.closed || len(s.idle) > most) {
		s.ends.Go(s.idle[0].Close)
		s.idle = s.idle[1:]
	}
}

// close ends those that wait. No other waits from then on.
func (s *spare) close() {
	s.mu.Lock()
	s.closed = true
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	for _, child := range idle {
		child.Close()
	}
	s.ends.Wait()
}

// Close ends what waits for builds to come, and keeps what a later process goes by. It may be called twice.
func (b *Builder) Close() {
	b.spare.close()
	b.keepHuge()
}

// ready is a child that waits for what a build with these limits makes, and how it is left.
func (b *Builder) ready(l smoke.Limits) (child *smoke.Child, leave func(), err error) {
	if !b.options.Spare {
		child, err = smoke.Prepare(l)
		return child, child.Close, err
	}
	child, err = b.spare.take(l)
	return child, func() { b.spare.leave(child, l, b.options.Jobs) }, err
}
