package orchestrator

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
)

// writes makes every build of from write new bytes into to's sources.
func (w *world) writes(from, to string) {
	n := 0
	w.disk[from].onBuild = func(w *world, _ *fake) {
		n++
		w.own(w.disk[to], fmt.Sprintf("from %s %d", from, n))
	}
}

func (w *world) calm(dirs ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, dir := range dirs {
		w.disk[dir].onBuild = nil
	}
}

// Two and three capsules whose builds write each other's sources come to rest
// held and named; an edit releases them.
func TestP5CirclesAreHeld(t *testing.T) {
	for _, ring := range [][]string{{"/a", "/b"}, {"/a", "/b", "/c"}} {
		for _, buildTime := range []time.Duration{10 * time.Millisecond, 300 * time.Millisecond, 5 * time.Second} {
			for jobs := 1; jobs <= 2; jobs++ {
				t.Run(fmt.Sprintf("%d capsules, %s, %d jobs", len(ring), buildTime, jobs), func(t *testing.T) {
					setup := func(w *world) Config {
						for _, dir := range ring {
							w.capsule(dir, "1").buildTime = buildTime
						}
						for i, dir := range ring {
							w.writes(dir, ring[(i+1)%len(ring)])
						}
						cfg := w.config()
						cfg.Jobs = jobs
						return cfg
					}
					run(t, setup, func(w *world) { playCircle(t, w, ring) })
				})
			}
		}
	}
}

func playCircle(t *testing.T, w *world, ring []string) {
	time.Sleep(20 * long)
	builds := 0
	for _, dir := range ring {
		builds += w.fake(dir).started
	}
	if most := 10 * len(ring); builds > most {
		t.Errorf("%d builds, want at most %d", builds, most)
	}
	if e := w.last(flat.Held); len(e.Files) != 1 || e.Hint == "" {
		t.Errorf("held: %+v", e)
	}
	time.Sleep(20 * long)
	after := 0
	for _, dir := range ring {
		after += w.fake(dir).started
	}
	if after != builds {
		t.Errorf("%d builds more, long after", after-builds)
	}
	w.calm(ring...)
	for _, dir := range ring {
		w.write(dir, "mended")
		time.Sleep(long)
		if e := w.last(flat.Reload); e.SourceHash != "h(mended)" || e.Dir != dir {
			t.Errorf("%s: reload of %s in %s", dir, e.SourceHash, e.Dir)
		}
	}
}

// Builds that write their own sources as well as each other's come to rest too:
// neither of the two brakes lets the other one off.
func TestP5CirclesThatFeedThemselvesAreHeld(t *testing.T) {
	for _, buildTime := range []time.Duration{10 * time.Millisecond, 300 * time.Millisecond, 5 * time.Second} {
		for jobs := 1; jobs <= 2; jobs++ {
			t.Run(fmt.Sprintf("%s, %d jobs", buildTime, jobs), func(t *testing.T) {
				ring := []string{"/a", "/b"}
				setup := func(w *world) Config {
					for i, dir := range ring {
						f, n := w.capsule(dir, "1"), 0
						f.buildTime = buildTime
						f.onBuild = func(w *world, f *fake) {
							n++
							w.own(w.disk[ring[1-i]], fmt.Sprintf("from %s %d", dir, n))
							w.generate(f, fmt.Sprintf(" own %d", n))
						}
					}
					cfg := w.config()
					cfg.Jobs = jobs
					return cfg
				}
				run(t, setup, func(w *world) {
					time.Sleep(30 * long)
					before := w.fake("/a").started + w.fake("/b").started
					if before > 40 {
						t.Errorf("%d builds", before)
					}
					time.Sleep(30 * long)
					if n := w.fake("/a").started + w.fake("/b").started - before; n > 0 {
						t.Errorf("%d builds more, long after", n)
					}
					w.calm(ring...)
					for _, dir := range ring {
						w.write(dir, "mended")
						time.Sleep(long)
						if e := w.last(flat.Reload); e.Dir != dir || e.SourceHash != hashOf("mended"+w.fake(dir).gen) {
							t.Errorf("%s: reload of %s in %s", dir, e.SourceHash, e.Dir)
						}
					}
				})
			})
		}
	}
}

// A row of capsules each of which writes into the next is no circle, however long.
func TestP5ARowIsNotHeld(t *testing.T) {
	const length = 8
	setup := func(w *world) Config {
		for i := range length {
			w.capsule(fmt.Sprintf("/%d", i), "1")
		}
		for i := range length - 1 {
			w.writes(fmt.Sprintf("/%d", i), fmt.Sprintf("/%d", i+1))
		}
		return w.config()
	}
	run(t, setup, func(w *world) {
		time.Sleep(20 * long)
		for round := range 5 {
			w.write("/0", fmt.Sprintf("edit %d", round))
			time.Sleep(20 * long)
		}
		if slices.Contains(w.types("", 0), flat.Held) {
			t.Errorf("held: %+v", w.last(flat.Held))
		}
		last := fmt.Sprintf("/%d", length-1)
		if e := w.last(flat.Reload); e.Dir != last || e.SourceHash != hashOf(w.fake(last).content) {
			t.Errorf("the last reload is %s of %s, want the last capsule's content", e.SourceHash, e.Dir)
		}
	})
}

// Somebody who saves two capsules in turns while both build looks like a circle
// for a while. Nothing that was saved stays unbuilt.
func TestP3EditsInTurnsAreBuilt(t *testing.T) {
	setup := func(w *world) Config {
		for _, dir := range []string{"/a", "/b"} {
			w.capsule(dir, "1").buildTime = 2 * time.Second
		}
		cfg := w.config()
		cfg.Jobs = 2
		return cfg
	}
	run(t, setup, func(w *world) {
		for i := range 20 {
			time.Sleep(1100 * time.Millisecond)
			w.write([]string{"/a", "/b"}[i%2], fmt.Sprint("edit ", i))
		}
		time.Sleep(20 * long)
		for _, dir := range []string{"/a", "/b"} {
			f := w.fake(dir)
			if n := len(f.builds); n == 0 || f.builds[n-1] != f.content {
				t.Errorf("%s holds %q, the builds were given %q", dir, f.content, f.builds)
			}
		}
	})
}

// A command of --on-reload that writes a source is held at its second round;
// somebody who saves a file while such commands run is not.
func TestP5HookThatWritesIsHeld(t *testing.T) {
	for name, c := range map[string]struct {
		hand   bool
		rounds int
		held   bool
		builds int
	}{
		"a person":    {true, handLimit - 2, false, handLimit},
		"the command": {false, 10, true, hookLimit + 1},
		"both":        {true, 3 * handLimit, true, handLimit + 2},
	} {
		t.Run(name, func(t *testing.T) {
			var hooks chan HookRun
			setup := func(w *world) Config {
				hooks = make(chan HookRun)
				w.capsule("/a", "1")
				cfg := w.config()
				cfg.Hooks = hooks
				return cfg
			}
			run(t, setup, func(w *world) {
				time.Sleep(long)
				if c.hand {
					w.write("/a", "edit")
					time.Sleep(long)
				}
				for round := range c.rounds {
					hooks <- HookRun{"/a", true}
					time.Sleep(time.Second)
					w.write("/a", fmt.Sprint("round ", round))
					time.Sleep(5 * time.Second)
					hooks <- HookRun{"/a", false}
					time.Sleep(time.Second)
				}
				if held := slices.Contains(w.types("", 0), flat.Held); held != c.held {
					t.Errorf("held: %t, want %t", held, c.held)
				}
				if n := w.fake("/a").started; n > c.builds {
					t.Errorf("%d builds, want at most %d", n, c.builds)
				}
			})
		})
	}
}

// The command of a reload may begin when its capsule was removed, and another one came in its folder.
func TestACommandOfACapsuleThatWasRemoved(t *testing.T) {
	l := newLoop(Config{}.withDefaults())
	l.add("/c")
	l.hooked(HookRun{Dir: "/c", Running: true}, at(0))
	l.hooked(HookRun{Dir: "/c"}, at(time.Second))
	if any, own := l.builtThen(at(ms), "/c"); !any || !own {
		t.Error("what it wrote is taken for an edit")
	}
}
