package announce

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// maxUnread is how many bytes of events may wait for a reader that stands
// still: some hundred thousand events, an hour of the busiest day.
const maxUnread = 64 << 20

// NDJSON writes one event as one line of JSON with one Write. No event is ever
// left out silently: when one cannot be written, broken is called once, and
// nothing is written after it.
type NDJSON struct {
	q *queue
}

// NewNDJSON returns an announcer that writes to w from a goroutine of its own.
// broken, which may be nil, is called once when w fails (its reader is gone) or
// 64 MiB wait for a reader that stands still: the moment for watch to stop. It
// must not block and not call Close. The caller closes the NDJSON, not w.
func NewNDJSON(w io.Writer, broken func(error)) *NDJSON {
	return &NDJSON{q: newQueue(w, broken)}
}

// Announce is an Announcer. It does not block. Safe for concurrent use, though
// the order of the lines is then the order of the calls.
func (n *NDJSON) Announce(e event.Event) {
	line, err := json.Marshal(e)
	if err != nil { // only a Delta that is no JSON can do that
		n.q.fail(fmt.Errorf("writing event %d: %w", e.Seq, err))
		return
	}
	if !n.q.add(append(line, '\n'), maxUnread) {
		n.q.fail(errNotRead)
	}
}

// Close writes what waits, for at most half a second, and returns the first error.
func (n *NDJSON) Close() error { return n.q.close() }
