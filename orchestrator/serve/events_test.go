package serve

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// told is one message of a stream.
type told struct {
	name, id, data string
	seq            uint64 // of an event
}

// listener reads a stream as a browser does.
type listener struct {
	t     testing.TB
	body  io.ReadCloser
	lines *bufio.Reader
}

// follow opens the stream after the event with the ID last.
func (s *shown) follow(last string) *listener {
	s.t.Helper()
	answer := s.ask("GET", "/api/events", "", func(r *http.Request) {
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
	})
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		s.t.Fatalf("%d %s", answer.StatusCode, kind)
	}
	return &listener{s.t, answer.Body, bufio.NewReader(answer.Body)}
}

// next is the next message; io.EOF where the server closed the stream in between, and another error where it was cut.
func (l *listener) next() (m told, err error) {
	for {
		line, err := l.lines.ReadString('\n')
		if err != nil {
			return m, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "":
			return m, nil
		case "event":
			m.name = value
		case "id":
			m.id = value
		case "data":
			m.data = value
			var e struct{ Seq uint64 }
			if err := json.Unmarshal([]byte(value), &e); err != nil {
				l.t.Fatalf("%v in %s", err, value)
			}
			m.seq = e.Seq
		default:
			l.t.Fatalf("a line %q", line)
		}
	}
}

func (l *listener) must() told {
	l.t.Helper()
	m, err := l.next()
	if err != nil {
		l.t.Fatal(err)
	}
	return m
}

// begin is the state that a stream begins with.
func (l *listener) begin() (State, string) {
	l.t.Helper()
	m := l.must()
	var state State
	if m.name != "state" {
		l.t.Fatalf("it begins with %+v", m)
	}
	testkit.Check(l.t, json.Unmarshal([]byte(m.data), &state))
	return state, m.id
}

// Who comes late is told how everything stands, with the verdicts and the builds that were; then what happened
// just before, for the log; then what happens.
func TestWhoComesLate(t *testing.T) {
	s := show(t, "").serve()
	s.ready("a", "b", "gone")
	s.reloads("gone", 1, 1, 1)
	s.tell("gone", event.CapsuleRemoved{})
	for i := range 100 {
		s.reloads("a", i+1, 1000+int64(i), 50)
	}
	s.fails("b")
	for range 300 {
		s.tell("a", event.Warning{Message: "again"})
	}
	l := s.follow("")
	state, _ := l.begin()
	now := s.hub.Snapshot()
	if state.Seq != now.Seq || !state.Ready || len(state.Standing) != 2 || state.Standing[0].Generation != 100 || state.Standing[1].State != event.Failed || state.Missed != 0 {
		t.Fatalf("%+v", state)
	}
	if len(state.Verdicts) != 2 || !strings.Contains(string(state.Verdicts[1]), `"line":42`) {
		t.Errorf("the verdicts are %s", state.Verdicts)
	}
	if builds := len(state.History); builds != pastKept+2 || state.History[0].Dir != s.dir("a") || state.History[pastKept-1].Size != 1099 || state.History[pastKept-1].SmokeMS == 0 {
		t.Errorf("%d events of builds: %+v", builds, state.History[0])
	}
	for seq := state.Seq - logShown + 1; seq <= state.Seq; seq++ {
		if m := l.must(); m.seq != seq {
			t.Fatalf("%d is told, not %d", m.seq, seq)
		}
	}
	s.tell("a", event.Change{Reason: "changed"})
	if m := l.must(); m.seq != now.Seq+1 || !strings.HasPrefix(m.id, state.Run+".") || !strings.Contains(m.data, `"type":"change"`) {
		t.Errorf("%+v", m)
	}
}

// The same as a document, for programs.
func TestStatus(t *testing.T) {
	s := show(t, "").serve()
	s.ready("a")
	s.reloads("a", 1, 1000, 50)
	var state State
	testkit.Check(t, json.Unmarshal([]byte(body(t, s.ask("GET", "/api/status", "", nil))), &state))
	if state.Seq != 4 || len(state.Standing) != 1 || state.Standing[0].Size != 1000 || len(state.History) != 2 || state.Roots[0] != s.root {
		t.Errorf("%+v", state)
	}
}

// A state has all builds up to its own number, however busy whoever keeps them is.
func TestAStateIsWhole(t *testing.T) {
	s := show(t, "").serve()
	s.ready("a")
	for i := range 500 {
		s.reloads("a", i+1, 1, 1)
		state, err := s.state(t.Context())
		testkit.Check(t, err)
		if newest := state.History[len(state.History)-1].Seq; newest != state.Seq {
			t.Fatalf("the newest build in the state of %d is %d", state.Seq, newest)
		}
	}
}

// A reader that is cut off again and again, at any point, is told every event once.
func TestResumeLosesAndRepeatsNothing(t *testing.T) {
	s := show(t, "").serve()
	s.ready("a")
	const events = 3000
	published := make(chan struct{})
	go func() {
		defer close(published)
		for i := range events {
			s.tell("a", event.Warning{Message: strings.Repeat("x", i%200)})
			if i%50 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	l := s.follow("")
	state, _ := l.begin()
	next, cuts := uint64(0), 0
	if state.Seq > logShown {
		next = state.Seq - logShown
	}
	for end := uint64(events + 2); next < end; {
		m, err := l.next()
		if err != nil {
			t.Fatal(err)
		}
		if m.name != "" || m.seq != next+1 {
			t.Fatalf("after %d comes %+v", next, m)
		}
		next = m.seq
		if rand.IntN(100) == 0 {
			l.body.Close()
			l, cuts = s.follow(m.id), cuts+1
		}
	}
	<-published
	if cuts == 0 {
		t.Error("it was never cut off")
	}
}

// An ID of another watch, or one that is none, begins with a state.
func TestIDsOfOthers(t *testing.T) {
	s := show(t, "").serve()
	s.ready("a")
	for _, id := range []string{"other.1", "1", ".", s.run + ".x", s.run + ".-1", s.run + ".99999"} {
		if state, _ := s.follow(id).begin(); state.Seq != 2 || state.Missed != 0 {
			t.Errorf("%q: %+v", id, state)
		}
	}
}

// A reader that stands still makes nobody wait. It is cut off, and when it comes again it is told what it
// missed, to the event.
func TestSlowReader(t *testing.T) {
	s := show(t, "")
	s.unread = 256 << 10
	s.serve()
	s.ready("a")
	slow, quick := s.follow(""), s.follow("")
	slow.begin()
	quick.begin()
	const events = 20_000                            // some 16 MB: more than both ends of a connection hold
	for next := quick.must(); next.seq < events+2; { // the quick one reads all that there is, and then there is more
		for range 100 {
			s.tell("a", event.Warning{Message: strings.Repeat("x", 800)})
		}
		for newest := s.hub.Snapshot().Seq; next.seq < newest; {
			m := quick.must()
			if m.seq != next.seq+1 {
				t.Fatalf("the quick reader is told %+v after %d", m, next.seq)
			}
			next = m
		}
	}
	last, seen, err := told{}, uint64(0), error(nil)
	for {
		m, e := slow.next()
		if err = e; err != nil {
			break
		}
		if m.seq != seen+1 {
			t.Fatalf("after %d comes %d", seen, m.seq)
		}
		last, seen = m, m.seq
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || seen >= events {
		t.Fatalf("the slow reader read %d events, and ended with %v", seen, err)
	}
	again := s.follow(last.id)
	state, _ := again.begin()
	if first := again.must(); state.Missed == 0 || first.seq != seen+state.Missed+1 || state.Seq != events+2 {
		t.Errorf("it read %d, was told that it missed %d of %d, and goes on with %d", seen, state.Missed, state.Seq, first.seq)
	}
}

// At the watch's end a reader is told the last event, and that it is the last; one that stands still keeps nobody waiting
// for longer than half a second.
func TestTheEnd(t *testing.T) {
	s := show(t, "").serve()
	s.ready("a")
	l, still := s.follow(""), s.follow("")
	l.begin()
	still.begin()
	for range 5000 {
		s.tell("a", event.Warning{Message: strings.Repeat("x", 1000)})
	}
	ended := make(chan struct{})
	go func() { defer close(ended); s.end() }()
	var names []string
	newest := uint64(0)
	for {
		m, err := l.next()
		if err != nil {
			break
		}
		if names = append(names, m.name); m.seq > 0 {
			newest = m.seq
		}
	}
	<-ended
	if len(names) == 0 || names[len(names)-1] != "end" || newest != 5002 {
		t.Errorf("the last event is %d, and %q follows", newest, names[max(0, len(names)-1):])
	}
	if _, err := http.Get(s.at("/")); err == nil {
		t.Error("somebody answers")
	}
}
