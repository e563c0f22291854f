package orchestrator

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// The first look at each of many capsules costs no order of all of them, where nothing is to be built: a
// count that CI holds.
func TestManyCapsulesAreOrderedOnce(t *testing.T) {
	l := newLoop(Config{NoInitialBuild: true, Roots: []string{"/"}, Announce: nil}.withDefaults())
	now := time.Unix(1000, 0)
	var dirs []string
	for i := range 300 {
		dirs = append(dirs, fmt.Sprintf("/c%03d", i))
	}
	l.step(now, begun{dirs})
	effects, _ := l.step(now, changed{watcher.Batch{Lost: true}})
	examinations := 0
	for len(effects) > 0 {
		e := effects[0]
		effects = effects[1:]
		look, is := e.(examine)
		if !is {
			continue
		}
		examinations++
		dir := look.c.dir
		in := &builder.Inputs{Inputs: inputs.Inputs{Dir: dir, Name: dir[1:], SourceHash: "h", Key: "h" + dir, Buildable: true, Publishes: []string{dir + "/c.wasm"},
			Outside: []string{"/.gitignore"}, Taken: now, Skip: func(string, bool) bool { return false }, Sources: &tree.Snapshot{}, Others: &tree.Snapshot{}}}
		more, _ := l.step(now, examined{look.c, in, nil, time.Time{}})
		effects = append(effects, more...)
	}
	if !l.ready || examinations != len(dirs) {
		t.Fatalf("ready: %v after %d examinations", l.ready, examinations)
	}
	if l.graph.made > 2 {
		t.Errorf("%d capsules were ordered %d times", len(dirs), l.graph.made)
	}
}

// A step with many capsules at rest makes nothing for each of them: thousands of steps follow a branch switch.
func TestAStepMakesNothingForEachCapsule(t *testing.T) {
	made := func(count int) float64 {
		l := newLoop(Config{NoInitialBuild: true, Roots: []string{"/"}}.withDefaults())
		now := time.Unix(1000, 0)
		var dirs []string
		for i := range count {
			dirs = append(dirs, fmt.Sprintf("/c%04d", i))
		}
		l.step(now, begun{dirs})
		l.step(now, changed{watcher.Batch{Lost: true}})
		return testing.AllocsPerRun(20, func() { l.step(now, passed{}) })
	}
	if few, many := made(10), made(1000); many > few+2 {
		t.Errorf("a step makes %v things with 1000 capsules, and %v with 10", many, few)
	}
}

// What an examination finds as it was takes the place of what was found before, so that no list of files is held twice; what
// differs takes no place.
func TestWhatStaysTheSameIsHeldOnce(t *testing.T) {
	find := func(key string, mtime int64) *builder.Inputs {
		return &builder.Inputs{Inputs: inputs.Inputs{Dir: "/c", Name: "c", SourceHash: key, Key: key, Buildable: true, Others: &tree.Snapshot{},
			Sources: &tree.Snapshot{Files: []tree.File{{Path: "main.go", Mtime: mtime}}}}}
	}
	first := find("k", 1)
	for _, test := range []struct {
		what  string
		later *builder.Inputs
		held  bool
	}{{"the same", find("k", 1), true}, {"touched", find("k", 2), false}, {"edited", find("l", 1), false}} {
		l := newLoop(Config{Roots: []string{"/"}}.withDefaults())
		c := l.add("/c")
		c.standing.publish(first, &builder.Published{})
		c.settle(first, good)
		c.told.in, c.exam.base, c.in = first, first, first
		l.accept(c, test.later)
		for name, is := range map[string]*builder.Inputs{"base": c.exam.base, "standing": c.standing.in, "published": c.standing.from, "told": c.told.in} {
			if (is == test.later) != test.held {
				t.Errorf("%s: what is %s holds on to what was found last: %v, want %v", test.what, name, !test.held, test.held)
			}
		}
	}
}

// What nobody waits for, as the notes after hundreds of verdicts, runs a few at once, and all of it to its end.
func TestWhatNobodyWaitsForRunsAFewAtOnce(t *testing.T) {
	var running, most, done atomic.Int32
	cfg := Config{Roots: []string{"/"}, Note: func(context.Context, *builder.Inputs) {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(time.Millisecond)
		running.Add(-1)
		done.Add(1)
	}}.withDefaults()
	r := &runner{Config: cfg, loop: newLoop(cfg), timer: time.NewTimer(0), results: make(chan happening)}
	r.loop.noting = 50
	for range 50 {
		r.carryOut(t.Context(), note{})
	}
	r.join(t.Context())
	if done.Load() != 50 || r.minor != 0 || r.loop.noting != 0 {
		t.Errorf("%d of 50 notes were written, %d run, the loop waits for %d", done.Load(), r.minor, r.loop.noting)
	}
	if most.Load() > minorAtOnce {
		t.Errorf("%d ran at once, want %d at most", most.Load(), minorAtOnce)
	}
}

// sawEnd notes whether the loop knew of the end when this was taken in.
type sawEnd struct{ saw *bool }

func (h sawEnd) takeIn(l *loop, _ time.Time) { *h.saw = l.stopping }

// What ends because the run does is never taken in before that: a build that was killed has not failed.
func TestTheEndComesBeforeWhatItKilled(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that the result comes while tell waits for more
	cfg := Config{Roots: []string{"/"}}.withDefaults()
	r := &runner{Config: cfg, loop: newLoop(cfg), timer: time.NewTimer(0), results: make(chan happening)}
	ctx, cancel := context.WithCancel(t.Context())
	saw := false
	go func() {
		cancel()
		r.results <- sawEnd{&saw}
	}()
	r.tell(ctx, passed{})
	for r.pending == 0 { // it was not beside the first
		r.tell(ctx, r.took(<-r.results))
	}
	if !saw {
		t.Error("a result was taken in before the end that it comes from")
	}
}
