package console

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

func TestConsoleLines(t *testing.T) {
	for name, o := range map[string]Options{
		"console.txt":        {Dir: "/home/ada/caps"},
		"console-colour.txt": {Dir: "/home/ada/caps/hello-go", Colour: true},
		"console-quiet.txt":  {Quiet: true},
	} {
		w := &testkit.Writes{}
		h := hub.New()
		c := New(w, h, o)
		for _, e := range events() {
			h.Publish(e)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		text := w.String()
		golden(t, name, text)
		if plain := strings.NewReplacer("\x1b[0m", "", string(green), "", string(red), "", string(yellow), "", string(dim), "").Replace(text); strings.ContainsAny(plain, "\x1b\r\a") || !o.Colour && plain != text {
			t.Errorf("%s: control characters came through", name)
		}
	}
}

func TestCloseDoesNotWaitForAWriterThatBlocks(t *testing.T) {
	g := testkit.NewGate()
	h := hub.New()
	c := New(g, h, Options{})
	h.Publish(event.Event{Body: event.Ready{}})
	begun := time.Now()
	if err := c.Close(); !errors.Is(err, hub.ErrSlow) {
		t.Error(err)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	close(g.Open)
	<-c.q.done
}

func TestConsoleCountsWhatATerminalThatIsNotReadMisses(t *testing.T) {
	g := testkit.NewGate()
	h := hub.New()
	c := New(g, h, Options{})
	line := []byte(strings.Repeat("x", 999) + "\n")
	for range 2000 {
		c.Output("a", line)
	}
	h.Publish(event.Event{Body: event.Ready{Capsules: 1}}) // events have room when output has none
	close(g.Open)
	testkit.Wait(t, "800 writes", func() bool { return len(g.List()) >= 800 })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	text := g.String()
	shown := strings.Count(text, "xxx\n")
	missing := 0 // it is told at each place where lines are missing
	for _, found := range regexp.MustCompile(`left out   (\d+) lines, because this output was not read\n`).FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(found[1])
		missing += n
	}
	if shown > 1100 || shown < 800 || missing != 2000-shown {
		t.Errorf("%d shown and %d told to be left out, of 2000, in %q", shown, missing, text[max(0, len(text)-300):])
	}
	if !strings.HasSuffix(text, "watching 1 capsule\n") {
		t.Errorf("the event is not last: %q", text[max(0, len(text)-100):])
	}
}

func TestLiveOutput(t *testing.T) {
	for _, colour := range []bool{false, true} {
		w := &testkit.Writes{}
		h := hub.New()
		c := New(w, h, Options{Colour: colour})
		out := c.Writer("hello\x1b[2J")
		for _, part := range []string{"one li", "ne\ntwo\n\nbar 10%\rbar 90%\r\n", "\x1b[31mred\x1b[0m \x1b[2Jclear \x1b]0;title\x07 \xff\u202e\t.\n", strings.Repeat("long", 3000), "\nno end"} {
			if n, err := io.WriteString(out, part); err != nil || n != len(part) {
				t.Fatal(n, err)
			}
		}
		h.Publish(event.Event{Capsule: "hello\x1b[2J", Dir: "/x", Body: event.BuildSuperseded{}})
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("live-colour-%t.txt", colour), w.String())
		for _, one := range w.List() {
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
	w := &testkit.Writes{}
	h := hub.New()
	c := New(w, h, Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		Width: func() int { mu.Lock(); defer mu.Unlock(); return width }})
	last := func() string {
		t.Helper()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.catchUp()
		return c.progress()
	}
	start := func(name string) {
		h.Publish(event.Event{Capsule: name, Dir: "/" + name, Body: event.BuildStarted{}})
		last() // it is told before the clock goes on
	}
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
	h.Publish(event.Event{Capsule: "a", Dir: "/a", Body: event.Reload{}})
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
	screen := w.String()
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
	w := &testkit.Writes{}
	h := hub.New()
	c := New(w, h, Options{})
	h.Publish(event.Event{Capsule: "a", Dir: "/a", Body: event.BuildStarted{Reason: "changed"}})
	_ = c.Close()
	if text := w.String(); text != "building   a  changed\n" {
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
