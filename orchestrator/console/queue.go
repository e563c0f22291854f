package console

import (
	"io"
	"sync"

	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// queue writes to w from a goroutine of its own, so that a reader who stands
// still (a pager, a stopped terminal, a full pipe) never stops a build. Every
// item is one Write.
type queue struct {
	w    io.Writer
	wake chan struct{} // buffered by one
	done chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex // guards all below
	items  [][]byte
	bytes  int // waiting
	closed bool
	err    error // after it nothing is written
}

func newQueue(w io.Writer) *queue {
	q := &queue{w: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run()
	return q
}

// has reports whether there is room for n more bytes, which only shrinks when
// something is added.
func (q *queue) has(n, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.closed && q.err == nil && q.bytes+n <= limit
}

// add queues p, which it keeps, unless more than limit bytes would wait then.
func (q *queue) add(p []byte, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.err != nil || q.bytes+len(p) > limit {
		return false
	}
	q.items = append(q.items, p)
	q.bytes += len(p)
	q.nudge()
	return true
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) run() {
	defer close(q.done)
	for range q.wake {
		for {
			p, more := q.next()
			if p == nil {
				if !more {
					return
				}
				break
			}
			if _, err := q.w.Write(p); err != nil {
				q.fail(err)
				return
			}
		}
	}
}

// next returns nil when nothing waits; more is false when nothing will come.
func (q *queue) next() (p []byte, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return nil, !q.closed && q.err == nil
	}
	p, q.items[0] = q.items[0], nil
	q.items = q.items[1:]
	q.bytes -= len(p)
	return p, true
}

// fail drops what waits.
func (q *queue) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.err = err
	}
	q.items, q.bytes = nil, 0
	q.nudge()
}

// close writes what waits and joins the goroutine. A writer that blocks is
// given up after half a second; its goroutine then ends with that Write.
func (q *queue) close() error {
	q.mu.Lock()
	q.closed = true
	q.nudge()
	q.mu.Unlock()
	if err := hub.Flushed(q.done); err != nil {
		q.fail(err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}
