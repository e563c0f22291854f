package orchestrator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/orchestrator/pool"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// chain makes capsules each of which takes the module of the one before it.
func (w *world) chain(dirs ...string) {
	for i, dir := range dirs {
		f := w.capsule(dir, "0")
		f.publishes = dir + "/m.wasm"
		if i > 0 {
			f.takes = []string{dirs[i-1]}
		}
	}
}

// Without a single event of the published files every capsule holds the newest
// module of the one before it, and is announced once for each edit.
func TestP3ChainOfCapsules(t *testing.T) {
	// the folders' names have another order than the chain
	for _, dirs := range [][]string{{"/lib", "/app"}, {"/c", "/b", "/a"}, {"/b", "/c", "/a", "/d"}} {
		for jobs := 1; jobs <= 3; jobs++ {
			t.Run(fmt.Sprint(dirs, jobs), func(t *testing.T) {
				setup := func(w *world) Config {
					w.chain(dirs...)
					cfg := w.config()
					cfg.Jobs = jobs
					return cfg
				}
				run(t, setup, func(w *world) {
					time.Sleep(long)
					for round := range 4 {
						from := w.count()
						for i, dir := range dirs { // even rounds edit the first only, odd ones all at once
							if i == 0 || round%2 == 1 {
								w.write(dir, fmt.Sprint(round+1))
							}
						}
						time.Sleep(long)
						for _, dir := range dirs {
							n := 0
							for _, typ := range w.types(strings.Trim(dir, "/"), from) {
								if typ == flat.Reload {
									n++
								}
							}
							if n != 1 {
								t.Errorf("round %d: %d reloads of %s, want 1", round, n, dir)
							}
						}
						for i, dir := range dirs[1:] {
							f := w.fake(dir)
							if got, want := f.built[len(f.built)-1], w.fake(dirs[i]).content; got != want {
								t.Errorf("round %d: %s holds %s of %s, want %s", round, dir, got, dirs[i], want)
							}
						}
					}
				})
			})
		}
	}
}

// A capsule whose build fails or hangs does not stop those that take its module.
func TestP8ChainGoesOn(t *testing.T) {
	setup := func(w *world) Config {
		w.chain("/lib", "/app")
		w.disk["/lib"].broken = func(content string) bool { return content == "bad" }
		return w.config()
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		w.write("/lib", "bad")
		w.write("/app", "1")
		time.Sleep(long)
		if e := w.last(flat.Reload); e.Dir != "/app" {
			t.Errorf("the last reload is of %s", e.Dir)
		}
		w.slow("/lib", time.Hour)
		w.write("/lib", "slow")
		w.write("/app", "2")
		time.Sleep(pool.LendAfter + 5*time.Second)
		if got := w.fake("/app").builds; got[len(got)-1] != "2" {
			t.Errorf("built %v", got)
		}
	})
}

// Capsules that take each other's modules are named, and not followed for ever.
func TestP5CycleOfModulesIsNamed(t *testing.T) {
	setup := func(w *world) Config {
		w.chain("/a", "/b")
		w.disk["/a"].takes = []string{"/b"}
		return w.config()
	}
	run(t, setup, func(w *world) {
		time.Sleep(20 * long)
		e := w.last(flat.Warning)
		if e.Code != "capsule-cycle" || !slices.Equal(e.Files, []string{"/a", "/b"}) {
			t.Errorf("warning: %+v", e)
		}
		n := w.fake("/a").started + w.fake("/b").started
		time.Sleep(20 * long)
		if more := w.fake("/a").started + w.fake("/b").started - n; n > 30 || more > 0 {
			t.Errorf("%d builds, and %d more long after", n, more)
		}
	})
}

// generation goes on where it was when a capsule comes back.
func TestGenerationSurvivesRemoval(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(long)
		for round := range 3 {
			w.mu.Lock()
			w.disk["/a"].gone = true
			w.disk["/a"].module, w.disk["/a"].moduleKey = nil, ""
			w.mu.Unlock()
			w.batches <- watcher.Batch{Paths: []string{"/a"}}
			time.Sleep(long)
			w.write("/a", fmt.Sprint("back ", round))
			time.Sleep(long)
			if e := w.last(flat.Reload); e.Generation != round+2 {
				t.Errorf("generation %d, want %d", e.Generation, round+2)
			}
		}
	})
}

// A publication that a crash interrupted counts on too when its capsule comes back.
func TestGenerationOfARecoveredPublication(t *testing.T) {
	recovered := &builder.Published{SourceHash: "h(lost)", Modules: []builder.Module{{Path: "/a/m.wasm"}}}
	var once sync.Once
	var back atomic.Bool
	setup := func(w *world) Config {
		cfg := one(w)
		cfg.Examine = func(ctx context.Context, dir string, _ *builder.Told) (*builder.Inputs, error) {
			in, err := w.examine(ctx, dir, nil)
			if err == nil && back.Load() {
				once.Do(func() { in.Recovered = recovered })
			}
			return in, err
		}
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		w.mu.Lock()
		w.disk["/a"].gone = true
		w.disk["/a"].module, w.disk["/a"].moduleKey = nil, ""
		w.mu.Unlock()
		w.batches <- watcher.Batch{Paths: []string{"/a"}}
		time.Sleep(long)
		back.Store(true)
		from := w.count()
		w.write("/a", "back")
		time.Sleep(long)
		w.mu.Lock()
		defer w.mu.Unlock()
		var generations []int
		for _, e := range w.events[from:] {
			if e.Type == flat.Reload {
				generations = append(generations, e.Generation)
			}
		}
		if want := []int{2, 3}; !slices.Equal(generations, want) {
			t.Errorf("generations %v, want %v", generations, want)
		}
	})
}

// A warning about a capsule carries its name, whoever it comes from.
func TestWarningsCarryTheName(t *testing.T) {
	var warnings chan Warning
	setup := func(w *world) Config {
		warnings = make(chan Warning)
		cfg := one(w)
		cfg.Warn = warnings
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(long)
		warnings <- Warning{Dir: "/a", Warning: event.Warning{Code: "stray-process"}}
		time.Sleep(long)
		if e := w.last(flat.Warning); e.Capsule != "a" {
			t.Errorf("%+v", e)
		}
	})
}

// TestP3RandomChains plays random edits, losses and slow builds on random graphs
// of capsules, without one event of a published file: in the end every capsule
// is built from its newest content and from the newest modules that it takes.
func TestP3RandomChains(t *testing.T) {
	for seed := range uint64(testkit.Rounds(100, 400)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { playChain(t, seed) })
	}
}

func playChain(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	dirs := []string{"/a", "/b", "/c", "/d", "/e"}
	r.Shuffle(len(dirs), func(i, j int) { dirs[i], dirs[j] = dirs[j], dirs[i] })
	setup := func(w *world) Config {
		for i, dir := range dirs {
			f := w.capsule(dir, "0")
			f.publishes = dir + "/m.wasm"
			f.hashTime, f.buildTime = someTime(r, 80*time.Millisecond)+2, someTime(r, 4*time.Second)+2
			for _, up := range dirs[:i] {
				if r.IntN(2) == 0 {
					f.takes = append(f.takes, up)
				}
			}
		}
		cfg := w.config()
		cfg.Jobs = 1 + r.IntN(3)
		return cfg
	}
	run(t, setup, func(w *world) {
		defer w.dump()
		for range 30 {
			dir := dirs[r.IntN(len(dirs))]
			if r.IntN(8) == 0 {
				w.batches <- watcher.Batch{Lost: true}
			}
			w.write(dir, fmt.Sprint(r.IntN(200)))
			time.Sleep(someTime(r, 3*time.Second))
		}
		time.Sleep(10 * time.Minute)
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, dir := range dirs {
			f := w.disk[dir]
			want := hashOf(f.content)
			for _, up := range f.takes {
				want += "+" + w.disk[up].moduleKey
			}
			if f.moduleKey != want {
				w.t.Errorf("%s stands published from %s, want %s", dir, f.moduleKey, want)
			}
		}
		if e := w.events[len(w.events)-1]; e.Type != flat.Idle {
			w.t.Errorf("the last event is %s, want idle", e.Type)
		}
	})
}
