package proc

import (
	"bytes"
	"sync"
)

// Tail is an io.Writer that keeps the last bytes written, whole lines of them:
// when the beginning was dropped, what is kept begins at the start of a line,
// unless the last line alone is longer than the limit. Safe for concurrent use.
type Tail struct {
	limit int

	mu    sync.Mutex // guards all below
	buf   []byte     // at most twice limit, so that moving is rare
	total int64      // bytes ever written
}

// NewTail returns a Tail that keeps at most limit bytes; below 1 it keeps none.
func NewTail(limit int) *Tail { return &Tail{limit: max(limit, 0)} }

// Write keeps the end of p. It never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total += int64(len(p))
	// One byte more than limit is kept, to see whether what is kept begins a line.
	keep := t.limit + 1
	if len(p) >= keep {
		t.buf = append(t.buf[:0], p[len(p)-keep:]...)
		return len(p), nil
	}
	if len(t.buf)+len(p) > 2*keep {
		n := copy(t.buf, t.buf[len(t.buf)-min(len(t.buf), keep-len(p)):])
		t.buf = t.buf[:n]
	}
	t.buf = append(t.buf, p...)
	return len(p), nil
}

// Bytes returns a copy of what is kept.
func (t *Tail) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.kept())
}

func (t *Tail) String() string { return string(t.Bytes()) }

// Dropped returns how many bytes were written and are not kept.
func (t *Tail) Dropped() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total - int64(len(t.kept()))
}

func (t *Tail) kept() []byte {
	if t.total <= int64(t.limit) {
		return t.buf
	}
	tail := t.buf[len(t.buf)-min(len(t.buf), t.limit+1):]
	// The first byte tells whether the second begins a line: cut after the first newline.
	if i := bytes.IndexByte(tail, '\n'); i >= 0 && i+1 < len(tail) {
		return tail[i+1:]
	}
	return tail[1:]
}
