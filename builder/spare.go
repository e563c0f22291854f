package builder

import (
	"sync"

	"github.com/astrid-runtime/astrid-dev/builder/smoke"
)

// spare keeps one smoke child that waits, with its reader compiled, for the next build: where a
// compiler takes less time than a child takes to start, nobody waits for that.
type spare struct {
	mu     sync.Mutex // guards what follows
	child  *smoke.Child
	limits smoke.Limits
	closed bool
	ends   sync.WaitGroup // those that another one took the place of
}

// take is a child with these limits: the one that waits, if it still does, else a new one.
func (s *spare) take(l smoke.Limits) (*smoke.Child, error) {
	s.mu.Lock()
	child := s.child
	fits := child != nil && s.limits == l && child.Waits()
	if fits {
		s.child = nil
	}
	s.mu.Unlock()
	if fits {
		return child, nil
	}
	return smoke.Prepare(l)
}

// another starts one with these limits in the place of what waits with others, or has died.
func (s *spare) another(l smoke.Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.child != nil && s.limits == l && s.child.Waits() {
		return
	}
	old := s.child
	child, err := smoke.Prepare(l)
	if err != nil {
		child = nil // the next build says so
	}
	s.child, s.limits = child, l
	s.ends.Go(old.Close)
}

// close ends the one that waits. No other is started.
func (s *spare) close() {
	s.mu.Lock()
	s.closed = true
	child := s.child
	s.child = nil
	s.mu.Unlock()
	child.Close()
	s.ends.Wait()
}

// Close ends what waits for builds to come, and keeps what a later process goes by. It may be called twice.
func (b *Builder) Close() {
	b.spare.close()
	b.keepHuge()
}
