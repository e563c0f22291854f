package orchestrator

import (
	"slices"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// What came and went while a build ran may be in what it made, and no stat at
// its end tells: it is built once more, and announced once.
func TestP1WhatCameAndWentDuringABuild(t *testing.T) {
	for name, path := range map[string]string{
		"file":                       "/cap/tmp.go",
		"folder":                     "/cap/gone",
		"folder that came back":      "/cap/sub",
		"capsule that came back":     "/cap",
		"folder around that is back": "/",
	} {
		t.Run(name, func(t *testing.T) {
			setup := func(w *world) Config {
				f := w.capsule("/cap", "1")
				f.buildTime, f.below = time.Second, "sub/inner.go"
				return w.config()
			}
			run(t, setup, func(w *world) {
				time.Sleep(long)
				from := w.count()
				w.write("/cap", "2")
				time.Sleep(800 * time.Millisecond)
				w.folders = map[string]time.Time{"/cap/sub": time.Now(), "/": time.Now()}
				w.batches <- watcher.Batch{Paths: []string{path}}
				time.Sleep(long)
				w.expect(from, flat.Change, flat.BuildStarted, flat.BuildSuperseded, flat.BuildStarted, flat.Reload)
			})
		})
	}
}

// Neither a file that stands there as before, nor what is no source, nor an
// empty folder, nor an event that comes late is a reason to build again.
func TestP4WhatOnlyLooksTransient(t *testing.T) {
	for _, path := range []string{"/cap/main.go", "/cap/empty", "/cap/skipped", "/cap/sub", "/cap/sub/gone/file"} {
		t.Run(path, func(t *testing.T) {
			setup := func(w *world) Config {
				f := w.capsule("/cap", "1")
				f.buildTime, f.below = time.Second, "sub/inner.go"
				before := time.Now()
				w.folders = map[string]time.Time{"/cap/sub": before, "/cap/empty": before.Add(10 * time.Hour)}
				return w.config()
			}
			run(t, setup, func(w *world) {
				time.Sleep(long)
				from := w.count()
				w.write("/cap", "2")
				time.Sleep(800 * time.Millisecond)
				w.batches <- watcher.Batch{Paths: []string{path}}
				time.Sleep(long)
				w.expect(from, flat.Change, flat.BuildStarted, flat.Reload)
			})
		})
	}
}

// A build that makes and removes files among its sources costs one build more, once.
func TestP5BuildWithTemporaryFiles(t *testing.T) {
	setup := func(w *world) Config {
		f := w.capsule("/cap", "1")
		f.buildTime = time.Second
		f.onBuild = func(w *world, f *fake) { w.tell(f, "src/tmp"+time.Now().Format(".000000000")) }
		return w.config()
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		if n := w.fake("/cap").started; n != 2 {
			t.Errorf("%d builds, want 2", n)
		}
		e := w.last(flat.Warning)
		if e.Code != "build-touches-inputs" || !slices.Equal(e.Files, []string{"src/"}) {
			t.Errorf("warned: %+v", e)
		}
		for _, content := range []string{"2", "3"} {
			from := w.count()
			w.write("/cap", content)
			time.Sleep(long)
			w.expect(from, flat.Change, flat.BuildStarted, flat.Reload)
		}
	})
}
