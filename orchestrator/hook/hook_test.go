//go:build unix

package hook

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

const (
	someHash  = "1f3a9c02d4e5b6a798877665544332211000ffeeddccbbaa9988776655443322"
	otherHash = "aa3a9c02d4e5b6a798877665544332211000ffeeddccbbaa9988776655443322"
)

func TestMain(m *testing.M) {
	testkit.Handle(proc.Main)
	goleak.VerifyTestMain(m)
}

// warned collects a hook's warnings, and the ends of its runs.
type warned struct {
	mu    sync.Mutex
	list  []event.Event
	ended []event.HookEnded
}

func (w *warned) add(e event.Event, body event.Body) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if end, ok := body.(event.HookEnded); ok {
		w.ended = append(w.ended, end)
		return
	}
	w.list = append(w.list, event.Event{Capsule: e.Capsule, Dir: e.Dir, Body: body})
}

func start(t *testing.T, o Options) (*hub.Hub, *Hook, *warned) {
	t.Helper()
	w := &warned{}
	o.Env, o.Say = os.Environ(), w.add
	events := hub.New()
	h, err := New(events, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return events, h, w
}

func reload(name string, generation int) event.Event {
	return event.Event{Capsule: name, Dir: "/caps/" + name, Body: event.Reload{
		Artifact: event.Artifact{Path: "/caps/" + name + "/d i s t.wasm", Hash: otherHash}, SourceHash: someHash, Generation: generation}}
}

func TestHookGetsTheEvent(t *testing.T) {
	dir := t.TempDir()
	events, h, w := start(t, Options{Dir: dir, Command: `sh -c 'cat >event; printf "%s\n" "$CAPSULE_NAME" "$CAPSULE_DIR" "$CAPSULE_ARTIFACT" "$ARTIFACT_HASH" "$SOURCE_HASH" "$GENERATION" "$1" >env' - "a  \$HOME b"`})
	e := reload("hello", 3)
	for _, other := range []event.Body{event.Ready{}, event.Change{}, event.Unchanged{}, event.BuildFailed{}, event.Idle{}} {
		events.Publish(event.Event{Capsule: "hello", Dir: "/caps/hello", Body: other}) // none of these runs it
	}
	all := events.Subscribe(0, hub.Latest(func(e event.Event) bool { return e.Body.Kind() == "reload" }))
	events.Publish(e)
	published, _ := all.Next()
	events.Close()
	if err := h.Wait(t.Context()); err != nil || len(w.list) > 0 {
		t.Fatal(err, w.list)
	}
	line, err := os.ReadFile(filepath.Join(dir, "event"))
	var got flat.Event
	if err != nil || json.Unmarshal(line, &got) != nil || strings.Count(string(line), "\n") != 1 {
		t.Fatalf("%v: %q", err, line)
	}
	if diff := cmp.Diff(flat.Of(published.Event), got); diff != "" {
		t.Error(diff)
	}
	env, _ := os.ReadFile(filepath.Join(dir, "env"))
	if want := strings.Join([]string{"hello", "/caps/hello", "/caps/hello/d i s t.wasm", otherHash, someHash, "3", "a  $HOME b", ""}, "\n"); string(env) != want {
		t.Errorf("%s", cmp.Diff(want, string(env)))
	}
}

func TestHookRunsOneAtATimeAndKeepsTheNewest(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "go")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	r, out := io.Pipe()
	events, h, w := start(t, Options{Dir: dir, Command: `sh -c 'echo begin $CAPSULE_NAME $GENERATION; [ $GENERATION = 1 ] && cat go >/dev/null; echo end $CAPSULE_NAME $GENERATION'`,
		Output: func(string) io.Writer { return out }})
	lines := bufio.NewScanner(r)
	expect := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("%q, not %q", lines.Text(), want)
		}
	}
	events.Publish(reload("a", 1))
	expect("begin a 1")
	for generation := range 4 {
		events.Publish(reload("a", generation+2)) // while the first runs
	}
	events.Publish(reload("b", 9)) // another capsule does not wait
	expect("begin b 9")
	expect("end b 9")
	if err := os.WriteFile(fifo, []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	expect("end a 1")
	expect("begin a 5")
	expect("end a 5")
	events.Close()
	if err := h.Wait(t.Context()); err != nil || len(w.list) > 0 {
		t.Error(err, w.list)
	}
	if len(w.ended) != 3 || w.ended[2].Generation != 5 || w.ended[2].After != "reload" || w.ended[2].Reason != "" || w.ended[2].SourceHash != someHash {
		t.Errorf("the runs ended in %+v", w.ended)
	}
}

// From the moment at which an event is published a run is owed, until who follows the runs was told
// that the last one has ended: nobody ever finds the hook at rest between the two.
func TestHookIsBusyUntilItsLastRunHasEnded(t *testing.T) {
	events := hub.New()
	runs := make(chan string)
	var h *Hook
	tell := func(what string) {
		if h.Busy() {
			what += ", busy"
		}
		runs <- what
	}
	h, err := New(events, Options{Command: "true", Env: os.Environ(),
		Say:     func(_ event.Event, body event.Body) { tell(string(body.Kind())) },
		Running: func(_ string, running bool) { tell(fmt.Sprintf("runs: %t", running)) },
	})
	testkit.Check(t, err)
	defer h.Close()
	expect := func(want ...string) {
		t.Helper()
		for _, w := range want {
			if got := <-runs; got != w {
				t.Fatalf("%q, want %q", got, w)
			}
		}
	}
	events.Publish(event.Event{Dir: "/caps/a", Body: event.BuildFailed{}})
	if h.Busy() {
		t.Error("a run is owed to an event that it is not run after")
	}
	events.Publish(reload("a", 1))
	if !h.Busy() {
		t.Error("no run is owed to a reload that was just published")
	}
	expect("runs: true, busy", "hook_ended, busy", "runs: false")
	events.Publish(reload("a", 2))
	expect("runs: true, busy")
	events.Publish(reload("a", 3)) // while that one runs
	expect("hook_ended, busy", "runs: false, busy", "runs: true, busy", "hook_ended, busy", "runs: false")
}

func TestHookFailureIsAWarning(t *testing.T) {
	for command, want := range map[string]string{
		`sh -c 'echo first; echo the reason >&2; exit 4'`: "failed: it ended with exit code 4: the reason",
		`sh -c 'kill -9 $$'`:                              "failed: SIGKILL ended it",
		`sleep 60`:                                        "failed: it was ended after 300ms",
		`no-such-command`:                                 `failed: running "no-such-command": executable file not found`,
		`sh -c 'exit 1'`:                                  "failed: it ended with exit code 1",
	} {
		limit := time.Minute // longer than a slow machine takes for one that ends by itself
		if strings.HasPrefix(command, "sleep") {
			limit = 300 * time.Millisecond
		}
		events, h, w := start(t, Options{Command: command, Timeout: limit})
		events.Publish(reload("a", 2))
		events.Close()
		if err := h.Wait(t.Context()); err != nil || len(w.list) != 1 {
			t.Errorf("%s: %v, %v", command, err, w.list)
			continue
		}
		if len(w.ended) != 1 || w.ended[0].Reason == "" || w.ended[0].Generation != 2 || w.ended[0].ExitCode == 0 {
			t.Errorf("%s ended in %+v", command, w.ended)
		}
		if e := flat.Of(w.list[0]); e.Code != "hook-failed" || e.Dir != "/caps/a" || e.Capsule != "a" || !strings.Contains(e.Message, "reload #2 "+want) {
			t.Errorf("%s: %+v", command, e)
		}
	}
}

func TestHookCloseEndsWhatRuns(t *testing.T) {
	r, out := io.Pipe()
	events, h, w := start(t, Options{Command: `sh -c 'echo $$; sleep 60 & sleep 60'`, Output: func(string) io.Writer { return out }})
	events.Publish(reload("a", 1))
	events.Publish(reload("a", 2))
	var pid int
	if _, err := fmt.Fscan(r, &pid); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil || len(w.list) > 0 {
		t.Error(err, w.list)
	}
	if err := syscall.Kill(-pid, 0); err != syscall.ESRCH {
		t.Errorf("its group is still there: %v", err)
	}
	events.Publish(reload("a", 3)) // does nothing
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestHookCommandLines(t *testing.T) {
	for line, want := range map[string][]string{
		`notify reload`:         {"notify", "reload"},
		`a 'b c' "d e" f\ g ""`: {"a", "b c", "d e", "f g", ""},
		`echo $HOME ~ *.go`:     {"echo", "$HOME", "~", "*.go"},
		"a $(touch x) `id`":     {"a", "$(touch x)", "`id`"}, // as they stand
		`sh -c 'a | b > c; d'`:  {"sh", "-c", "a | b > c; d"},
	} {
		got, err := words(line)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", line, err, diff)
		}
	}
	for line, want := range map[string]string{
		"": "it is empty", "  ": "it is empty", `""`: "it is empty",
		`a | b`: `"| b" needs a shell`, `a > b`: "needs a shell", `a; b`: "needs a shell", `a && b`: "needs a shell",
		`a 'b`: "do not match", `a "b`: "do not match",
		`a (b)`: "needs a shell",
	} {
		if got, err := words(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", line, got, err)
		}
		if _, err := New(hub.New(), Options{Command: line}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", line)) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// A command of --on-live runs after what is live, and not after reloads.
func TestHookAfterLive(t *testing.T) {
	dir := t.TempDir()
	events, h, w := start(t, Options{After: Live, Dir: dir, Command: `sh -c 'cat >>events; echo "$CAPSULE_NAME $ARTIFACT_HASH $SOURCE_HASH $GENERATION$CAPSULE_ARTIFACT" >>env; exit 3'`})
	events.Publish(reload("hello", 3))
	events.Publish(event.Event{Capsule: "hello", Dir: "/caps/hello", Body: event.Live{SourceHash: someHash, Hash: otherHash, Generation: 2}})
	events.Close()
	if err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	line, _ := os.ReadFile(filepath.Join(dir, "events"))
	env, _ := os.ReadFile(filepath.Join(dir, "env"))
	if strings.Count(string(line), "\n") != 1 || !strings.Contains(string(line), `"type":"live"`) || string(env) != "hello "+otherHash+" "+someHash+" 2\n" {
		t.Errorf("%s%s", line, env)
	}
	if len(w.list) != 1 || !strings.Contains(w.list[0].Body.(event.Warning).Message, "after live reload #2 failed") {
		t.Errorf("%+v", w.list)
	}
}

// A command runs after each failure, or at the first success that follows one, and no other.
func TestHookFilters(t *testing.T) {
	again := event.BuildFailed{Reason: "it failed before"} // said again, and nothing new
	for after, want := range map[*Event]string{&Failed: "a b a ", &Mended: "a a c "} {
		h, ran := &Hook{failed: map[string]bool{}}, ""
		for _, e := range []struct {
			name string
			body event.Body
		}{
			{"a", event.Reload{}}, {"a", event.BuildFailed{}}, {"b", event.SmokeFailed{}}, {"a", event.Reload{}}, {"a", event.Reload{}},
			{"b", event.CapsuleRemoved{}}, {"b", event.Reload{}}, {"a", event.Held{}}, {"a", event.Unchanged{State: event.OnHold}}, {"a", event.Unchanged{}},
			{"c", again}, {"c", event.BuildStarted{}}, {"c", event.Reload{}},
		} {
			if after.wants(h, event.Event{Capsule: e.name, Dir: "/caps/" + e.name, Body: e.body}) {
				ran += e.name + " "
			}
		}
		if ran != want {
			t.Errorf("%s ran for %q, want %q", after.Flag, ran, want)
		}
	}
}

// One that runs after a failure is told of it, and its own failure says after what it ran.
func TestHookAfterAFailure(t *testing.T) {
	dir := t.TempDir()
	events, h, w := start(t, Options{After: Failed, Dir: dir, Command: `sh -c 'printf "%s %s" $CAPSULE_NAME $SOURCE_HASH >ran; exit 3'`})
	events.Publish(event.Event{Capsule: "a", Dir: "/caps/a", Body: event.BuildFailed{SourceHash: someHash}})
	events.Close()
	if err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ran, _ := os.ReadFile(filepath.Join(dir, "ran")); string(ran) != "a "+someHash {
		t.Errorf("%q", ran)
	}
	if len(w.list) != 1 || !strings.Contains(fmt.Sprint(w.list[0].Body), "the command after a failure failed: it ended with exit code 3") {
		t.Errorf("%+v", w.list)
	}
}
