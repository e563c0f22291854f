package testkit

import (
	"slices"
	"strings"
	"sync"
)

// Writes keeps every Write apart. It may be used by several goroutines at once.
type Writes struct {
	mu   sync.Mutex // guards list
	list []string
}

func (w *Writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, string(p))
	return len(p), nil
}

// List is a copy of all that was written so far.
func (w *Writes) List() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list)
}

// String is all that was written so far, in one piece.
func (w *Writes) String() string { return strings.Join(w.List(), "") }

// Gate is a Writes that blocks until Open is closed.
type Gate struct {
	Open chan struct{}
	Writes
}

// NewGate is a closed gate.
func NewGate() *Gate { return &Gate{Open: make(chan struct{})} }

func (g *Gate) Write(p []byte) (int, error) {
	<-g.Open
	return g.Writes.Write(p)
}
