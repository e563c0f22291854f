package announce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
)

// writes keeps every Write apart.
type writes struct {
	mu   sync.Mutex
	list []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, string(p))
	return len(p), nil
}

func TestConsoleLines(t *testing.T) {
	for name, o := range map[string]ConsoleOptions{
		"console.txt":        {Dir: "/home/ada/caps"},
		"console-colour.txt": {Dir: "/home/ada/caps/hello-go", Colour: true},
		"console-quiet.txt":  {Quiet: true},
	} {
		w := &writes{}
		c := NewConsole(w, o)
		for _, e := range events() {
			c.Announce(e)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		text := strings.Join(w.list, "")
		golden(t, name, text)
		if plain := strings.NewReplacer("\x1b[0m", "", string(green), "", string(red), "", string(yellow), "", string(dim), "").Replace(text); strings.ContainsAny(plain, "\x1b\r\a") || !o.Colour && plain != text {
			t.Errorf("%s: control characters came through", name)
		}
	}
}

func TestNDJSONLines(t *testing.T) {
	w := &writes{}
	n := NewNDJSON(w, func(err error) { t.Error(err) })
	for _, e := range events() {
		n.Announce(e)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	golden(t, "events.ndjson", strings.Join(w.list, ""))
	for i, line := range w.list {
		var e flat.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil || !strings.HasSuffix(line, "}\n") || strings.Count(line, "\n") != 1 {
			t.Errorf("write %d: %v: %q", i, err, line)
		}
		if e.Seq != uint64(i+1) || e.V != event.Version {
			t.Errorf("write %d: seq %d, v %d", i, e.Seq, e.V)
		}
	}
}

func TestNDJSONTellsOnceThatItsReaderIsGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	told := make(chan error, 10)
	n := NewNDJSON(w, func(err error) { told <- err })
	for range 100 {
		n.Announce(event.Event{Body: event.Ready{}})
	}
	<-told
	n.Announce(event.Event{Body: event.Ready{}})
	if err := n.Close(); err == nil {
		t.Error("Close knows of nothing")
	}
	if len(told) != 0 {
		t.Errorf("told %d times more", len(told))
	}
}

// gate is a writer that blocks until it is opened.
type gate struct {
	open chan struct{}
	writes
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.writes.Write(p)
}

func TestNDJSONKeepsEventsForASlowReader(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	n := NewNDJSON(g, func(err error) { t.Error(err) })
	for i := range 10_000 {
		n.Announce(event.Event{Seq: uint64(i + 1), Body: event.Ready{}})
	}
	close(g.open)
	<-waitWrites(&g.writes, 10_000)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	for i, line := range g.list {
		if !strings.Contains(line, fmt.Sprintf(`"seq":%d,`, i+1)) {
			t.Fatalf("write %d: %s", i, line)
		}
	}
}

func waitWrites(w *writes, n int) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			w.mu.Lock()
			have := len(w.list)
			w.mu.Unlock()
			if have >= n {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	return done
}

func TestNDJSONGivesUpOnAReaderThatStandsStill(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	told := make(chan error, 10)
	n := NewNDJSON(g, func(err error) { told <- err })
	for range 80 {
		n.Announce(event.Event{Body: event.BuildFailed{Tail: strings.Repeat("x", 1<<20)}})
	}
	if err := <-told; !errors.Is(err, errNotRead) {
		t.Error(err)
	}
	close(g.open)
	if err := n.Close(); !errors.Is(err, errNotRead) || len(told) != 0 {
		t.Error(err, len(told))
	}
}

func TestCloseDoesNotWaitForAWriterThatBlocks(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	c := NewConsole(g, ConsoleOptions{})
	c.Announce(event.Event{Body: event.Ready{}})
	begun := time.Now()
	if err := c.Close(); !errors.Is(err, errNotRead) {
		t.Error(err)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	close(g.open)
	<-c.q.done
}

func TestConsoleCountsWhatATerminalThatIsNotReadMisses(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	c := NewConsole(g, ConsoleOptions{})
	line := []byte(strings.Repeat("x", 999) + "\n")
	for range 2000 {
		c.Output("a", line)
	}
	c.Announce(event.Event{Body: event.Ready{Capsules: 1}}) // events have room when output has none
	close(g.open)
	<-waitWrites(&g.writes, 800)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(g.list, "")
	shown := strings.Count(text, "xxx\n")
	if want := fmt.Sprintf("left out   %d lines, because this output was not read\n", 2000-shown); shown > 1100 || shown < 800 || !strings.Contains(text, want) {
		t.Errorf("%d shown, and not %q in %q", shown, want, text[max(0, len(text)-300):])
	}
	if !strings.HasSuffix(text, "watching 1 capsule\n") {
		t.Errorf("the event is not last: %q", text[max(0, len(text)-100):])
	}
}

func TestLiveOutput(t *testing.T) {
	for _, colour := range []bool{false, true} {
		w := &writes{}
		c := NewConsole(w, ConsoleOptions{Colour: colour})
		out := c.Writer("hello\x1b[2J")
		for _, part := range []string{"one li", "ne\ntwo\n\nbar 10%\rbar 90%\r\n", "\x1b[31mred\x1b[0m \x1b[2Jclear \x1b]0;title\x07 \xff\u202e\t.\n", strings.Repeat("long", 3000), "\nno end"} {
			if n, err := io.WriteString(out, part); err != nil || n != len(part) {
				t.Fatal(n, err)
			}
		}
		c.Announce(event.Event{Capsule: "hello\x1b[2J", Dir: "/x", Body: event.BuildSuperseded{}})
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("live-colour-%t.txt", colour), strings.Join(w.list, ""))
		for _, one := range w.list {
			if len(one) > liveItem+100 || !strings.HasSuffix(one, "\n") {
				t.Errorf("a write of %d bytes: %q", len(one), one[max(0, len(one)-20):])
			}
		}
	}
}

func TestProgressLine(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var mu sync.Mutex
	width := 40
	w := &writes{}
	c := NewConsole(w, ConsoleOptions{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		Width: func() int { mu.Lock(); defer mu.Unlock(); return width }})
	last := func() string {
		t.Helper()
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.progress()
	}
	start := func(name string) { c.Announce(event.Event{Capsule: name, Dir: "/" + name, Body: event.BuildStarted{}}) }
	start("a")
	mu.Lock()
	now = now.Add(1200 * time.Millisecond)
	mu.Unlock()
	if got := last(); got != "building a 1.2 s" {
		t.Error(got)
	}
	start("b")
	start("much-longer-than-the-others")
	if got := last(); got != "[1/3] building a 1.2 s, b 0.0 s, much-longer-than-the-others 0.0 s" {
		t.Error(got)
	}
	c.Announce(event.Event{Capsule: "a", Dir: "/a", Body: event.Reload{}})
	if got := last(); got != "[2/3] building b 0.0 s, much-longer-than-the-others 0.0 s" {
		t.Error(got)
	}
	mu.Lock()
	width = 12
	mu.Unlock()
	c.Output("b", []byte("text\n"))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	screen := strings.Join(w.list, "")
	for i, line := range strings.Split(screen, "\r\x1b[K") {
		text, _, ended := strings.Cut(line, "\n")
		if !ended && len(text) > 39 {
			t.Errorf("part %d is wider than the terminal: %q", i, line)
		}
	}
	if !strings.Contains(screen, "\r\x1b[Kb | text\n\r\x1b[K[2/3] build") || !strings.HasSuffix(screen, "\r\x1b[K") {
		t.Errorf("%q", screen)
	}
}

func TestWithoutATerminalThereIsNoProgressLine(t *testing.T) {
	w := &writes{}
	c := NewConsole(w, ConsoleOptions{})
	c.Announce(event.Event{Capsule: "a", Dir: "/a", Body: event.BuildStarted{Reason: "changed"}})
	_ = c.Close()
	if text := strings.Join(w.list, ""); text != "building   a  changed\n" {
		t.Errorf("%q", text)
	}
}

func TestNoColour(t *testing.T) {
	for text, want := range map[string]bool{"": false, "NO_COLOR=": false, "NO_COLOR=1": true, "TERM=dumb": true, "TERM=xterm": false} {
		name, value, _ := strings.Cut(text, "=")
		if got := NoColour(func(key string) string {
			if key == name {
				return value
			}
			return ""
		}); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestFan(t *testing.T) {
	var seen []string
	to := func(name string) Announcer {
		return func(e event.Event) { seen = append(seen, name+string(e.Body.Kind())) }
	}
	Fan(to("1"), nil, to("2"))(event.Event{Body: event.Idle{}})
	if fmt.Sprint(seen) != "[1idle 2idle]" {
		t.Error(seen)
	}
}
