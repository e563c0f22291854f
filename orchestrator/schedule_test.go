package orchestrator

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/orchestrator/pool"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

const long = 30 * time.Second // far beyond every window: the disk is quiet

func one(w *world) Config {
	w.capsule("/a", "1")
	return w.config()
}

func TestFirstBuildThenEdit(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		w.expect(0, flat.BuildStarted, flat.Ready, flat.Reload)
		from := w.count()
		w.write("/a", "2")
		time.Sleep(long)
		w.expect(from, flat.Change, flat.BuildStarted, flat.Reload)
		if e := w.last(flat.Reload); e.Generation != 2 || e.SourceHash != "h(2)" || e.PreviousHash != "h(1)" {
			t.Errorf("reload: %+v", e)
		}
	})
}

// A command that a reload started keeps all from being idle until it has ended, from the reload on:
// that it begins is told later, and nobody is told that all is idle before. One that nobody announced
// here (of --on-live) makes idle be said once more.
func TestIdleWaitsForCommands(t *testing.T) {
	var hooks chan HookRun
	var due atomic.Int32
	run(t, func(w *world) Config {
		cfg := one(w)
		hooks = make(chan HookRun)
		cfg.Hooks, cfg.HooksRun = hooks, func() bool { return due.Load() > 0 }
		announce := cfg.Announce
		cfg.Announce = func(e event.Event) {
			announce(e)
			if e.Body.Kind() == (event.Reload{}).Kind() {
				due.Add(1)
			}
		}
		return cfg
	}, func(w *world) {
		expect := func(from int, want ...flat.Type) {
			t.Helper()
			w.mu.Lock()
			defer w.mu.Unlock()
			var got []flat.Type
			for _, e := range w.events[from:] {
				got = append(got, e.Type)
			}
			if !slices.Equal(got, want) {
				t.Errorf("events: got %v, want %v", got, want)
			}
		}
		time.Sleep(long)
		expect(0, flat.BuildStarted, flat.Ready, flat.Reload)
		hooks <- HookRun{Dir: "/a", Running: true}
		time.Sleep(long)
		expect(3)
		due.Add(-1)
		hooks <- HookRun{Dir: "/a"}
		time.Sleep(long)
		expect(3, flat.Idle)
		due.Add(1)
		hooks <- HookRun{Dir: "/a", Running: true}
		time.Sleep(long)
		due.Add(-1)
		hooks <- HookRun{Dir: "/a"}
		time.Sleep(long)
		expect(4, flat.Idle)
		w.write("/a", "2")
		time.Sleep(long)
		expect(5, flat.Change, flat.BuildStarted, flat.Reload)
		due.Store(0)
		hooks <- HookRun{Dir: "/gone"} // of a capsule that was removed meanwhile
		time.Sleep(long)
		expect(8, flat.Idle)
	})
}

// The program may end while an event is announced: builds that the same step asked for, or
// that run, are killed, and nothing is said of them.
func TestTheEndComesWhileAnEventIsAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.capsule("/a", "1")
		w.capsule("/b", "1")
		ctx, cancel := context.WithCancel(t.Context())
		cfg := w.config()
		announce := cfg.Announce
		cfg.Announce = func(e event.Event) {
			announce(e)
			cancel()
		}
		done := make(chan error)
		go func() { done <- Run(ctx, cfg) }()
		w.batches <- watcher.Batch{Lost: true}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		for _, e := range w.events {
			if e.Type != flat.BuildStarted && e.Type != flat.Ready {
				t.Errorf("%s is said after the end", e.Type)
			}
		}
		if w.running != 0 {
			t.Errorf("%d builds outlived Run", w.running)
		}
	})
}

// A build that hangs, or waits for another process, does not stop the others.
func TestP8ABuildThatHangsLendsItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		blocked bool
		within  time.Duration
	}{
		"hangs":                     {false, pool.LendAfter + 2*time.Second},
		"waits for another process": {true, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var warnings chan Warning
			setup := func(w *world) Config {
				warnings = make(chan Warning)
				w.capsule("/a", "1").buildTime = time.Hour
				w.capsule("/b", "1")
				cfg := w.config()
				cfg.Jobs, cfg.Warn = 1, warnings
				return cfg
			}
			run(t, setup, func(w *world) {
				time.Sleep(time.Second)
				if c.blocked {
					warnings <- Warning{Dir: "/a", Warning: event.Warning{Code: finding.WaitingForLock}}
				}
				time.Sleep(c.within)
				if n := w.fake("/b").started; n != 1 {
					t.Errorf("%d builds of the other capsule after %s, want 1", n, c.within)
				}
				w.slow("/b", time.Hour)
				w.write("/b", "2")
				time.Sleep(time.Second)
				w.mu.Lock()
				w.capsule("/c", "1")
				w.mu.Unlock()
				w.batches <- watcher.Batch{Paths: []string{"/c/Capsule.toml"}}
				time.Sleep(5 * time.Minute)
				want := 2 // both hang, and nobody lends twice
				if c.blocked {
					want = 3
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				if w.maxRun != want {
					t.Errorf("%d builds at once, want %d", w.maxRun, want)
				}
			})
		})
	}
}

// What keeps a build from beginning is said at once, however many builds run, of the same group too; and that takes
// nobody's place.
func TestP8AProblemWaitsForNoPlace(t *testing.T) {
	setup := func(w *world) Config {
		w.capsule("/a", "1").group = "g"
		w.capsule("/b", "1").group = "g"
		w.capsule("/c", "1").group = "g"
		cfg := w.config()
		cfg.Jobs = 1
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		w.slow("/a", 20*time.Second)
		w.write("/a", "2")
		time.Sleep(time.Second)
		w.mu.Lock()
		w.disk["/b"].fault = &finding.Failure{Step: finding.StepManifest, Findings: []finding.Finding{{Message: "it is broken"}}}
		w.mu.Unlock()
		w.write("/b", "2")
		w.write("/c", "2")
		time.Sleep(2 * time.Second)
		if e := w.last(flat.BuildFailed); e.Dir != "/b" || e.Step != string(finding.StepManifest) {
			t.Errorf("two seconds after it was broken: %+v", e)
		}
		if n := w.fake("/c").started; n != 1 {
			t.Errorf("%d builds of a third capsule while the first is built, want 1", n)
		}
		time.Sleep(long)
		if n := w.fake("/c").started; n != 2 {
			t.Errorf("%d builds of a third capsule afterwards, want 2", n)
		}
	})
}

// The build runs inside the quiet window, so a reload costs the longer of the two and not their sum.
func TestEarlyBuildHidesInTheQuietWindow(t *testing.T) {
	for _, c := range []struct{ build, want time.Duration }{{300 * time.Millisecond, 510 * time.Millisecond}, {900 * time.Millisecond, 940 * time.Millisecond}} {
		run(t, one, func(w *world) {
			time.Sleep(long)
			w.slow("/a", c.build)
			w.write("/a", "2")
			time.Sleep(long)
			if got := time.Duration(w.last(flat.Reload).LatencyMS) * time.Millisecond; got > c.want {
				t.Errorf("a build of %s reloaded after %s, want at most %s", c.build, got, c.want)
			}
		})
	}
}

func TestP4TouchAndSameBytesBuildNothing(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		from := w.count()
		w.write("/a", "1")
		time.Sleep(long)
		w.expect(from, flat.Unchanged)
		if e := w.last(flat.Unchanged); e.ArtifactHash == "" || e.ArtifactHash != w.last(flat.Reload).ArtifactHash {
			t.Errorf("unchanged names the module %q", e.ArtifactHash)
		}
		if n := w.fake("/a").started; n != 1 {
			t.Errorf("%d builds", n)
		}
	})
}

func TestP4EditAndUndoInTheWindow(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		from := w.count()
		w.write("/a", "2")
		time.Sleep(200 * time.Millisecond)
		w.write("/a", "1")
		time.Sleep(long)
		w.expect(from, flat.Change, flat.BuildStarted, flat.BuildSuperseded, flat.Unchanged)
	})
}

// Who writes beside a file and renames is not built for between the two, however long that takes; and at the rename nobody
// waits longer than for any other save.
func TestASaveThroughATemporaryFileIsOneBuild(t *testing.T) {
	for _, temporary := range []string{"sedAbC123", ".!4711!main.go", "main.go.tmp.17.99", "main.go.Xy12ab", ".main.go.123456789", "tmpk3j2h1x_", "4913"} {
		run(t, one, func(w *world) {
			time.Sleep(long)
			from := w.count()
			beside := func(content string) {
				w.mu.Lock()
				w.disk["/a"].gen = content
				w.mu.Unlock()
				w.batches <- watcher.Batch{Paths: []string{"/a/" + temporary}}
			}
			beside("half of it")
			time.Sleep(100 * time.Millisecond)
			beside("")
			w.write("/a", "2")
			time.Sleep(long)
			w.expect(from, flat.Change, flat.BuildStarted, flat.Reload)
			if got := w.last(flat.Reload).LatencyMS; got > 510 {
				t.Errorf("%s: reloaded %d ms after the save", temporary, got)
			}
		})
	}
}

// One that stays is a source like any other, and so is what only looks like one.
func TestP3WhatLooksTemporaryAndStaysIsBuilt(t *testing.T) {
	for name, soon := range map[string]bool{"sedAbC123": false, "sedentary": false, "sedatives.go": true, "main.go.orig": false, "main_test.go": true, "template.go": true, "main.go": true, "sub/main.go.x": true} {
		run(t, one, func(w *world) {
			time.Sleep(long)
			w.mu.Lock()
			w.disk["/a"].gen = "new"
			w.disk["/a"].written()
			w.mu.Unlock()
			w.batches <- watcher.Batch{Paths: []string{"/a/" + name}}
			time.Sleep(100 * time.Millisecond)
			if got := w.fake("/a").started == 2; got != soon {
				t.Errorf("%s: a build begins within the quiet window: %t, want %t", name, got, soon)
			}
			time.Sleep(long)
			if e := w.last(flat.Reload); e.SourceHash != "h(1new)" {
				t.Errorf("%s was never built", name)
			}
		})
	}
}

// The empty moment of a truncate-then-write fails to build; nobody hears of it.
func TestEmptyMomentIsNotAnnounced(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		w.disk["/a"].broken = func(content string) bool { return content == "" }
		w.disk["/a"].buildTime = 10 * time.Millisecond
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		from := w.count()
		w.write("/a", "")
		time.Sleep(300 * time.Millisecond)
		w.write("/a", "2")
		time.Sleep(long)
		for _, typ := range w.types("", from) {
			if typ == flat.BuildFailed {
				t.Error("the empty moment was announced as failed")
			}
		}
		if e := w.last(flat.Reload); e.SourceHash != "h(2)" {
			t.Errorf("reload of %s", e.SourceHash)
		}
	})
}

func TestFailureThenBackToPublished(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		w.disk["/a"].broken = func(content string) bool { return content == "bad" }
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		from := w.count()
		w.write("/a", "bad")
		time.Sleep(long)
		w.write("/a", "1")
		time.Sleep(long)
		w.expect(from, flat.Change, flat.BuildStarted, flat.BuildFailed, flat.Unchanged)
		w.write("/a", "bad")
		time.Sleep(long)
		from = w.count()
		w.retry <- struct{}{}
		time.Sleep(long)
		w.expect(from, flat.BuildStarted, flat.BuildFailed)
	})
}

// An edit that comes while a build runs stops it; the reload is of the newest content.
func TestLatestWins(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		w.slow("/a", 5*time.Second)
		from := w.count()
		w.write("/a", "2")
		time.Sleep(2 * time.Second)
		w.write("/a", "3")
		time.Sleep(long)
		w.expect(from, flat.Change, flat.BuildStarted, flat.Change, flat.BuildSuperseded, flat.BuildStarted, flat.Reload)
		if n := len(w.fake("/a").builds); n != 2 {
			t.Errorf("%d builds ran to their end", n)
		}
	})
}

// A touch while a build runs changes nothing, and a third build in a row is not superseded again.
func TestTheThirdBuildRunsToItsEnd(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		w.slow("/a", 4*time.Second)
		for i := range 8 {
			w.write("/a", string(rune('b'+i)))
			time.Sleep(2 * time.Second)
		}
		time.Sleep(long)
		if e := w.last(flat.Reload); e.SourceHash != "h(i)" {
			t.Errorf("the last reload is of %s", e.SourceHash)
		}
		if n := len(w.fake("/a").builds); n < 3 {
			t.Errorf("only %d builds ran to their end in 16 s of editing", n)
		}
	})
}

func TestMaxWaitBuildsUnderConstantWrites(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		from := w.count()
		start := time.Now()
		for time.Since(start) < 3*time.Second {
			w.write("/a", time.Since(start).String())
			time.Sleep(10 * time.Millisecond)
		}
		started := 0
		for _, typ := range w.types("", from) {
			if typ == flat.BuildStarted {
				started++
			}
		}
		if started == 0 {
			t.Error("a file written without pause starved the build")
		}
	})
}

func TestP5SameBytesCostOneExtraBuild(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		w.disk["/a"].onBuild = func(w *world, f *fake) { w.own(f, f.content) }
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		if n := w.fake("/a").started; n != 2 {
			t.Errorf("%d builds, want 2", n)
		}
		if e := w.last(flat.Warning); e.Code != "build-touches-inputs" || len(e.Files) != 1 {
			t.Errorf("warning: %+v", e)
		}
		w.write("/a", "2")
		time.Sleep(long)
		if n := w.fake("/a").started; n != 3 {
			t.Errorf("%d builds, want 3: what the build touches is known by now", n)
		}
		if e := w.last(flat.Reload); e.SourceHash != "h(2)" {
			t.Errorf("reload of %s", e.SourceHash)
		}
	})
}

func TestP5OtherBytesAreHeldAfterThree(t *testing.T) {
	for _, buildTime := range []time.Duration{10 * time.Millisecond, 5 * time.Second} {
		setup := func(w *world) Config {
			cfg := one(w)
			w.disk["/a"].buildTime = buildTime
			w.disk["/a"].onBuild = func(w *world, f *fake) { w.own(f, f.content+"x") }
			return cfg
		}
		run(t, setup, func(w *world) {
			time.Sleep(20 * long)
			if n := len(w.fake("/a").builds); n != 4 {
				t.Errorf("build of %s: %d builds ran to their end, want three and the one in quiet", buildTime, n)
			}
			if e := w.last(flat.Held); len(e.Files) != 1 || e.Hint == "" {
				t.Errorf("held: %+v", e)
			}
			w.mu.Lock()
			w.disk["/a"].onBuild = nil
			w.mu.Unlock()
			w.write("/a", "mended")
			time.Sleep(long)
			if e := w.last(flat.Reload); e.SourceHash != "h(mended)" {
				t.Errorf("reload of %s", e.SourceHash)
			}
		})
	}
}

// A first lock file: the build changes its inputs once.
func TestP5GeneratedOnce(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		w.disk["/a"].onBuild = func(w *world, f *fake) {
			if f.content == "1" {
				w.own(f, "1+lock")
			}
		}
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		if e := w.last(flat.Reload); e.SourceHash != "h(1+lock)" || w.fake("/a").started > 3 {
			t.Errorf("reload of %s after %d builds", e.SourceHash, w.fake("/a").started)
		}
	})
}

func TestAddedAndRemoved(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		from := w.count()
		w.mu.Lock()
		w.capsule("/b", "1")
		w.mu.Unlock()
		w.batches <- watcher.Batch{Paths: []string{"/b/Capsule.toml"}}
		time.Sleep(long)
		w.expect(from, flat.CapsuleAdded, flat.BuildStarted, flat.Reload)
		from = w.count()
		w.mu.Lock()
		w.disk["/b"].gone, w.disk["/b"].module = true, nil
		w.mu.Unlock()
		w.batches <- watcher.Batch{Paths: []string{"/b"}}
		time.Sleep(long)
		w.expect(from, flat.CapsuleRemoved)
		from = w.count()
		w.write("/b", "1")
		w.batches <- watcher.Batch{Paths: []string{"/b/Capsule.toml"}}
		time.Sleep(long)
		w.expect(from, flat.CapsuleAdded, flat.BuildStarted, flat.Reload)
	})
}

// The list of capsules at start names one that is gone before anybody has looked at it.
func TestRemovedWhileTheWatchStarts(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		find, first := cfg.Find, true
		cfg.Find = func(ctx context.Context) ([]string, error) {
			dirs, err := find(ctx)
			if first {
				first, dirs = false, append(dirs, "/b")
			}
			return dirs, err
		}
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		if e := w.last(flat.CapsuleRemoved); e.Dir != "/b" {
			t.Errorf("the last one removed is %q", e.Dir)
		}
	})
}

func TestLostHashesEverythingAndBuildsWhatChanged(t *testing.T) {
	setup := func(w *world) Config {
		w.capsule("/a", "1")
		w.capsule("/b", "1")
		return w.config()
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		from := w.count()
		w.mu.Lock()
		w.disk["/b"].content = "2"
		w.disk["/b"].written()
		w.capsule("/c", "new")
		w.mu.Unlock()
		w.batches <- watcher.Batch{Lost: true}
		time.Sleep(long)
		if got := w.types("a", from); len(got) != 1 || got[0] != flat.Unchanged {
			t.Errorf("a: %v", got)
		}
		if e := w.last(flat.Reload); w.fake("/b").started != 2 || w.fake("/c").started != 1 {
			t.Errorf("last reload %+v", e)
		}
	})
}

func TestGitLockHoldsBackAndGoesStale(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		w.mu.Lock()
		w.locks["/.git/index.lock"] = true
		w.mu.Unlock()
		from := w.count()
		w.write("/a", "2")
		time.Sleep(3 * time.Second)
		w.expect(from, flat.Warning)
		w.mu.Lock()
		delete(w.locks, "/.git/index.lock")
		w.mu.Unlock()
		time.Sleep(long)
		w.expect(from, flat.Warning, flat.Change, flat.BuildStarted, flat.Reload)

		from = w.count()
		w.mu.Lock()
		w.locks["/.git/index.lock"] = true
		w.mu.Unlock()
		w.write("/a", "3")
		time.Sleep(long)
		w.expect(from, flat.Warning, flat.Warning, flat.Change, flat.BuildStarted, flat.Reload)
	})
}

func TestP8OneBrokenCapsuleAndAHugeOneStopNobody(t *testing.T) {
	setup := func(w *world) Config {
		w.capsule("/bad", "1").broken = func(string) bool { return true }
		w.capsule("/huge", "1").hashTime = 20 * time.Second
		w.capsule("/small", "1")
		return w.config()
	}
	run(t, setup, func(w *world) {
		time.Sleep(time.Second)
		if e := w.last(flat.Reload); e.Capsule != "small" {
			t.Errorf("the first reload is of %s", e.Capsule)
		}
		time.Sleep(2 * long)
		w.last(flat.BuildFailed)
		if e := w.last(flat.Reload); e.Capsule != "huge" {
			t.Errorf("the last reload is of %s", e.Capsule)
		}
	})
}

func TestNoInitialBuild(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		cfg.NoInitialBuild = true
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		w.expect(0, flat.Ready)
		w.write("/a", "2")
		time.Sleep(long)
		w.expect(0, flat.Ready, flat.Change, flat.BuildStarted, flat.Reload)
	})
}

// A file that is written in slow pieces gives every quick early build something
// else to build; none of them is announced before the writing has ended.
func TestSlowPiecesAreOneReload(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		w.disk["/a"].buildTime = 10 * time.Millisecond
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		from := w.count()
		for _, content := range []string{"2", "23", "234", "2345", "23456"} {
			w.write("/a", content)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(long)
		reloads := 0
		for _, typ := range w.types("", from) {
			if typ == flat.Reload {
				reloads++
			}
		}
		if e := w.last(flat.Reload); reloads != 1 || e.SourceHash != "h(23456)" {
			t.Errorf("%d reloads, the last of %s", reloads, e.SourceHash)
		}
	})
}

// A folder that was swapped for one with the same sources brings another module, or none.
func TestP2ModuleThatIsGoneIsBuilt(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		from := w.count()
		w.mu.Lock()
		w.disk["/a"].module, w.disk["/a"].moduleKey, w.disk["/a"].blob = nil, "", nil
		w.mu.Unlock()
		w.write("/a", "1")
		time.Sleep(long)
		w.expect(from, flat.BuildStarted, flat.Reload)
		from = w.count()
		w.write("/a", "1")
		time.Sleep(long)
		w.expect(from, flat.Unchanged)
	})
}

// A log that grows without pause is held, and said, once; quiet builds it.
func TestP5EndlessLogIsHeldOnce(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		from := w.count()
		for i := range 600 {
			w.write("/a", strings.Repeat("x", i+2))
			time.Sleep(50 * time.Millisecond)
		}
		started := w.disk["/a"].started
		held := 0
		for _, typ := range w.types("", from) {
			if typ == flat.Held {
				held++
			}
		}
		if held != 1 || started > 8 {
			t.Errorf("held %d times after %d builds", held, started)
		}
		time.Sleep(long)
		if e := w.last(flat.Reload); e.SourceHash != hashOf(strings.Repeat("x", 601)) {
			t.Errorf("reload of %d", len(e.SourceHash))
		}
	})
}

// A capsule that is made after the first search and before the watches are placed gives no event.
func TestP3CapsuleMadeWhileStarting(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		searches := 0
		cfg.Find = func(ctx context.Context) ([]string, error) {
			dirs, err := w.find(ctx)
			if searches++; searches == 1 {
				w.mu.Lock()
				w.capsule("/late", "1")
				w.mu.Unlock()
			}
			return dirs, err
		}
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		if got := w.types("late", 0); !slices.Equal(got, []flat.Type{flat.CapsuleAdded, flat.BuildStarted, flat.Reload}) {
			t.Errorf("of the late capsule: %v", got)
		}
	})
}
