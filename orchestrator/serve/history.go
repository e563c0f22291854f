package serve

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

const (
	pastKept  = 60       // events of each capsule: some thirty builds, as many as a chart shows
	bookLimit = 64 << 20 // bytes of events that may wait for the book, which only takes notes
)

// Past is what a chart needs of an event: the same names as in the event itself.
type Past struct {
	Seq        uint64      `json:"seq"`
	Time       time.Time   `json:"time"`
	Type       event.Kind  `json:"type"`
	Dir        string      `json:"dir"`
	Attempt    int         `json:"attempt,omitempty"`
	State      event.State `json:"state,omitempty"`
	Rebuilt    bool        `json:"rebuilt,omitempty"`
	Generation int         `json:"generation,omitempty"`
	Hash       string      `json:"artifact_hash,omitempty"`
	Size       int64       `json:"size,omitempty"`
	BuildMS    int64       `json:"build_ms,omitempty"`
	SmokeMS    int64       `json:"smoke_ms,omitempty"`
	LatencyMS  int64       `json:"latency_ms,omitempty"`
}

// book keeps the builds that were, also those of which the hub keeps the events no more. Its methods
// may be called concurrently.
type book struct {
	sub   *hub.Subscription
	ended chan struct{} // closed when nothing more is taken

	mu    sync.Mutex // guards all below
	seq   uint64     // of the newest event that was taken
	moved chan struct{}
	past  map[string][]Past // by folder, oldest first
}

// newBook follows h until it is closed. The caller closes the book.
func newBook(h *hub.Hub) *book {
	b := &book{sub: h.Subscribe(0, hub.Fail(bookLimit)), ended: make(chan struct{}), moved: make(chan struct{}), past: map[string][]Past{}}
	go b.run()
	return b
}

func (b *book) run() {
	defer close(b.ended)
	for b.sub.Wait(context.Background()) == nil {
		for item, ok := b.sub.Next(); ok; item, ok = b.sub.Next() {
			b.take(item.Event)
		}
	}
}

// close ends the book.
func (b *book) close() {
	b.sub.Close()
	<-b.ended
}

func (b *book) take(e event.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq = e.Seq
	close(b.moved)
	b.moved = make(chan struct{})
	if e.Body.Kind() == (event.CapsuleRemoved{}).Kind() {
		delete(b.past, e.Dir)
		return
	}
	if p, counts := pastOf(e); counts {
		list := append(b.past[e.Dir], p)
		b.past[e.Dir] = list[max(0, len(list)-pastKept):]
	}
}

// pastOf is what is kept of e, if it is about a build or a module.
func pastOf(e event.Event) (p Past, counts bool) {
	p = Past{Seq: e.Seq, Time: e.Time, Type: e.Body.Kind(), Dir: e.Dir, Attempt: event.BasisOf(e.Body).Attempt}
	switch b := e.Body.(type) {
	case event.BuildStarted, event.BuildSuperseded:
	case event.BuildFailed:
		p.LatencyMS = b.LatencyMS
	case event.SmokeFailed:
		p.LatencyMS = b.LatencyMS
	case event.Unchanged:
		p.State, p.Rebuilt, p.Generation, p.Hash, p.Size = b.State, b.Rebuilt, b.Generation, b.Hash, b.Size
		p.BuildMS, p.SmokeMS, p.LatencyMS = b.BuildMS, b.SmokeMS, b.LatencyMS
	case event.Reload:
		p.Generation, p.Hash, p.Size = b.Generation, b.Hash, b.Size
		p.BuildMS, p.SmokeMS, p.LatencyMS = b.BuildMS, b.SmokeMS, b.LatencyMS
	default:
		return p, false
	}
	return p, true
}

// until is all that was up to the event numbered seq, in its order. It waits for the book to get there.
func (b *book) until(ctx context.Context, seq uint64) ([]Past, error) {
	for {
		b.mu.Lock()
		there, moved := b.seq >= seq, b.moved
		list := []Past{}
		for _, past := range b.past {
			for _, p := range past {
				if p.Seq <= seq {
					list = append(list, p)
				}
			}
		}
		b.mu.Unlock()
		if there {
			slices.SortFunc(list, func(a, b Past) int { return cmp.Compare(a.Seq, b.Seq) })
			return list, nil
		}
		select {
		case <-moved:
		case <-b.ended:
			if err := b.sub.Err(); !errors.Is(err, io.EOF) {
				return list, nil // it fell behind, or is closed: what it has is shown
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
