package watcher

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

func TestMain(m *testing.M) {
	if code, handled := inNamespace(); handled {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must come. It is never waited out
// when all is well.
const patience = 30 * time.Second

// both runs a test in both engines.
func both(t *testing.T, test func(t *testing.T, poll bool)) {
	t.Run("notify", func(t *testing.T) { t.Parallel(); test(t, false) })
	t.Run("poll", func(t *testing.T) { t.Parallel(); test(t, true) })
}

// watching is a Run under test and what it reported.
type watching struct {
	t        *testing.T
	plan     Plan
	plans    chan Plan
	batches  chan Batch
	warnings chan string
	sentinel string // a root of its own, in which a file says that all before it was reported
	serial   int
	seen     map[string]bool
	lost     bool
	stop     func()
}

type option func(*Config)

// start runs a watcher with the plan and returns once every watch is placed.
func start(t *testing.T, poll bool, plan Plan, options ...option) *watching {
	t.Helper()
	w := launch(t, poll, plan, options...)
	w.awaitLost()
	w.rest()
	return w
}

// launch is start without waiting.
func launch(t *testing.T, poll bool, plan Plan, options ...option) *watching {
	t.Helper()
	w := &watching{t: t, plans: make(chan Plan, 1), batches: make(chan Batch), warnings: make(chan string, 100),
		sentinel: folderOf(t), seen: make(map[string]bool)}
	cfg := Config{Plans: w.plans, Poll: poll, PollInterval: 2 * time.Millisecond,
		Warn: func(code finding.Code, message, hint string) {
			w.warnings <- string(code) + ": " + message + " | " + hint
		}}
	for _, o := range options {
		o(&cfg)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, cfg, w.batches) }()
	w.stop = func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not return after its context ended")
		}
		w.stop = func() {}
	}
	t.Cleanup(func() { w.stop() })
	w.replan(plan)
	return w
}

// replan hands over another plan, with the sentinel's folder.
func (w *watching) replan(plan Plan) {
	w.plan = plan
	plan.Roots = append(slices.Clone(plan.Roots), w.sentinel)
	w.plans <- plan
}

// folderOf is a temporary folder with a short real path.
func folderOf(t testing.TB) string {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (w *watching) next() Batch {
	w.t.Helper()
	select {
	case b := <-w.batches:
		w.check(b)
		return b
	case <-time.After(patience):
		w.t.Fatalf("no batch within %s; seen so far: %q", patience, slices.Sorted(maps.Keys(w.seen)))
		return Batch{}
	}
}

// check holds what is true of every batch, and remembers it.
func (w *watching) check(b Batch) {
	w.t.Helper()
	all := slices.Concat(b.Paths, b.Found)
	if b.Lost == (len(all) > 0) {
		w.t.Fatalf("a batch is either Lost or has paths: %+v", b)
	}
	for i, p := range all {
		if !filepath.IsAbs(p) || p != filepath.Clean(p) || slices.Contains(all[:i], p) {
			w.t.Fatalf("path %q is not absolute, clean and the only one of its kind", p)
		}
		w.seen[p] = true
	}
	w.lost = w.lost || b.Lost
}

func (w *watching) awaitLost() {
	w.t.Helper()
	for !w.next().Lost {
	}
}

// await waits until path was reported.
func (w *watching) await(path string) {
	w.t.Helper()
	for !w.seen[path] {
		w.next()
	}
}

// quiet waits until everything that happened before is reported. Three in a row:
// a sweep that was under way at the first must end, and the next begin and end.
func (w *watching) quiet() {
	w.t.Helper()
	for range 3 {
		for reported := false; !reported; {
			w.serial++
			file := filepath.Join(w.sentinel, fmt.Sprint("s", w.serial))
			write(w.t, file, "")
			for {
				b := w.next()
				if reported = slices.Contains(b.Paths, file); reported || b.Lost {
					break // Lost may have swallowed it: another one tells
				}
			}
		}
	}
	maps.DeleteFunc(w.seen, func(p string, _ bool) bool { return strings.HasPrefix(p, w.sentinel) })
}

// rest waits until nothing more is reported of what was before: the poll engine
// tells files twice that are too young.
func (w *watching) rest() {
	w.t.Helper()
	for resting := false; !resting; {
		w.forget()
		w.quiet()
		resting = len(w.seen) == 0 && !w.lost
	}
}

func (w *watching) forget() { w.seen, w.lost = make(map[string]bool), false }

// covered reports whether path, or a folder above it, was reported.
func (w *watching) covered(path string) bool {
	if w.lost {
		return true
	}
	for p := path; ; p = filepath.Dir(p) {
		if w.seen[p] {
			return true
		}
		if p == filepath.Dir(p) {
			return false
		}
	}
}

// probe writes a file in every folder below roots and wants each reported by
// name: no watch is missing, none is under a wrong name.
func (w *watching) probe(roots ...string) {
	w.t.Helper()
	w.quiet()
	w.forget()
	w.serial++
	var want []string
	for _, root := range roots {
		for _, dir := range folders(w.t, root, w.plan.Skip) {
			file := filepath.Join(dir, fmt.Sprint("probe", w.serial))
			write(w.t, file, "")
			want = append(want, file)
		}
	}
	w.quiet()
	for _, file := range want {
		if !w.seen[file] && !w.lost {
			w.t.Errorf("a file written at %q is not reported", file)
		}
	}
}

// folders are root and the folders below it that are not skipped, as spelled.
func folders(t testing.TB, root string, skip func(string, bool) bool) (found []string) {
	if skip == nil {
		skip = func(p string, dir bool) bool { return dir && tree.IgnoredFolder(filepath.Base(p)) }
	}
	err := filepath.WalkDir(root+"/", func(p string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		p = filepath.Clean(p)
		if d.IsDir() && p != root && skip(p, true) {
			return fs.SkipDir
		}
		if d.IsDir() {
			found = append(found, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func write(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func mkdir(t testing.TB, path string) {
	t.Helper()
	must(t, os.MkdirAll(path, 0o755))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// spy reads the loop's fields, from the loop's goroutine, after each turn.
type spy struct{ watches, polled, limited, nextDue atomic.Int64 }

func (s *spy) option(c *Config) {
	c.seams.placed = func(l *loop) {
		if l.notify != nil {
			s.watches.Store(int64(len(l.notify.watcher.WatchList())))
		}
		s.polled.Store(int64(len(l.polled)))
		s.limited.Store(int64(l.limitedFolders()))
		s.nextDue.Store(l.nextDue().UnixNano())
	}
}

// until tries again and again, as long as a test is patient.
func (w *watching) until(done func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) {
			w.t.Fatalf("not so within %s", patience)
		}
	}
}

func keys(m map[string]bool) []string { return slices.Collect(maps.Keys(m)) }
