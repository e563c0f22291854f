// Package timings writes how long each build took, in the trace format of Chrome, as events
// come. It is a reader of the hub.
//
// The format is the array form of the Trace Event Format: chrome://tracing and
// ui.perfetto.dev open it. Times in it are microseconds since the first event. Each capsule has
// a row; a build is one slice from its beginning to its verdict, in which the tool's run
// ("build"), the smoke load ("load") and the rest ("wait": the quiet window, tests, the
// publication) follow each other.
package timings

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// room is how many bytes of events may wait for the file: far more than a disk is ever late.
const room = 16 << 20

// slice is an entry of the format.
type slice struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat,omitempty"`
	Phase string         `json:"ph"`
	Time  int64          `json:"ts"`
	Dur   int64          `json:"dur,omitempty"`
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	Scope string         `json:"s,omitempty"`
	Args  map[string]any `json:"args,omitempty"`
}

// Writer writes the file. What cannot be written ends it; Close says so.
type Writer struct {
	w      io.Writer
	events *hub.Subscription
	read   sync.WaitGroup

	// of the reading goroutine
	begun time.Time              // the first event
	rows  map[string]int         // by folder
	runs  map[string]event.Event // by folder: build_started of what runs
	some  bool                   // something was written
	err   error
}

// New writes the builds of h's events to w, which the caller closes after Close.
func New(w io.Writer, h *hub.Hub) *Writer {
	t := &Writer{w: w, events: h.Subscribe(0, hub.Fail(room)), rows: map[string]int{}, runs: map[string]event.Event{}}
	t.read.Go(func() {
		for t.events.Wait(context.Background()) == nil {
			for item, some := t.events.Next(); some; item, some = t.events.Next() {
				t.take(item.Event)
			}
		}
	})
	return t
}

// Close writes what was published, when the hub was closed, and the end of the file.
func (t *Writer) Close() error {
	t.read.Wait()
	if err := t.events.Err(); t.err == nil && err == hub.ErrSlow {
		t.err = err
	}
	end := "\n]\n"
	if !t.some {
		end = "[]\n"
	}
	t.write(end)
	return t.err
}

func (t *Writer) take(e event.Event) {
	if t.begun.IsZero() {
		t.begun = e.Time
	}
	switch e.Body.(type) {
	case event.Change:
		t.put(slice{Name: "change", Phase: "i", Scope: "t", Time: t.at(e.Time), TID: t.row(e), Args: why(e)})
	case event.BuildStarted:
		t.runs[e.Dir] = e
	case event.BuildFailed, event.SmokeFailed, event.BuildSuperseded, event.Held, event.Reload, event.Unchanged, event.CapsuleRemoved:
		if began, runs := t.runs[e.Dir]; runs {
			delete(t.runs, e.Dir)
			t.end(began, e)
		}
	}
}

// end writes the build that began with an event and ended with another.
func (t *Writer) end(began, e event.Event) {
	row, from, to := t.row(e), t.at(began.Time), t.at(e.Time)
	args := why(began)
	args["verdict"] = e.Body.Kind()
	t.put(slice{Name: fmt.Sprintf("%s #%d", name(e), event.BasisOf(began.Body).Attempt), Cat: string(e.Body.Kind()), Phase: "X", Time: from, Dur: to - from, TID: row, Args: args})
	var build, load int64
	switch b := e.Body.(type) {
	case event.Reload:
		build, load = b.BuildMS, b.SmokeMS
	case event.Unchanged:
		build, load = b.BuildMS, b.SmokeMS
	}
	at := from
	for _, part := range []struct {
		name string
		took int64
	}{{"build", build * 1000}, {"load", load * 1000}, {"wait", to - from - (build+load)*1000}} {
		took := min(part.took, to-at)
		if (build > 0 || load > 0) && took > 0 {
			t.put(slice{Name: part.name, Phase: "X", Time: at, Dur: took, TID: row})
			at += took
		}
	}
}

// why is what an event goes by.
func why(e event.Event) map[string]any {
	basis, args := event.BasisOf(e.Body), map[string]any{}
	switch b := e.Body.(type) {
	case event.BuildStarted:
		args["reason"] = b.Reason
	case event.Change:
		args["reason"] = b.Reason
	}
	if len(basis.Changed) > 0 {
		args["changed"] = basis.Changed
	}
	return args
}

func name(e event.Event) string { return cmp.Or(e.Capsule, filepath.Base(e.Dir)) }

// row is e's capsule's, which gets a name when it is new.
func (t *Writer) row(e event.Event) int {
	row, known := t.rows[e.Dir]
	if !known {
		row = len(t.rows) + 1
		t.rows[e.Dir] = row
		t.put(slice{Name: "thread_name", Phase: "M", TID: row, Args: map[string]any{"name": name(e)}})
	}
	return row
}

func (t *Writer) at(when time.Time) int64 { return when.Sub(t.begun).Microseconds() }

func (t *Writer) put(s slice) {
	s.PID = 1
	line, err := json.Marshal(s)
	if err != nil { // text and numbers: it cannot be
		t.err = cmp.Or(t.err, err)
		return
	}
	before := ",\n"
	if !t.some {
		before = "[\n"
	}
	t.some = true
	t.write(before + string(line))
}

func (t *Writer) write(s string) {
	if t.err == nil {
		_, t.err = io.WriteString(t.w, s)
	}
}
