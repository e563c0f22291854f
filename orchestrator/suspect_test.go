package orchestrator

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
)

// Whoever saves again and again while builds run is accused of nothing, and the
// last save is built soon after it.
func TestP3AutosaveIsBuiltAndNotHeld(t *testing.T) {
	for _, c := range []struct {
		pause, build, within time.Duration
		saves                int
	}{
		{time.Second, 1200 * time.Millisecond, 1500 * time.Millisecond, 15},
		{time.Second, 2500 * time.Millisecond, 2500 * time.Millisecond, 60},
		{600 * time.Millisecond, time.Second, 2 * time.Second, 8},
		{800 * time.Millisecond, time.Second, 2 * time.Second, 8},
		{1500 * time.Millisecond, 2 * time.Second, 4 * time.Second, 40},
		{3 * time.Second, 5 * time.Second, 8 * time.Second, 40},
		{4 * time.Second, 6 * time.Second, 8 * time.Second, 40},
		{50 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second, 80},
		{50 * time.Millisecond, 2 * time.Second, 3 * time.Second, 80},
		{300 * time.Millisecond, 400 * time.Millisecond, 3 * time.Second, 50},
	} {
		t.Run(fmt.Sprintf("every %s, build of %s", c.pause, c.build), func(t *testing.T) {
			setup := func(w *world) Config {
				cfg := one(w)
				w.disk["/a"].buildTime = c.build
				return cfg
			}
			run(t, setup, func(w *world) {
				time.Sleep(long)
				content := ""
				for i := range c.saves {
					content = fmt.Sprint("save ", i)
					w.write("/a", content)
					time.Sleep(c.pause)
				}
				time.Sleep(c.within + c.build - c.pause)
				if f := w.fake("/a"); f.moduleKey != hashOf(content) {
					t.Errorf("%s after the last save %s stands published", c.within+c.build, f.moduleKey)
				}
				if slices.Contains(w.types("", 0), flat.Held) {
					t.Errorf("held: %+v", w.last(flat.Held))
				}
			})
		})
	}
}

// A build that writes a source which somebody edits as well is held in the end;
// that source is not proposed for ignore.
func TestP5WritesWhatSomebodyEdits(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		w.write("/a", "edit")
		time.Sleep(long)
		w.mu.Lock()
		w.disk["/a"].onBuild = func(w *world, f *fake) { w.own(f, f.content+"x") }
		w.mu.Unlock()
		before := w.fake("/a").started
		w.write("/a", "2")
		time.Sleep(10 * long)
		if n := w.fake("/a").started - before; n > 9 {
			t.Errorf("%d builds", n)
		}
		e := w.last(flat.Held)
		if contains(e.Hint, "main.go") || e.Hint == "" {
			t.Errorf("hint: %s", e.Hint)
		}
	})
}

// What a build made itself is proposed for ignore.
func TestP5HintNamesWhatTheBuildMade(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		n := 0
		w.disk["/a"].onBuild = func(w *world, f *fake) { n++; w.generate(f, fmt.Sprint(n)) }
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(10 * long)
		if e := w.last(flat.Held); !contains(e.Hint, `ignore = ["/gen.go"]`) {
			t.Errorf("hint: %s", e.Hint)
		}
		if n := len(w.fake("/a").builds); n != 4 {
			t.Errorf("%d builds, want three and the one in quiet", n)
		}
	})
}

// A build in quiet that has to wait for room is not forgotten when the same
// bytes are saved meanwhile.
func TestP3BuildInQuietIsNotForgotten(t *testing.T) {
	setup := func(w *world) Config {
		w.capsule("/b", "1").buildTime = 20 * time.Second
		n, a := 0, w.capsule("/a", "1")
		a.buildTime = 2 * time.Second
		a.onBuild = func(w *world, f *fake) {
			if n++; n <= patience+feedbackLimit {
				w.own(f, fmt.Sprint("disturbed ", n))
			}
			if n == patience+feedbackLimit { // waits for the only place, and has it before the build in quiet is due
				w.own(w.disk["/b"], "2")
			}
		}
		cfg := w.config()
		cfg.Jobs = 1
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(34 * time.Second)
		content := w.fake("/a").content
		w.write("/a", content)
		time.Sleep(4 * long)
		if f := w.fake("/a"); f.moduleKey != hashOf(content) {
			t.Errorf("%q stands published, want %s", f.moduleKey, hashOf(content))
		}
		if n := w.count(); w.events[n-1].Type != flat.Idle {
			t.Errorf("the last event is %s, want idle", w.events[n-1].Type)
		}
	})
}

// Saves that all fall into builds, the first ones and the one in quiet, at any
// moment of them, are built.
func TestP3SavesInEveryBuildAreBuilt(t *testing.T) {
	setup := func(w *world) Config {
		cfg := one(w)
		w.disk["/a"].buildTime = 6 * time.Second
		return cfg
	}
	run(t, setup, func(w *world) {
		content := ""
		for i, pause := range []time.Duration{3 * time.Second, 4 * time.Second, 6 * time.Second, 5 * time.Second, 5 * time.Second, 7 * time.Second} {
			time.Sleep(pause)
			content = fmt.Sprint("save ", i)
			w.write("/a", content)
		}
		time.Sleep(3 * long)
		if f := w.fake("/a"); f.moduleKey != hashOf(content) {
			t.Errorf("%s stands published", f.moduleKey)
		}
	})
}
