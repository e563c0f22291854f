package session

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

func TestMain(m *testing.M) {
	testkit.Handle(builder.Main)
	goleak.VerifyTestMain(m)
}

// small writes one whose build copies its only source, the smallest module there is.
func small(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh to build with")
	}
	dir := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "Capsule.toml", manifestOf("small"))
	write(t, dir, "source", "\x00asm\x01\x00\x00\x00")
	return dir
}

// manifestOf is that of such a capsule.
func manifestOf(name string) string {
	return `[package]
name = "` + name + `"
version = "0.1.0"

[[component]]
id = "` + name + `"
file = "` + name + `.wasm"

[package.metadata.astrid-dev]
build = ["/bin/sh", "-c", "cat source >$CAPSULE_OUT"]
`
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// await reads events until one is of this kind.
func await(t *testing.T, s *hub.Subscription, kind event.Kind) event.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for s.Wait(ctx) == nil {
		for item, ok := s.Next(); ok; item, ok = s.Next() {
			if item.Event.Body.Kind() == kind {
				return item.Event
			}
			t.Logf("%s", bytes.TrimSpace(item.Line))
		}
	}
	t.Fatalf("no %s: %v", kind, s.Err())
	return event.Event{}
}

// A program without a command line builds, and is told how everything stands.
func TestBuild(t *testing.T) {
	dir := small(t)
	for range 2 { // the second time it is up to date
		var lines, said bytes.Buffer
		out, err := Build(t.Context(), Options{Roots: []string{dir}, Lines: &lines, Person: &said})
		if err != nil || !out.Done || out.Failed != 0 || len(out.Capsules) != 1 || out.Capsules[0].State != event.Good {
			t.Fatalf("%v %+v\n%s", err, out, &said)
		}
		if got := lines.String(); !strings.HasSuffix(got, "}\n") || !strings.Contains(got, `"type":"idle"`) || !strings.Contains(said.String(), "done       1 capsule") {
			t.Errorf("%s%s", got, &said)
		}
	}
	write(t, dir, "source", "no module")
	out, err := Build(t.Context(), Options{Roots: []string{dir}})
	if err != nil || !out.Done || out.Failed != 1 || out.Capsules[0].State != event.Failed {
		t.Errorf("%v %+v", err, out)
	}
}

// A program follows what a session does through its own hub, and one that comes late
// learns how everything stands.
func TestWatch(t *testing.T) {
	dir := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	h := hub.New()
	events := h.Subscribe(0, hub.Fail(1<<20))
	ended := make(chan error)
	again := make(chan rune)
	go func() {
		ended <- Watch(ctx, WatchOptions{Options: Options{Roots: []string{dir}, Hub: h}, Quiet: 50 * time.Millisecond, Keys: again})
	}()
	first, _ := await(t, events, "reload").Body.(event.Reload)
	await(t, events, "idle")
	write(t, dir, "source", "\x00asm\x01\x00\x00\x00\x00\x02\x01a")
	second, _ := await(t, events, "reload").Body.(event.Reload)
	if first.Generation != 1 || second.Generation != 2 || second.PreviousHash != first.SourceHash {
		t.Errorf("%+v, then %+v", first, second)
	}
	await(t, events, "idle")
	again <- 'r'
	snapshot, _ := await(t, h.Subscribe(1<<40, hub.Fail(1<<20)), "snapshot").Body.(event.Snapshot)
	if s := snapshot.Standing; len(s) != 1 || !snapshot.Ready || s[0].Capsule != "small" || s[0].Generation != 2 || s[0].SourceHash != second.SourceHash {
		t.Errorf("%+v", snapshot)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	<-events.Done()
}

// broken is a writer whose reader is gone.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// Nobody takes the events that were written for all when some were not.
func TestLinesThatCannotBeWrittenEndIt(t *testing.T) {
	dir := small(t)
	if err := Watch(t.Context(), WatchOptions{Options: Options{Roots: []string{dir}, Lines: broken{}}}); err == nil || !strings.Contains(err.Error(), "writing events: no space left") {
		t.Error(err)
	}
}

func TestACommandThatCannotBeRead(t *testing.T) {
	if err := Watch(t.Context(), WatchOptions{Options: Options{Roots: []string{t.TempDir()}, Person: &bytes.Buffer{}}, OnReload: "a | b"}); err == nil {
		t.Error("it was taken")
	}
}

// A watch that is shown answers who has the token of its URL, and nobody when it has ended.
func TestAWatchIsShown(t *testing.T) {
	dir := small(t)
	h := hub.New()
	events := h.Subscribe(0, hub.Fail(1<<20))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Watch(ctx, WatchOptions{Options: Options{Roots: []string{dir}, Hub: h}, Serve: new(string)})
	}()
	said, _ := await(t, events, event.Serving{}.Kind()).Body.(event.Serving)
	await(t, events, event.Reload{}.Kind())
	at, token, _ := strings.Cut(said.URL, "/#token=")
	ask := func() (int, string, error) {
		r, err := http.NewRequestWithContext(t.Context(), "GET", at+"/api/status", nil)
		testkit.Check(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return answer.StatusCode, string(body), err
	}
	if status, body, err := ask(); err != nil || status != http.StatusOK || !strings.Contains(body, `"state":"good"`) {
		t.Errorf("%d %s %v", status, body, err)
	}
	cancel()
	testkit.Check(t, <-ended)
	http.DefaultClient.CloseIdleConnections()
	if status, _, err := ask(); err == nil {
		t.Errorf("the page of a watch that has ended is answered with %d", status)
	}
	var wrong *usage.Error
	if err := Watch(t.Context(), WatchOptions{Options: Options{Roots: []string{dir}}, Serve: ptr(":nothing")}); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
}

func ptr(s string) *string { return &s }

// Who is told that all is idle finds every command ended, and was told of that end before.
func TestIdleComesAfterCommands(t *testing.T) {
	dir := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h := hub.New()
	events := h.Subscribe(0, hub.Fail(1<<20))
	ended := make(chan error, 1)
	go func() {
		ended <- Watch(ctx, WatchOptions{Options: Options{Roots: []string{dir}, Hub: h}, Quiet: 50 * time.Millisecond,
			OnReload: "sh -c 'until [ -e \"$CAPSULE_DIR/../go\" ]; do sleep 0.01; done; exit 3'"})
	}()
	await(t, events, event.Reload{}.Kind())
	time.Sleep(200 * time.Millisecond) // in which idle would be said, if it did not wait
	write(t, filepath.Dir(dir), "go", "")
	var said []string
	for len(said) == 0 || said[len(said)-1] != "idle" {
		testkit.Check(t, events.Wait(t.Context()))
		if item, ok := events.Next(); ok && item.Event.Body.Kind() != "snapshot" {
			said = append(said, string(item.Event.Body.Kind()))
		}
	}
	if got := strings.Join(said, " "); got != "warning hook_ended idle" {
		t.Errorf("%s", got)
	}
	cancel()
	testkit.Check(t, <-ended)
}
