package console

import (
	"bytes"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// A finding that was said in this session is not said again, of no capsule; a new one is.
func TestConsoleSaysAFindingOnce(t *testing.T) {
	var out bytes.Buffer
	h := hub.New()
	c := New(&out, h, Options{})
	found := []finding.Finding{{Code: "kernel-wasi", Message: "it imports wasi", Hint: "do not"}}
	for _, list := range [][]finding.Finding{found, found, nil, found} {
		h.Publish(event.Event{Capsule: "a", Dir: "/a", Body: event.Reload{Findings: list}})
	}
	h.Publish(event.Event{Capsule: "b", Dir: "/b", Body: event.Reload{Findings: found}})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "it imports wasi"); n != 1 {
		t.Errorf("said %d times, want 1:\n%s", n, &out)
	}
	if n := strings.Count(out.String(), "(not kernel-ready, as before)"); n != 3 {
		t.Errorf("%d short forms, want 3:\n%s", n, &out)
	}
}

func consoleText(t *testing.T, o Options, say func(*hub.Hub, *Console)) string {
	t.Helper()
	var out bytes.Buffer
	h := hub.New()
	c := New(&out, h, o)
	say(h, c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A build's own words that were shown live are not said again when it fails;
// those of another capsule, or of an earlier build, do not count.
func TestConsoleSaysATailOnce(t *testing.T) {
	failed := event.BuildFailed{Step: "build", ExitCode: 1, Tail: "boom\n"}
	got := consoleText(t, Options{}, func(h *hub.Hub, c *Console) {
		for i, name := range []string{"a", "b", "a"} {
			h.Publish(event.Event{Capsule: name, Dir: "/" + name, Body: event.BuildStarted{}})
			if i == 0 {
				c.Output("a", []byte("boom\n"))
			}
			h.Publish(event.Event{Capsule: name, Dir: "/" + name, Body: failed})
		}
	})
	if n := strings.Count(got, "boom"); n != 3 {
		t.Errorf("said %d times, want 3 (live, and twice as the tail of a build that said nothing live):\n%s", n, got)
	}
}

// What a guest said before it died is shown, also when its build said something live.
func TestConsoleShowsTheGuestsWords(t *testing.T) {
	got := consoleText(t, Options{}, func(h *hub.Hub, c *Console) {
		h.Publish(event.Event{Capsule: "a", Dir: "/a", Body: event.BuildStarted{}})
		c.Output("a", []byte("compiling\n"))
		h.Publish(event.Event{Capsule: "a", Dir: "/a", Body: event.SmokeFailed{Tail: "panicked at \x1b[2Jsrc/lib.rs\n",
			Findings: []finding.Finding{{Code: "smoke-trap", Message: "it trapped"}}}})
	})
	if want := "| panicked at src/lib.rs\n"; !strings.Contains(got, want) {
		t.Errorf("%q is not in\n%s", want, got)
	}
}

// One run of build ends with one line that says how it went, and is never said to watch.
func TestConsoleOnce(t *testing.T) {
	got := consoleText(t, Options{Once: true}, func(h *hub.Hub, c *Console) {
		h.Publish(event.Event{Body: event.Ready{Capsules: 2}})
		h.Publish(event.Event{Body: event.Idle{Capsules: 2, Failed: 1}})
		h.Publish(event.Event{Body: event.Idle{Capsules: 2}})
	})
	if want := "done       1 of 2 capsules failed\ndone       2 capsules\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestHintOfSeveralLinesIsIndented(t *testing.T) {
	got := consoleText(t, Options{}, func(h *hub.Hub, c *Console) {
		h.Publish(event.Event{Body: event.Warning{Message: "m", Hint: "write\n[a]\nb = 1\n"}})
	})
	want := "warning    m\n           hint: write\n                 [a]\n                 b = 1\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// On a narrow terminal the first line of an entry is cut between words too, and
// goes on where its text began.
func TestConsoleWrapsTheFirstLine(t *testing.T) {
	got := consoleText(t, Options{Width: func() int { return 60 }}, func(h *hub.Hub, c *Console) {
		h.Publish(event.Event{Capsule: "hello", Dir: "/hello", Body: event.Reload{Generation: 2, Artifact: event.Artifact{Size: 3 << 20, Type: "core"}, BuildMS: 150, SmokeMS: 140, LatencyMS: 510}})
	})
	want := "reload     hello  #2  3.0 MB core  built 0.15 s,\n  loaded 0.14 s, 0.51 s after the edit\n"
	if _, got, _ := strings.Cut(got, " "); got != want { // after the time
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// What a reload said of why the runtime would not load it is not said again below that it is
// not live; of what stood published before there was no reload.
func TestConsoleSaysOnceWhyNotLive(t *testing.T) {
	found := []finding.Finding{{Code: "kernel-wasi", Message: "it imports wasi", Hint: "do not"}, {Code: "kernel-gc", Message: "it needs gc"}}
	got := consoleText(t, Options{}, func(h *hub.Hub, _ *Console) {
		h.Publish(event.Event{Capsule: "a", Dir: "/a", Body: event.Reload{Findings: found}})
		h.Publish(event.Event{Capsule: "a", Dir: "/a", Body: event.LiveFailed{Reason: "it is not installed", Findings: found}})
		h.Publish(event.Event{Capsule: "b", Dir: "/b", Body: event.LiveFailed{Reason: "it is not installed", Findings: found}})
	})
	if n := strings.Count(got, "it imports wasi"); n != 2 || strings.Count(got, "it is not installed") != 2 {
		t.Errorf("said %d times:\n%s", n, got)
	}
}
