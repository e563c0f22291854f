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
		if plain := strings.NewReplacer("\x1b[0m", "", string(green), "", string(red), "", string(boldRed), "", string(magenta), "", string(dim), "").Replace(text); strings.ContainsAny(plain, "\x1b\r\a") || !o.Colour && plain != text {
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

// stopped is a clock that a test moves.
type stopped struct {
	mu  sync.Mutex
	now time.Time
}

func (c *stopped) read() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *stopped) wind(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// The last line is the state of all capsules, in as many words as there is room for.
func TestLastLine(t *testing.T) {
	at := &stopped{now: time.Date(2026, 1, 2, 12, 3, 11, 0, time.UTC)}
	w := &testkit.Writes{}
	h := hub.New()
	c := New(w, h, Options{Now: at.read, Width: func() int { return 80 }})
	last := func(width int) string {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.catchUp()
		return c.board.line(width, at.read(), c.paint)
	}
	say := func(name string, body event.Body) {
		h.Publish(event.Event{Capsule: name, Dir: "/" + name, Body: body})
		last(0) // it is told before the clock goes on
	}
	var all []event.Subject
	for _, name := range []string{"auth", "chat", "email", "files"} {
		all = append(all, event.Subject{Capsule: name, Dir: "/" + name})
	}
	h.Publish(event.Event{Body: event.Ready{Capsules: 4, Queued: 4, Watched: all}})
	say("auth", event.BuildStarted{Queued: 3})
	at.wind(1900 * time.Millisecond)
	want := func(width int, line string) {
		t.Helper()
		if got := last(width); got != line {
			t.Errorf("in %d columns %q, want %q", width, got, line)
		}
	}
	want(79, "4 capsules: [1/4] building auth (1 s), 3 waiting")
	say("auth", event.BuildFailed{})
	say("chat", event.BuildStarted{Queued: 2})
	say("email", event.BuildStarted{Queued: 1})
	say("chat", event.Reload{})
	want(79, "4 capsules: 1 sound, 1 failed (auth), [3/4] building email (0 s), 1 waiting")
	want(60, "1 sound, 1 failed, [3/4] building (0 s)")
	say("email", event.BuildSuperseded{})
	say("email", event.BuildStarted{Queued: 1})
	want(79, "4 capsules: 1 sound, 1 failed (auth), [3/4] building email (0 s), 1 waiting")
	say("auth", event.Change{}) // somebody mends it while the others are built
	want(79, "4 capsules: 1 sound, 1 failed (auth), [3/5] building email (0 s), 1 waiting")
	say("email", event.Held{})
	say("files", event.Unchanged{})
	h.Publish(event.Event{Body: event.Idle{Capsules: 4, Failed: 2, Failing: all[:1]}})
	want(79, "4 capsules: 2 sound, 2 failed (auth, email), since 12:03:12  ? for keys")
	want(60, "4 capsules: 2 sound, 2 failed (auth, email), since 12:03:12")
	want(44, "4 capsules: 2 sound, 2 failed (auth, email)")
	want(35, "4 capsules: 2 sound, 2 failed")
	want(20, "2 sound, 2 failed")
	say("auth", event.Reload{})
	say("email", event.CapsuleRemoved{})
	h.Publish(event.Event{Body: event.Idle{Capsules: 3}})
	want(79, "3 capsules: all sound, since 12:03:12  ? for keys")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if screen := w.String(); !strings.Contains(screen, keepTitle+"\x1b]2;") || !strings.HasSuffix(screen, "\r\x1b[K"+giveTitle) {
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
