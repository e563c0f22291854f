package live

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// session is a Live with a private runtime of its own.
type session struct {
	dir    string // of the capsule
	hub    *hub.Hub
	daemon *daemon.Daemon
	said   chan event.Body
	words  lines
}

// lines is a writer that several may use.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newSession(tb testing.TB) *session {
	tb.Helper()
	program, err := daemon.Find("")
	if err != nil {
		testkit.Skip(tb, "%v; .ci/astrid installs it, and .ci/env puts it in PATH", err)
	}
	s := &session{dir: tb.TempDir(), hub: hub.New(), said: make(chan event.Body, 100)}
	manifest, err := os.ReadFile("../../builder/daemon/testdata/speaker/Capsule.toml")
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "Capsule.toml"), manifest, 0o644); err != nil {
		tb.Fatal(err)
	}
	s.daemon = daemon.New(daemon.Options{Program: program, Env: os.Environ()})
	tb.Cleanup(s.daemon.Close)
	l := New(s.hub, Options{Runtime: Isolated(s.daemon), Output: func(string) io.Writer { return &s.words },
		Say: func(_, _ string, body event.Body) { s.said <- body }})
	tb.Cleanup(l.Close)
	return s
}

// reload publishes the module whose tool is called name, of five letters.
func (s *session) reload(tb testing.TB, generation int, name string) {
	tb.Helper()
	module, err := os.ReadFile("../../builder/daemon/testdata/speaker/speaker.wasm")
	if err != nil {
		tb.Fatal(err)
	}
	blob := filepath.Join(s.dir, name+".blob")
	if err := os.WriteFile(blob, bytes.ReplaceAll(module, []byte("greet"), []byte(name)), 0o644); err != nil {
		tb.Fatal(err)
	}
	s.hub.Publish(event.Event{Capsule: "speaker", Dir: s.dir, Body: event.Reload{Generation: generation, Artifact: event.Artifact{Blob: blob, Hash: name}}})
}

// live is the next word, which must be that it is live.
func (s *session) live(tb testing.TB) event.Live {
	tb.Helper()
	select {
	case body := <-s.said:
		if e, live := body.(event.Live); live {
			return e
		}
		tb.Fatalf("%+v", body)
	case <-time.After(testkit.Patience):
		tb.Fatal("nothing is said")
	}
	return event.Live{}
}

// The real runtime runs what was reloaded: it lists the tools of the new module, answers its
// command, and what that logs is shown.
func TestTheRealRuntime(t *testing.T) {
	testkit.Long(t)
	s := newSession(t)
	for i, name := range []string{"greet", "shout"} {
		s.reload(t, i+1, name)
		e := s.live(t)
		if e.Generation != i+1 || e.Hash != name || e.Runtime != "isolated" || e.LiveMS == 0 || len(e.Tools) != 1 || e.Tools[0].Name != name {
			t.Fatalf("%+v", e)
		}
	}
	link, err := s.daemon.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said, err := link.Run(t.Context(), "speaker", "say", "hello")
	if err != nil || said.Output != "HELLO" {
		t.Fatalf("%+v, %v", said, err)
	}
	for deadline := time.Now().Add(testkit.Patience); s.words.String() == ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what the capsule logs is not shown")
		}
	}
	if got := s.words.String(); got != "asked to say hello\n" {
		t.Errorf("%q", got)
	}
}

// From the announcement of a reload to the word that it is live; runtime-ms of it are the
// runtime's own. Another process takes the place of one that took ten.
func BenchmarkReloadToLive(b *testing.B) {
	s := newSession(b)
	s.reload(b, 1, "first")
	s.live(b)
	installs, n := int64(0), 0
	for ; b.Loop(); n++ {
		s.reload(b, n+2, string(rune('a'+n%26))+"bcde")
		installs += s.live(b).LiveMS
	}
	b.ReportMetric(float64(installs)/float64(n), "runtime-ms/op")
}
