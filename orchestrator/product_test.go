package orchestrator

import (
	"slices"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// soon is within which somebody should have noticed: the quiet window and a little.
const soon = time.Second

func publisher(w *world) Config {
	w.capsule("/a", "1").publishes = "/a/a.wasm"
	return w.config()
}

// standsAgain fails the test when /a's module is not where it belongs.
func standsAgain(t *testing.T, w *world, builds int) {
	t.Helper()
	f := w.fake("/a")
	if f.module == nil {
		t.Error("the module is not there again")
	}
	if f.started != builds {
		t.Errorf("%d builds, want %d", f.started, builds)
	}
}

// What was taken away is put back without a build, as often as a person does that.
func TestP2ModuleThatIsTakenAwayIsPutBack(t *testing.T) {
	run(t, publisher, func(w *world) {
		time.Sleep(long)
		for range 2 {
			from := w.count()
			w.takeAway("/a", false)
			time.Sleep(soon)
			w.expect(from, flat.Unchanged)
			if e := w.last(flat.Unchanged); e.Reason != putBackReason || !slices.Equal(e.Files, []string{"a.wasm"}) || e.ArtifactHash == "" {
				t.Errorf("it says %+v", e)
			}
			standsAgain(t, w, 1)
			if last := w.last(flat.Idle); last.Failed != 0 {
				t.Errorf("idle: %+v", last)
			}
		}
		w.expect(0, flat.BuildStarted, flat.Ready, flat.Reload, flat.Unchanged, flat.Unchanged)
	})
}

// Without a copy it is built, and the same bytes are no reload.
func TestP2ModuleWithoutACopyIsBuilt(t *testing.T) {
	run(t, publisher, func(w *world) {
		time.Sleep(long)
		from := w.count()
		w.takeAway("/a", true)
		time.Sleep(2 * soon)
		w.expect(from, flat.BuildStarted, flat.Unchanged)
		standsAgain(t, w, 2)
	})
}

// Our own publications are no news.
func TestP4OwnPublicationCausesNothing(t *testing.T) {
	run(t, publisher, func(w *world) {
		time.Sleep(long)
		from := w.count()
		w.batches <- watcher.Batch{Paths: []string{"/a/a.wasm"}}
		time.Sleep(long)
		if w.count() != from {
			t.Errorf("it says %v", w.types("", from))
		}
	})
}

// A poll that came too late saw neither the publication nor the loss.
func TestP2LossThatNoEventTellsOf(t *testing.T) {
	run(t, publisher, func(w *world) {
		time.Sleep(soon)
		w.mu.Lock()
		w.disk["/a"].module, w.disk["/a"].moduleKey = nil, ""
		w.mu.Unlock()
		time.Sleep(long)
		standsAgain(t, w, 1)
	})
}

// During a build the loss is that build's business, whatever becomes of it.
func TestP2TakenAwayDuringABuild(t *testing.T) {
	for name, fails := range map[string]bool{"that succeeds": false, "that fails": true} {
		t.Run(name, func(t *testing.T) {
			run(t, publisher, func(w *world) {
				time.Sleep(long)
				w.mu.Lock()
				w.disk["/a"].buildTime = 3 * time.Second
				w.disk["/a"].broken = func(string) bool { return fails }
				w.mu.Unlock()
				from := w.count()
				w.write("/a", "2")
				time.Sleep(time.Second)
				w.takeAway("/a", false)
				time.Sleep(long)
				if want := []flat.Type{flat.Change, flat.BuildStarted, flat.BuildFailed, flat.Warning}; fails {
					w.expect(from, want...)
				} else {
					w.expect(from, flat.Change, flat.BuildStarted, flat.Reload)
				}
				standsAgain(t, w, 2)
			})
		})
	}
}

// While the sources do not build the last good module is put back, and the capsule stays failed.
func TestP2LastGoodModuleIsPutBack(t *testing.T) {
	run(t, publisher, func(w *world) {
		time.Sleep(long)
		w.mu.Lock()
		w.disk["/a"].broken = func(string) bool { return true }
		w.mu.Unlock()
		w.write("/a", "2")
		time.Sleep(long)
		from := w.count()
		w.takeAway("/a", false)
		time.Sleep(soon)
		w.expect(from, flat.Warning)
		standsAgain(t, w, 2)
		if e := w.last(flat.Idle); e.Failed != 1 {
			t.Errorf("idle: %+v", e)
		}
		from = w.count()
		w.takeAway("/a", true)
		time.Sleep(long)
		w.expect(from, flat.Warning) // there is none, and nothing that could build one
		if f := w.fake("/a"); f.started != 2 {
			t.Errorf("%d builds", f.started)
		}
	})
}

// Another program that writes there again and again does not keep us going for ever.
func TestP5ModuleThatIsAlwaysOverwrittenIsHeld(t *testing.T) {
	for name, copies := range map[string]bool{"with a copy": false, "with builds": true} {
		t.Run(name, func(t *testing.T) {
			run(t, publisher, func(w *world) {
				time.Sleep(long)
				from := w.count()
				for range 10 {
					w.takeAway("/a", copies)
					time.Sleep(5 * time.Second)
				}
				e := w.last(flat.Held)
				if !slices.Equal(e.Files, []string{"a.wasm"}) {
					t.Errorf("held: %+v", e)
				}
				list := w.types("", from)
				if list[len(list)-1] != flat.Held || w.last(flat.Idle).Failed != 1 {
					t.Errorf("after it was held: %v", list)
				}
				from = w.count()
				w.write("/a", "2")
				time.Sleep(long)
				w.expect(from, flat.Change, flat.BuildStarted, flat.Reload)
				w.takeAway("/a", false)
				time.Sleep(soon)
				standsAgain(t, w, w.fake("/a").started)
			})
		})
	}
}

// Who takes the module is not built without it.
func TestThoseWhoTakeAModuleWaitForIt(t *testing.T) {
	setup := func(w *world) Config {
		w.capsule("/a", "1").publishes = "/a/a.wasm"
		w.capsule("/b", "1").takes = []string{"/a"}
		return w.config()
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		builds := w.fake("/b").started
		w.takeAway("/a", false)
		time.Sleep(long)
		if f := w.fake("/b"); f.started != builds {
			t.Errorf("%d builds of what takes it, %d before", f.started, builds)
		}
		standsAgain(t, w, w.fake("/a").started)
	})
}

// A run without events looks at what it published before it ends.
func TestBlindRunLooksAtItsModules(t *testing.T) {
	setup := func(w *world) Config {
		w.capsule("/a", "1").publishes = "/a/a.wasm"
		w.capsule("/b", "1").onBuild = func(w *world, _ *fake) {
			w.disk["/a"].module, w.disk["/a"].moduleKey = nil, ""
		}
		w.disk["/b"].buildTime = 5 * time.Second
		cfg := w.config()
		cfg.Blind = true
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		if list := w.types("a", 0); !slices.Equal(list, []flat.Type{flat.BuildStarted, flat.Reload, flat.Warning, flat.Unchanged}) {
			t.Errorf("it says %v", list)
		}
		if e := w.last(flat.Warning); e.Code != "module-overwritten" {
			t.Errorf("warning: %+v", e)
		}
		standsAgain(t, w, 1)
	})
}
