package live

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

func TestMain(m *testing.M) {
	testkit.Handle(proc.Main, daemon.Main)
	goleak.VerifyTestMain(m)
}

// world is a runtime that behaves as the real one does, in virtual time: a sliding limit, half
// a second for an install, and a package that is kept although it was refused.
type world struct {
	t    *testing.T
	hub  *hub.Hub
	dir  string
	more string // lines of manifests

	mu      sync.Mutex
	up      bool
	gone    chan struct{}
	taken   []time.Time
	runs    map[string]string // module by capsule
	keeps   map[string]string
	deadly  string // an install of this module ends the process
	history []string
	said    []string // events of live, in words
}

func newWorld(t *testing.T) *world {
	return &world{t: t, hub: hub.New(), dir: t.TempDir(), up: true, gone: make(chan struct{}), runs: map[string]string{}, keeps: map[string]string{}}
}

const installTakes = 500 * time.Millisecond

func (w *world) Install(ctx context.Context, p daemon.Parcel) (*daemon.Answer, error) {
	module := p.Folder
	if p.Archive != nil {
		module = moduleOf(w.t, p.Archive)
	}
	w.mu.Lock()
	gone := w.gone
	if !w.up {
		w.mu.Unlock()
		return nil, daemon.ErrGone
	}
	now := time.Now()
	w.taken = slices.DeleteFunc(w.taken, func(at time.Time) bool { return now.Sub(at) >= daemon.InstallWindow })
	if len(w.taken) >= daemon.MaxInstalls {
		w.history = append(w.history, "limited")
		w.mu.Unlock()
		return nil, daemon.ErrLimited
	}
	w.taken = append(w.taken, now)
	w.mu.Unlock()
	select {
	case <-time.After(installTakes):
	case <-gone:
		return nil, daemon.ErrGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if module == w.deadly {
		w.stop()
		return nil, daemon.ErrGone
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history = append(w.history, p.Name+"="+module)
	w.keeps[p.Name] = module
	if strings.HasPrefix(module, "bad") {
		return &daemon.Answer{Findings: []finding.Finding{{Code: finding.IsolatedRefused, Message: "the runtime refuses it"}}}, nil
	}
	w.runs[p.Name] = module
	return &daemon.Answer{Loaded: true, TookMS: installTakes.Milliseconds(), Tools: []daemon.Tool{{Name: module}}}, nil
}

func (w *world) Installed(_ context.Context, name string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keeps[name], nil
}

func (w *world) Package(name, digest string) (string, error) { return digest, nil }

func (w *world) Remove(_ context.Context, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.keeps, name)
	return nil
}

func (w *world) Keys(context.Context, string) (map[string]bool, error) { return map[string]bool{}, nil }
func (w *world) LogDir() string                                        { return filepath.Join(w.dir, "logs") }
func (w *world) Close()                                                {}

// link is a connection to the world's process of the moment.
type link struct {
	*world
	gone chan struct{}
}

func (l *link) Gone() <-chan struct{} { return l.gone }

// ran is the runtime's own view: what runs, what it keeps, what was installed.
func (w *world) ran() (runs, keeps map[string]string, history string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.runs), maps.Clone(w.keeps), strings.Join(w.history, " ")
}

// had makes module what the runtime had of a capsule before.
func (w *world) had(name, module string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keeps[name], w.runs[name] = module, module
}

// isUp reports whether the runtime runs.
func (w *world) isUp() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.up
}

// stop ends the runtime, start begins it again: it loads what it keeps.
func (w *world) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up = false
	w.runs, w.taken = map[string]string{}, nil
	close(w.gone)
}

func (w *world) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up, w.gone = true, make(chan struct{})
	for name, module := range w.keeps {
		if !strings.HasPrefix(module, "bad") {
			w.runs[name] = module
		}
	}
}

func (w *world) connect(context.Context) (Link, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.up {
		return nil, daemon.ErrGone
	}
	return &link{w, w.gone}, nil
}

// user is the world's runtime as its user's, and own as the session's own.
func (w *world) user() Runtime { return Runtime{Kind: "live", Connect: w.connect} }

func (w *world) own() Runtime {
	return Runtime{Kind: "isolated", Connect: w.connect, Renew: func() {
		w.stop()
		w.start()
	}}
}

func (w *world) live(o Options) *Live {
	o.Say = func(dir, name string, body event.Body) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.said = append(w.said, inWords(name, body))
	}
	return New(w.hub, o)
}

func inWords(name string, body event.Body) string {
	switch b := body.(type) {
	case event.Live:
		return strings.TrimSpace(fmt.Sprintf("live %s #%d %s", name, b.Generation, b.Reason))
	case event.LiveFailed:
		return fmt.Sprintf("not live %s #%d %s", name, b.Generation, b.Reason)
	case event.Warning:
		return strings.Join(strings.Fields(fmt.Sprintf("warning %s %s", name, b.Code)), " ")
	}
	return "?"
}

// reload has the capsule called name published with the module.
func (w *world) reload(name string, generation int, module string, found ...finding.Finding) {
	w.t.Helper()
	dir, artifact := w.publish(name, module)
	w.hub.Publish(event.Event{Capsule: name, Dir: dir, Body: event.Reload{Generation: generation, SourceHash: module, Findings: found, Artifact: artifact, LatencyMS: 700}})
}

// unchanged says that it stands published, and whether a build made it again.
func (w *world) unchanged(name, sources, module string, rebuilt bool) {
	w.t.Helper()
	dir, artifact := w.publish(name, module)
	w.hub.Publish(event.Event{Capsule: name, Dir: dir, Body: event.Unchanged{SourceHash: sources, Rebuilt: rebuilt, Artifact: artifact}})
}

// publish writes a capsule and its module.
func (w *world) publish(name, module string) (dir string, artifact event.Artifact) {
	w.t.Helper()
	dir = filepath.Join(w.dir, name)
	blob := filepath.Join(dir, module+".blob")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	manifest := fmt.Sprintf("[package]\nname = %q\nversion = \"1.0.0\"\n%s\n[[component]]\nid = %q\nfile = \"m.wasm\"\n", name, w.more, name)
	for path, content := range map[string]string{filepath.Join(dir, "Capsule.toml"): manifest, blob: module} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	return dir, event.Artifact{Blob: blob, Hash: module}
}

// moduleOf is the module in an archive.
func moduleOf(t *testing.T, write func(io.Writer) error) string {
	var archive bytes.Buffer
	if err := write(&archive); err != nil {
		t.Fatal(err)
	}
	content, err := gzip.NewReader(&archive)
	if err != nil {
		t.Fatal(err)
	}
	for entries := tar.NewReader(content); ; {
		h, err := entries.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "m.wasm" {
			module, _ := io.ReadAll(entries)
			return string(module)
		}
	}
}

// told is what was said since it was asked last.
func (w *world) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := strings.Join(w.said, "\n")
	w.said = nil
	return said
}

// inWorld runs do with a Live in virtual time.
func inWorld(t *testing.T, runtime func(*world) Runtime, do func(*world, *Live)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		l := w.live(Options{Runtime: runtime(w), Rollback: true})
		do(w, l)
		l.Close()
		w.hub.Close()
	})
}

func (w *world) check(want ...string) {
	w.t.Helper()
	if got := w.told(); got != strings.Join(want, "\n") {
		w.t.Errorf("said:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

func TestLive(t *testing.T) {
	inWorld(t, (*world).user, func(w *world, l *Live) {
		w.reload("a", 1, "one")
		time.Sleep(time.Second)
		w.check("live a #1")
		w.reload("a", 2, "one") // other sources, the same bytes
		time.Sleep(time.Second)
		w.check("live a #2 these bytes run already")
		notReady := finding.Finding{Code: finding.KernelNotComponent, Message: "it is a core module"}
		w.reload("a", 3, "core", notReady)
		time.Sleep(time.Second)
		w.reload("a", 4, "core too", notReady)
		time.Sleep(time.Second)
		w.check("not live a #3 it is not installed: the runtime would not load it") // once
		if _, _, history := w.ran(); history != "a=one" {
			t.Error(history)
		}
	})
}

// Between the announcement of a reload and its install nothing of ours waits, nor between the runtime's
// answer and the word that it is live: in virtual time, in which only waits take any, a reload is live
// exactly as late as the runtime's install takes. An edit is live when its build and that are over.
func TestNothingOfOursWaits(t *testing.T) {
	for _, runtime := range []func(*world) Runtime{(*world).user, (*world).own} {
		inWorld(t, runtime, func(w *world, _ *Live) {
			synctest.Wait() // it is connected
			for i := 1; i <= daemon.MaxInstalls; i++ {
				w.reload("a", i, fmt.Sprint("m", i))
				time.Sleep(installTakes - time.Nanosecond)
				synctest.Wait()
				w.check()
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				w.check(fmt.Sprintf("live a #%d", i))
			}
		})
	}
}

// Half a minute of edits in two capsules, faster than the runtime takes them: it refuses none,
// nobody waits longer than a minute, and what is live at the end is the newest.
func TestThirtyEditsInAMinute(t *testing.T) {
	for _, runtime := range []func(*world) Runtime{(*world).user, (*world).own} {
		inWorld(t, runtime, func(w *world, l *Live) {
			for i := 1; i <= 30; i++ {
				w.reload([]string{"a", "b"}[i%2], i, fmt.Sprint("m", i))
				time.Sleep(2 * time.Second)
			}
			time.Sleep(time.Minute)
			runs, _, history := w.ran()
			if runs["a"] != "m30" || runs["b"] != "m29" || strings.Contains(history, "limited") {
				t.Errorf("%v; %s", runs, history)
			}
			said := w.told()
			if last := said[strings.LastIndex(said, "\n")+1:]; !strings.HasPrefix(last, "live") {
				t.Error(last)
			}
			paced := strings.Count(said, "live-paced")
			installed := strings.Count(history, " ") + 1
			if own := l.o.Runtime.own(); own != (paced == 0) || !own && installed > 22 {
				t.Errorf("paced %d times, installed %d times", paced, installed)
			}
		})
	}
}

// Twenty-two capsules in private: two renewals, each installed once, none waits, and it is said once that
// they are not in one process.
func TestMoreCapsulesThanOneProcessTakes(t *testing.T) {
	inWorld(t, (*world).own, func(w *world, _ *Live) {
		for i := range 22 {
			w.reload(fmt.Sprint("c", i), 1, "m")
		}
		time.Sleep(22 * installTakes) // the installs alone; a wait for the limit would be a minute
		synctest.Wait()
		_, _, history := w.ran()
		if installs := strings.Fields(history); len(installs) != 22 || strings.Contains(history, "limited") {
			t.Errorf("%d installs: %s", len(installs), history)
		}
		said := w.told()
		if strings.Count(said, "live c") != 22 || strings.Count(said, "warning live-paced") != 1 {
			t.Error(said)
		}
	})
}

func TestRollback(t *testing.T) {
	inWorld(t, (*world).user, func(w *world, l *Live) {
		w.reload("a", 1, "one")
		time.Sleep(time.Second)
		w.reload("a", 2, "bad")
		time.Sleep(2 * time.Second)
		w.check("live a #1", "not live a #2 the runtime refuses it", "live a #1 the last good one was put back")
		if _, keeps, _ := w.ran(); keeps["a"] != "one" {
			t.Error(keeps)
		}
		w.reload("a", 3, "bad") // the same bytes
		w.reload("new", 1, "bad too")
		time.Sleep(2 * time.Second)
		w.check("not live a #3 the runtime refused the same bytes before", "not live new #1 the runtime refuses it", "warning new live-removed")
		if _, keeps, _ := w.ran(); keeps["new"] != "" {
			t.Error(keeps)
		}
		l.Retry([]string{filepath.Join(w.dir, "a"), "unknown"})
		time.Sleep(2 * time.Second)
		w.check("not live a #3 the runtime refuses it", "live a #1 the last good one was put back") // what it refused, once more
		w.reload("a", 4, "two")
		time.Sleep(time.Second)
		w.check("live a #4")
		l.Retry([]string{filepath.Join(w.dir, "a")}) // nothing is refused
		time.Sleep(time.Second)
		w.check()
	})
}

// What the runtime had before this session is put back as well.
func TestRollbackToWhatWasThere(t *testing.T) {
	inWorld(t, (*world).user, func(w *world, l *Live) {
		w.had("a", "old")
		w.reload("a", 1, "bad")
		time.Sleep(2 * time.Second)
		w.check("not live a #1 the runtime refuses it", "live a #0 the last good one was put back")
		if _, keeps, _ := w.ran(); keeps["a"] != "old" {
			t.Error(keeps)
		}
	})
}

func TestTheRuntimeStopsAndComesBack(t *testing.T) {
	inWorld(t, (*world).user, func(w *world, l *Live) {
		w.reload("a", 1, "one")
		w.reload("b", 1, "one")
		time.Sleep(2 * time.Second)
		w.check("live a #1", "live b #1")
		w.stop()
		time.Sleep(time.Minute)
		w.reload("a", 2, "two")
		time.Sleep(time.Minute)
		w.check("warning live-gone") // once
		w.start()
		time.Sleep(3 * time.Second)
		w.check("live a #2", "live b #1 the runtime is back")

		// in the middle of an install
		w.reload("a", 3, "three")
		time.Sleep(installTakes / 2)
		w.stop()
		time.Sleep(time.Second)
		w.start()
		time.Sleep(3 * time.Second)
		w.check("warning live-gone", "live a #3", "live b #1 the runtime is back")

		// what ends the runtime is tried twice, and the last good one comes back
		w.mu.Lock()
		w.deadly = "deadly"
		w.mu.Unlock()
		w.reload("a", 4, "deadly")
		for range 4 {
			time.Sleep(3 * time.Second)
			if !w.isUp() {
				w.start()
			}
		}
		time.Sleep(3 * time.Second)
		if runs, _, _ := w.ran(); runs["a"] != "three" || runs["b"] != "one" || !w.isUp() {
			t.Errorf("%v", runs)
		}
		if said := w.told(); strings.Count(said, "not live a #4 the runtime went away twice") != 1 || strings.Count(said, "live-gone") != 2 {
			t.Error(said)
		}
	})
}

// No runtime at the beginning is said once, and waited for.
func TestNoRuntimeYet(t *testing.T) {
	inWorld(t, func(w *world) Runtime { w.stop(); return w.user() }, func(w *world, l *Live) {
		w.reload("a", 1, "one")
		time.Sleep(time.Minute)
		w.check("warning live-gone")
		w.start()
		time.Sleep(2 * time.Second)
		w.check("live a #1")
	})
}

// A private runtime that does not start is started again, later each time, and its reason is
// said once.
func TestAPrivateRuntimeThatDoesNotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var tries atomic.Int32
		r := w.own()
		r.Connect = func(ctx context.Context) (Link, error) {
			if tries.Add(1) <= 5 {
				return nil, errors.New("out of order")
			}
			return w.connect(ctx)
		}
		l := w.live(Options{Runtime: r})
		w.reload("a", 1, "one")
		time.Sleep(10 * time.Second)
		if n := tries.Load(); n > 5 {
			t.Errorf("%d tries in ten seconds", n)
		}
		w.check("warning live-gone")
		time.Sleep(time.Minute)
		w.check("live a #1")
		l.Close()
		w.hub.Close()
	})
}

// The end waits for an install of the user's runtime, and for what it makes necessary.
func TestTheEnd(t *testing.T) {
	inWorld(t, (*world).user, func(w *world, l *Live) {
		w.reload("a", 1, "one")
		time.Sleep(time.Second)
		w.reload("a", 2, "bad")
		w.reload("b", 1, "one") // never begun
		time.Sleep(installTakes / 2)
		w.told()
		l.Close()
		w.check("not live a #2 the runtime refuses it", "live a #1 the last good one was put back")
	})
	// a private one is of no use to anybody any more
	inWorld(t, (*world).own, func(w *world, l *Live) {
		w.reload("a", 1, "one")
		time.Sleep(installTakes / 2)
		l.Close()
		w.check("warning a live-unknown")
	})
}

// What stands published at the start is judged and installed, and another look at everything
// does neither again. The same module with another manifest is another package.
func TestUnchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var judged atomic.Int32
		judge := func(_ context.Context, dir, _ string) ([]finding.Finding, error) {
			judged.Add(1)
			if filepath.Base(dir) == "core" {
				return []finding.Finding{{Message: "it is a core module"}, {Severity: finding.Note}}, nil
			}
			return nil, nil
		}
		l := w.live(Options{Runtime: w.user(), Rollback: true, Judge: judge})
		for range 3 {
			w.unchanged("a", "s", "one", false)
			time.Sleep(time.Second)
			w.unchanged("core", "s", "core", false)
			time.Sleep(time.Second)
		}
		w.check("live a #0 it was up to date", "not live core #0 it is not installed: the runtime would not load it")
		w.more = "description = \"another\"\n"
		w.unchanged("a", "s2", "one", true)
		time.Sleep(time.Second)
		w.check("live a #0")
		w.unchanged("a", "s3", "one", true) // a comment was edited
		time.Sleep(time.Second)
		w.check("live a #0 these bytes run already")
		if _, _, history := w.ran(); history != "a=one a=one" || judged.Load() != 2 {
			t.Error(history, judged.Load())
		}
		w.hub.Publish(event.Event{Capsule: "a", Dir: filepath.Join(w.dir, "a"), Body: event.CapsuleRemoved{}})
		w.hub.Publish(event.Event{Capsule: "b", Dir: filepath.Join(w.dir, "b"), Body: event.Unchanged{SourceHash: "s"}}) // nothing to build
		time.Sleep(time.Second)
		w.check()
		l.Close()
		w.hub.Close()
	})
}

// What is packed beside the module is of the same sources, or nothing is installed.
func TestSourcesThatMovedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var sources atomic.Value
		sources.Store("one")
		l := w.live(Options{Runtime: w.user(), Sources: func(context.Context, string) (string, error) { return sources.Load().(string), nil }})
		w.reload("a", 1, "early")
		time.Sleep(time.Second)
		w.check() // it is not known whether the manifest is newer
		w.reload("a", 2, "one")
		time.Sleep(time.Second)
		w.check("live a #2")
		sources.Store("newer")
		w.reload("a", 3, "two")
		time.Sleep(time.Second)
		w.check("live a #3") // the manifest is still the one
		w.more = "description = \"another\"\n"
		w.reload("a", 5, "four")
		time.Sleep(time.Second)
		w.check()
		l.Close()
		w.hub.Close()
	})
}

func TestOthersInstall(t *testing.T) {
	inWorld(t, (*world).user, func(w *world, l *Live) {
		w.mu.Lock()
		w.taken = slices.Repeat([]time.Time{time.Now()}, daemon.MaxInstalls)
		w.mu.Unlock()
		time.Sleep(10 * time.Second)
		w.reload("a", 1, "one")
		time.Sleep(time.Minute)
		w.check("warning a live-paced", "live a #1")
	})
}
