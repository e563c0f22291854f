package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

const (
	unread   = 8 << 20   // bytes of events that may wait for one reader: twice what the hub keeps
	logShown = 200       // events before its first moment that a page is told, for its log
	atOnce   = 256 << 10 // bytes of one write: several events that wait are one
)

// The stream is of server-sent events. The first is a state, unless the reader goes on after an event
// that is still kept; then every event of the watch follows, with its wire format as the data and
// RUN.SEQ as the ID. What the state contains already is told again for the log, by a Seq up to the state's.
// At the watch's end there is an event called end.

func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	sub, state, err := s.follow(r.Context(), r.Header.Get("Last-Event-ID"))
	if err != nil {
		failed(err).write(w)
		return
	}
	defer sub.Close()
	w.Header().Set("Content-Type", "text/event-stream")
	out := &reader{w: w, control: http.NewResponseController(w), run: s.run}
	defer out.cutWhenSlow(r.Context(), sub)()
	if state != nil {
		out.state(state)
	}
	out.flush() // who goes on may have to wait for the next event, and is to know that it is let in
	out.copy(r.Context(), sub)
}

// follow is a subscription to what comes after the event with the ID last; where that is not known or
// not kept any more, the state that it begins with.
func (s *Server) follow(ctx context.Context, last string) (*hub.Subscription, *State, error) {
	policy := hub.Fail(s.unread)
	from, ours := s.seqOf(last)
	if ours {
		sub := s.o.Hub.Subscribe(from, policy)
		if !sub.Gap() {
			return sub, nil, nil
		}
		sub.Close()
	}
	state, err := s.state(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, before := range []uint64{logShown, 0} {
		state.from = max(before, state.Seq) - before
		sub := s.o.Hub.Subscribe(state.from, policy)
		if !sub.Gap() {
			if ours && state.from > from {
				state.Missed = state.from - from
			}
			return sub, state, nil
		}
		sub.Close()
	}
	return nil, nil, errors.New("more happens than can be told: try again")
}

// seqOf is the number in an ID of this run.
func (s *Server) seqOf(id string) (uint64, bool) {
	run, number, _ := strings.Cut(id, ".")
	seq, err := strconv.ParseUint(number, 10, 64)
	return seq, err == nil && run == s.run
}

// reader is who reads a stream. One goroutine writes to it.
type reader struct {
	w       io.Writer
	control *http.ResponseController
	run     string
	waits   bytes.Buffer
	err     error // the first of a write
}

// cutWhenSlow ends a write that stands still when the subscription ends because of it: the reader is cut off
// rather than given a stream with a gap, and comes again. What it returns ends that.
func (o *reader) cutWhenSlow(ctx context.Context, sub *hub.Subscription) func() {
	ctx, end := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-sub.Done():
			if errors.Is(sub.Err(), hub.ErrSlow) {
				_ = o.control.SetWriteDeadline(time.Now())
			}
		case <-ctx.Done():
		}
	}()
	return func() {
		end()
		<-ended
	}
}

func (o *reader) state(state *State) {
	data, err := json.Marshal(state)
	if err != nil {
		o.err = err
		return
	}
	fmt.Fprintf(&o.waits, "event: state\nid: %s.%d\ndata: %s\n\n", o.run, state.from, data)
}

// copy writes the events of sub until it ends, or the reader does.
func (o *reader) copy(ctx context.Context, sub *hub.Subscription) {
	for o.err == nil {
		if err := sub.Wait(ctx); err != nil {
			if errors.Is(err, io.EOF) {
				o.waits.WriteString("event: end\ndata: {}\n\n")
				o.flush()
			}
			return
		}
		for item, ok := sub.Next(); ok; item, ok = sub.Next() {
			if item.Line == nil {
				return // it cannot be written, and a gap is not told: the reader comes again
			}
			fmt.Fprintf(&o.waits, "id: %s.%d\ndata: %s\n", o.run, item.Event.Seq, item.Line) // the line has its end
			if o.waits.Len() >= atOnce {
				break
			}
		}
		o.flush()
	}
}

func (o *reader) flush() {
	if o.err == nil {
		_, o.err = o.waits.WriteTo(o.w)
	}
	if o.err == nil {
		o.err = o.control.Flush()
	}
}
