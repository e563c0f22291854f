package builder

import (
	"slices"
	"sync"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
)

// spares wait for the builds to come, with their readers compiled: those that load what is made, and those in which it
// is called. Where a compiler takes less time than a child takes to start, nobody waits for that.
type spares struct {
	smoke spare[*smoke.Child, smoke.Limits]
	guest spare[*guest.Guest, guest.Limits]
}

func newSpares() spares {
	return spares{spare[*smoke.Child, smoke.Limits]{prepare: smoke.Prepare}, spare[*guest.Guest, guest.Limits]{prepare: guest.Prepare}}
}

// child is a process with limits of type L.
type child[L any] interface {
	Fits(L) bool
	Waits() bool // whether it can be used: it has not ended, and what it did leaves it as it was
	Close()
}

// spare keeps children that wait. One that has loaded a module well may wait again.
type spare[C child[L], L any] struct {
	prepare func(L) (C, error)

	mu     sync.Mutex // guards what follows
	idle   []C
	closed bool
	ends   sync.WaitGroup // those that another one took the place of
}

// take is a child with these limits: one that waits, if one still does, else a new one.
func (s *spare[C, L]) take(l L) (C, error) {
	s.mu.Lock()
	at := s.find(l)
	if at < 0 {
		s.mu.Unlock()
		return s.prepare(l)
	}
	defer s.mu.Unlock()
	child := s.idle[at]
	s.idle = slices.Delete(s.idle, at, at+1)
	return child, nil
}

// find is where a child with these limits waits; -1: none does. Those that somebody has killed are
// let go. The lock is held.
func (s *spare[C, L]) find(l L) int {
	s.idle = slices.DeleteFunc(s.idle, func(c C) bool {
		if c.Waits() {
			return false
		}
		c.Close()
		return true
	})
	return slices.IndexFunc(s.idle, func(c C) bool { return c.Fits(l) })
}

// leave has child wait for another build, if it can, else a new one where nobody waits with its limits. At
// most most wait. Nobody waits for a child's end or start.
func (s *spare[C, L]) leave(child C, l L, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		child.Close()
		return
	}
	if child.Waits() {
		s.add(child, most)
		return
	}
	s.ends.Go(func() {
		child.Close()
		s.renew(l, most)
	})
}

// renew has a new child wait where none does with its limits.
func (s *spare[C, L]) renew(l L, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.find(l) >= 0 {
		return
	}
	if child, err := s.prepare(l); err == nil { // else the next build says so
		s.add(child, most)
	}
}

// add has child wait, and ends those that are too many. The lock is held, and s is not closed.
func (s *spare[C, L]) add(child C, most int) {
	s.idle = append(s.idle, child)
	for len(s.idle) > max(most, 0) {
		s.ends.Go(s.idle[0].Close)
		s.idle = s.idle[1:]
	}
}

// close ends those that wait. No other waits from then on.
func (s *spare[C, L]) close() {
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
	b.spares.smoke.close()
	b.spares.guest.close()
	b.keepHuge()
}
