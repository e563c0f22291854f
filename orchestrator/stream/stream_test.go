package stream

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every event is one line, written at once, as the hub has it, and none is missing.
func TestLines(t *testing.T) {
	w := &testkit.Writes{}
	h := hub.New()
	s := New(w, h, func(err error) { t.Error(err) })
	other := h.Subscribe(0, hub.Fail(1<<20))
	for i := range 100 {
		h.Publish(event.Event{Capsule: "a", Dir: "/a", Body: event.Reload{Generation: i, Reason: "one\ntwo"}})
	}
	h.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for i, line := range w.List() {
		item, ok := other.Next()
		if !ok || string(item.Line) != line || item.Event.Seq != uint64(i+1) || !strings.HasSuffix(line, "}\n") || strings.Count(line, "\n") != 1 {
			t.Errorf("write %d: %q", i, line)
		}
	}
	if len(w.List()) != 100 {
		t.Errorf("%d writes", len(w.List()))
	}
}

func TestItTellsOnceThatItsReaderIsGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	told := make(chan error, 10)
	h := hub.New()
	s := New(w, h, func(err error) { told <- err })
	for range 100 {
		h.Publish(event.Event{Body: event.Ready{}})
	}
	<-told
	h.Publish(event.Event{Body: event.Ready{}})
	h.Close()
	if err := s.Close(); err == nil {
		t.Error("Close knows of nothing")
	}
	if len(told) != 0 {
		t.Errorf("told %d times more", len(told))
	}
}

func TestItKeepsEventsForASlowReader(t *testing.T) {
	g := testkit.NewGate()
	h := hub.New()
	s := New(g, h, func(err error) { t.Error(err) })
	for range 10_000 {
		h.Publish(event.Event{Body: event.Idle{}})
	}
	close(g.Open)
	h.Close()
	<-s.ended
	if err := s.Close(); err != nil || len(g.List()) != 10_000 {
		t.Fatal(err, len(g.List()))
	}
	for i, line := range g.List() {
		if !strings.Contains(line, fmt.Sprintf(`"seq":%d,`, i+1)) {
			t.Fatalf("write %d: %s", i, line)
		}
	}
}

// It is told while the Write still stands still.
func TestItGivesUpOnAReaderThatStandsStill(t *testing.T) {
	g := testkit.NewGate()
	told := make(chan error, 10)
	h := hub.New()
	s := New(g, h, func(err error) { told <- err })
	for range 80 {
		h.Publish(event.Event{Body: event.BuildFailed{Tail: strings.Repeat("x", 1<<20)}})
	}
	if err := <-told; !errors.Is(err, hub.ErrSlow) {
		t.Error(err)
	}
	close(g.Open)
	h.Close()
	if err := s.Close(); !errors.Is(err, hub.ErrSlow) || len(told) != 0 {
		t.Error(err, len(told))
	}
}

func TestCloseDoesNotWaitForAWriterThatBlocks(t *testing.T) {
	g := testkit.NewGate()
	h := hub.New()
	s := New(g, h, nil)
	h.Publish(event.Event{Body: event.Ready{}})
	h.Close()
	begun := time.Now()
	if err := s.Close(); !errors.Is(err, hub.ErrSlow) {
		t.Error(err)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	close(g.Open)
	<-s.ended
}

func TestAnEventThatIsNoJSONEndsIt(t *testing.T) {
	w := &testkit.Writes{}
	h := hub.New()
	s := New(w, h, nil)
	h.Publish(event.Event{Body: event.Reload{Delta: []byte("{")}})
	h.Publish(event.Event{Body: event.Ready{}})
	h.Close()
	if err := s.Close(); err == nil || len(w.List()) != 0 {
		t.Errorf("%v, %q", err, w.List())
	}
}
