// Package stream is the reader of the hub that writes events for a program: wire format
// 1, one event a line of JSON with one Write.
package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// maxUnread is how many bytes of events may wait for a reader that stands
// still: some hundred thousand events, an hour of the busiest day.
const maxUnread = 64 << 20

// Stream writes from a goroutine of its own, so that its reader never stops a build. No
// event is ever left out silently: when one cannot be written, broken is called once, and
// nothing is written after it.
type Stream struct {
	w      io.Writer
	sub    *hub.Subscription
	broken func(error)
	ended  chan struct{} // closed when the writing goroutine has ended

	mu  sync.Mutex
	err error // after it nothing is written
}

// New writes all events of h to w. broken, which may be nil, is called once when w fails
// (its reader is gone) or 64 MiB wait for a reader that stands still: the moment for watch
// to stop. It must not block and not call Close. The caller closes h, then the Stream.
func New(w io.Writer, h *hub.Hub, broken func(error)) *Stream {
	s := &Stream{w: w, sub: h.Subscribe(0, hub.Fail(maxUnread)), broken: broken, ended: make(chan struct{})}
	go s.run()
	go s.guard()
	return s
}

// run writes until the hub is closed and everything was written, or something failed.
func (s *Stream) run() {
	defer close(s.ended)
	for s.sub.Wait(context.Background()) == nil {
		for item, ok := s.sub.Next(); ok; item, ok = s.sub.Next() {
			if err := s.write(item); err != nil {
				s.fail(err)
				s.sub.Close()
				return
			}
		}
	}
}

func (s *Stream) write(item hub.Item) error {
	if item.Line == nil {
		return fmt.Errorf("writing event %d: it is no JSON", item.Event.Seq)
	}
	_, err := s.w.Write(item.Line)
	return err
}

// guard notices that too much waits while a Write stands still.
func (s *Stream) guard() {
	<-s.sub.Done()
	if err := s.sub.Err(); errors.Is(err, hub.ErrSlow) {
		s.fail(err)
	}
}

// fail notes the first error and tells the owner of it.
func (s *Stream) fail(err error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = err
	}
	s.mu.Unlock()
	if first && s.broken != nil {
		s.broken(err)
	}
}

// Close writes what waits, for at most half a second, and returns the first error. The
// hub was closed before. A writer that blocks is given up; its goroutine then ends with
// that Write.
func (s *Stream) Close() error {
	if err := hub.Flushed(s.ended); err != nil {
		s.fail(err)
	}
	s.sub.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
