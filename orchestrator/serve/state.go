package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// State is how everything stands at the event numbered Seq: what a page begins with.
type State struct {
	V        int               `json:"v"`
	Run      string            `json:"run"` // names this watch: the numbers of another one mean nothing
	Seq      uint64            `json:"seq"`
	Roots    []string          `json:"roots"`
	Ready    bool              `json:"ready"`
	Idle     bool              `json:"idle"`
	Standing []event.Standing  `json:"standing"` // by folder
	Verdicts []json.RawMessage `json:"verdicts"` // the events in which the states were given, by Seq
	History  []Past            `json:"history"`  // the builds that were, by Seq
	Missed   uint64            `json:"missed"`   // events that its reader, who was away or slow, is not told any more

	from uint64 // the events after this one follow
}

// state is how everything stands now.
func (s *Server) state(ctx context.Context) (*State, error) {
	now := s.o.Hub.Snapshot()
	snapshot, _ := now.Body.(event.Snapshot)
	history, err := s.book.until(ctx, now.Seq)
	if err != nil {
		return nil, err
	}
	state := &State{V: event.Version, Run: s.run, Seq: now.Seq, Roots: s.o.Roots, Ready: snapshot.Ready, Idle: snapshot.Idle,
		Standing: snapshot.Standing, Verdicts: []json.RawMessage{}, History: history}
	var verdicts []event.Event
	for _, e := range s.o.Hub.Verdicts() {
		if e.Seq <= now.Seq { // a newer one comes with the stream
			verdicts = append(verdicts, e)
		}
	}
	slices.SortFunc(verdicts, func(a, b event.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, e := range verdicts {
		if line, err := json.Marshal(e); err == nil {
			state.Verdicts = append(state.Verdicts, line)
		}
	}
	return state, nil
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	state, err := s.state(r.Context())
	if err != nil {
		failed(err).write(w)
		return
	}
	answer(w, http.StatusOK, state)
}
