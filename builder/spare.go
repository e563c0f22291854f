package builder

import (
	"sync"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
)

// spares wait for the next build, with their readers compiled: one that loads what it makes, and one in which that is
// called. Where a compiler takes less time than a child takes to start, nobody waits for that.
type spares struct {
	smoke spare[*smoke.Child, smoke.Limits]
	guest spare[*guest.Guest, guest.Limits]
}

func newSpares() spares {
	return spares{spare[*smoke.Child, smoke.Limits]{prepare: smoke.Prepare}, spare[*guest.Guest, guest.Limits]{prepare: guest.Prepare}}
}

// child is a process that waits to be used once. Close ends it, also when it is nil.
type child interface {
	comparable
	Waits() bool
	Close()
}

// spare keeps one child with limits of type L.
type spare[C child, L comparable] struct {
	prepare func(L) (C, error)

	mu     sync.Mutex // guards what follows
	child  C          // nil: none
	limits L
	closed bool
	ends   sync.WaitGroup // those that another one took the place of
}

// waits reports whether a child with these limits is there. The caller holds mu.
func (s *spare[C, L]) waits(l L) bool {
	var none C
	return s.child != none && s.limits == l && s.child.Waits()
}

// take is a child with these limits: the one that waits, if it still does, else a new one.
func (s *spare[C, L]) take(l L) (C, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.waits(l) {
		return s.prepare(l)
	}
	var none C
	child := s.child
	s.child = none
	return child, nil
}

// another starts one with these limits in the place of what waits with others, or has died.
func (s *spare[C, L]) another(l L) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.waits(l) {
		return
	}
	old := s.child
	child, err := s.prepare(l)
	if err != nil {
		var none C
		child = none // the next build says so
	}
	s.child, s.limits = child, l
	s.ends.Go(old.Close)
}

// close ends the one that waits. No other is started.
func (s *spare[C, L]) close() {
	s.mu.Lock()
	s.closed = true
	var none C
	child := s.child
	s.child = none
	s.mu.Unlock()
	child.Close()
	s.ends.Wait()
}

// Close ends what waits for builds to come. It may be called twice.
func (b *Builder) Close() {
	b.spares.smoke.close()
	b.spares.guest.close()
}
