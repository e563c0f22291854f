package smoke

import (
	"sync"
	"sync/atomic"
)

// capture keeps the first half and the last half of what is written to it: how
// it began, and the panic it ended with. Safe for concurrent use.
type capture struct {
	mu    sync.Mutex // guards all below
	limit int
	head  []byte
	tail  []byte
	total int64
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	c.total += int64(n)
	room := min(c.limit/2-len(c.head), len(p))
	c.head = append(c.head, p[:room]...)
	p = p[room:]
	if keep := c.limit - c.limit/2; len(p) > keep {
		p = p[len(p)-keep:]
	}
	c.tail = append(c.tail, p...)
	// Shift only when a whole half is spare, so that one-byte writes stay cheap.
	if keep := c.limit - c.limit/2; len(c.tail) > 2*keep {
		c.tail = append(c.tail[:0], c.tail[len(c.tail)-keep:]...)
	}
	return n, nil
}

// text returns what was kept and how many bytes were not.
func (c *capture) text() (string, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tail := c.tail
	if keep := c.limit - c.limit/2; len(tail) > keep {
		tail = tail[len(tail)-keep:]
	}
	cut := c.total - int64(len(c.head)+len(tail))
	if cut == 0 {
		return string(c.head) + string(tail), 0
	}
	return string(c.head) + "\n[...]\n" + string(tail), cut
}

// captures are the two streams of a guest, and the clock that it sees.
type captures struct {
	stdout, stderr capture
	clock          atomic.Uint64
}

// tick is the time in nanoseconds. Every look takes a millisecond, as with wazero's clock:
// a load does not depend on the hour, and a guest that waits for time to pass sees it pass.
func (c *captures) tick() uint64 { return c.clock.Add(1_000_000) }

func newCaptures(limit int) *captures {
	c := &captures{stdout: capture{limit: limit}, stderr: capture{limit: limit}}
	// A second after a start that no guest takes for "no time": some refuse zero.
	c.clock.Store(1_000_000_000)
	return c
}

func (c *captures) into(r *Report) {
	var a, b int64
	r.Stdout, a = c.stdout.text()
	r.Stderr, b = c.stderr.text()
	r.Cut = a + b
}
