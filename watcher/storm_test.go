package watcher

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fsnotify/fsnotify"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// A receiver that takes nothing while 300,000 events come costs one batch.
func TestStormStuckReceiver(t *testing.T) {
	testkit.Long(t)
	root := folderOf(t)
	for i := range 10 {
		mkdir(t, filepath.Join(root, fmt.Sprint("d", i)))
	}
	w := start(t, false, Plan{Roots: []string{root}})
	before := heap()
	const files, rewrites = 50_000, 5 // a create, four writes and a remove each
	for i := range files {
		path := filepath.Join(root, fmt.Sprint("d", i%10), fmt.Sprint("file", i))
		f, err := os.Create(path)
		must(t, err)
		for range rewrites - 1 {
			_, err = f.WriteString("x")
			must(t, err)
		}
		must(t, f.Close())
		must(t, os.Remove(path))
	}
	// Half a megabyte of paths, as much for their set, and room for the rest.
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("memory grew by %d bytes while nobody took batches", grown)
	}
	w.awaitLost()
	w.probe(root)
}

// As many files as fit are named, one more is Lost; in both engines.
func TestStormManyFiles(t *testing.T) {
	testkit.Long(t)
	both(t, func(t *testing.T, poll bool) {
		dir := folderOf(t)
		root := filepath.Join(dir, "r")
		mkdir(t, root)
		for i := range maxPending + 100 {
			mkdir(t, filepath.Join(dir, "out", fmt.Sprint(i%50)))
			write(t, filepath.Join(dir, "out", fmt.Sprint(i%50), fmt.Sprint(i)), "")
		}
		w := start(t, poll, Plan{Roots: []string{root}})
		must(t, os.Rename(filepath.Join(dir, "out"), filepath.Join(root, "in")))
		w.awaitLost()
		w.probe(root)
	})
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The kernel's queue really overflows while the watcher is kept from reading it;
// renames are among what is lost, and every watch is right afterwards.
func TestQueueOverflow(t *testing.T) {
	testkit.Long(t)
	limits, err := Limits()
	if err != nil || limits.Queue == 0 {
		testkit.Skip(t, "no inotify queue here: %v", err)
	}
	root := folderOf(t)
	for i := range 5 {
		mkdir(t, filepath.Join(root, "a", fmt.Sprint("d", i), "sub"))
	}
	held, release := make(chan struct{}), make(chan struct{})
	blocker := filepath.Join(root, "blocker")
	w := start(t, false, Plan{Roots: []string{root}, Skip: func(path string, dir bool) bool {
		if path == blocker {
			close(held)
			<-release
			return true
		}
		return false
	}})
	must(t, os.Mkdir(blocker, 0o755))
	<-held
	must(t, os.Remove(blocker))
	busy := []string{filepath.Join(root, "busy0"), filepath.Join(root, "busy1")}
	for i := range 2*limits.Queue + 10_000 {
		write(t, busy[i%2], "x") // two in turn: equal events in a row are merged
	}
	must(t, os.Rename(filepath.Join(root, "a"), filepath.Join(root, "b")))
	must(t, os.Rename(filepath.Join(root, "b", "d0"), filepath.Join(root, "b", "d1", "sub", "e")))
	mkdir(t, filepath.Join(root, "a", "new"))
	close(release)
	w.awaitLost()
	w.plan.Skip = nil
	w.probe(root)
}

// Errors are taken while nobody asks for them: the library may hold its lock.
func TestErrorsAreDrained(t *testing.T) {
	errs := make(chan error)
	n := &notify{watcher: &fsnotify.Watcher{Errors: errs}, trouble: make(chan error, 1), drained: make(chan struct{})}
	go n.drain()
	for range 20 {
		errs <- fsnotify.ErrEventOverflow
	}
	close(errs)
	<-n.drained
	if len(n.trouble) != 1 {
		t.Errorf("%d errors wait, want 1", len(n.trouble))
	}
}

// Any error of the library is doubt: Lost, and every watch is placed anew.
func TestErrorsAreDoubt(t *testing.T) {
	root := folderOf(t)
	opened := make(chan *notify, 10)
	w := start(t, false, Plan{Roots: []string{root}}, func(c *Config) {
		c.seams.open = func() (*notify, error) {
			n, err := openNotify()
			opened <- n
			return n, err
		}
	})
	n := <-opened
	n.trouble <- fsnotify.ErrEventOverflow
	w.awaitLost()
	w.probe(root)
	if len(opened) == 0 {
		t.Error("the watches were not placed anew")
	}
}

// A file written without pause does not keep others from being reported.
func TestStormNeighbour(t *testing.T) {
	both(t, func(t *testing.T, poll bool) {
		root := folderOf(t)
		log := filepath.Join(root, "log")
		write(t, log, "")
		w := launch(t, poll, Plan{Roots: []string{root}})
		w.awaitLost()
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
			for err == nil {
				select {
				case <-stop:
					f.Close()
					return
				default:
					_, err = f.WriteString("line\n")
				}
			}
		}()
		for i := range 20 {
			path := filepath.Join(root, fmt.Sprint("f", i))
			write(t, path, "")
			w.await(path)
		}
		close(stop)
		<-stopped
		w.quiet()
	})
}

// Writes below ignored folders cost no event at all.
func TestIgnoredFoldersAreNotWatched(t *testing.T) {
	root := folderOf(t)
	mkdir(t, filepath.Join(root, "c", "src"))
	for i := range 100 {
		mkdir(t, filepath.Join(root, "c", "node_modules", fmt.Sprint(i), "lib"))
	}
	var s spy
	start(t, false, Plan{Roots: []string{root}}, s.option)
	// root, c, src; the folder above the root; the sentinel's and the one above it
	if got := s.watches.Load(); got > 6 {
		t.Errorf("%d watches, want 6 at most", got)
	}
	n, err := CountFolders(t.Context(), Plan{Roots: []string{root}})
	must(t, err)
	if n != 4 {
		t.Errorf("CountFolders says %d, want 4", n)
	}
}

// Plans that follow each other: what stays is not reported, what is new is, and
// what is gone is silent.
func TestPlans(t *testing.T) {
	both(t, func(t *testing.T, poll bool) {
		dir := folderOf(t)
		at := func(p string) string { return filepath.Join(dir, p) }
		run(t, dir, "mkdir a/gen/x\nmkdir b/sub\nwrite b/sub/f x\nmkdir o\nwrite o/f x\nwrite a/gen/x/f x", nil)
		skipGen := func(p string, dir bool) bool { return dir && filepath.Base(p) == "gen" }
		w := start(t, poll, Plan{Roots: []string{at("a")}, Skip: skipGen})
		w.replan(Plan{Roots: []string{at("a"), at("b")}, Outside: []string{at("o/f")}, Skip: skipGen})
		w.await(at("b/sub/f"))
		w.await(at("o/f"))
		w.rest()
		w.probe(at("a"), at("b"))
		w.forget()
		w.replan(Plan{Roots: []string{at("a"), at("b")}}) // gen is no longer left out
		w.await(at("a/gen/x/f"))
		w.rest()
		w.probe(at("a"), at("b"))
		w.replan(Plan{Roots: []string{at("a")}, Skip: skipGen})
		w.rest()
		run(t, dir, "write b/sub/g x\nwrite o/f y\nwrite b/h x", nil)
		w.quiet()
		for seen := range w.seen {
			if !strings.HasPrefix(seen, at("a")) {
				t.Errorf("%q is reported after the plan dropped it", seen)
			}
		}
		w.probe(at("a"))
		w.rest()
		w.until(func() bool { // the new rules are asked soon after the plan, not before
			w.forget()
			w.serial++
			write(t, filepath.Join(at("a/gen/x"), fmt.Sprint(w.serial)), "")
			w.quiet()
			return !slices.ContainsFunc(keys(w.seen), func(p string) bool { return strings.HasPrefix(p, at("a/gen")) })
		})
	})
}

// What is watched at the end is what the last of many plans says.
func TestPlansReleaseWatches(t *testing.T) {
	dir := folderOf(t)
	for i := range 50 {
		mkdir(t, filepath.Join(dir, fmt.Sprint(i), "a", "b"))
	}
	var s spy
	w := start(t, false, Plan{Roots: []string{filepath.Join(dir, "0")}}, s.option)
	first := s.watches.Load()
	for i := range 50 {
		w.replan(Plan{Roots: []string{filepath.Join(dir, fmt.Sprint(i))}, Outside: []string{filepath.Join(dir, fmt.Sprint(49-i), "a", "missing")}})
		w.quiet()
	}
	w.replan(Plan{Roots: []string{filepath.Join(dir, "0")}})
	w.until(func() bool { w.quiet(); return s.watches.Load() == first })
	w.probe(filepath.Join(dir, "0"))
}
