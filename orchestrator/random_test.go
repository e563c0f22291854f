package orchestrator

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// TestRandomSchedules plays random edits, losses, locks and self-writing
// builds against the loop in fake time, and checks P1, P3, P4 and P5 whatever
// the order was: P1, one build of a capsule and a group at a time in world,
// the others once the disk is quiet.
func TestRandomSchedules(t *testing.T) {
	for seed := range uint64(testkit.Rounds(75, 300)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { playRandomly(t, seed) })
	}
}

func playRandomly(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	dirs := []string{"/a", "/b", "/c", "/d"}
	setup := func(w *world) Config {
		for _, dir := range dirs {
			f := w.capsule(dir, "0")
			f.hashTime, f.buildTime = someTime(r, 80*time.Millisecond)+2, someTime(r, 4*time.Second)+2
			f.broken = func(content string) bool { return len(content)%3 == 2 }
			if r.IntN(3) == 0 {
				f.group = "shared"
			}
		}
		if r.IntN(3) == 0 {
			w.disk["/d"].onBuild = func(w *world, f *fake) { w.own(f, f.content+"!") }
		}
		cfg := w.config()
		cfg.Jobs = 1 + r.IntN(3)
		return cfg
	}
	run(t, setup, func(w *world) {
		defer w.dump()
		for range 60 {
			w.disturb(r, dirs)
			time.Sleep(someTime(r, 1500*time.Millisecond))
		}
		w.lock(false)
		time.Sleep(10 * time.Minute)
		w.checkQuiet(dirs)
	})
}

// TestP3RandomEdits plays nothing but saves, fast and slow, of one to three capsules
// of fast and slow builds: whatever looked like a build that writes sources, in
// the end every capsule stands built from its newest content.
func TestP3RandomEdits(t *testing.T) {
	for seed := range uint64(testkit.Rounds(150, 600)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { playEdits(t, seed) })
	}
}

func playEdits(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 9))
	dirs := []string{"/a", "/b", "/c"}[:1+r.IntN(3)]
	slowest := 500*time.Millisecond + someTime(r, 12*time.Second)
	saves, pause := 5+r.IntN(60), 200*time.Millisecond+someTime(r, 8*time.Second)
	setup := func(w *world) Config {
		for _, dir := range dirs {
			f := w.capsule(dir, "0")
			f.hashTime, f.buildTime = someTime(r, 80*time.Millisecond)+2, someTime(r, slowest)+2
		}
		cfg := w.config()
		cfg.Jobs = 1 + r.IntN(3)
		return cfg
	}
	run(t, setup, func(w *world) {
		defer w.dump()
		for i := range saves {
			w.write(dirs[r.IntN(len(dirs))], fmt.Sprint(i))
			time.Sleep(someTime(r, pause))
		}
		time.Sleep(20 * time.Minute)
		for _, dir := range dirs {
			if f := w.fake(dir); f.moduleKey != hashOf(f.content) {
				w.t.Errorf("%s stands published from %s, want %s", dir, f.moduleKey, hashOf(f.content))
			}
		}
		if e := w.events[len(w.events)-1]; e.Type != flat.Idle {
			w.t.Errorf("the last event is %s, want idle", e.Type)
		}
	})
}

// TestP5RandomWriters plays capsules whose builds take any time and write at any
// moment of it into their own sources, each other's or both, as no person could
// be told from: they come to rest, all the same.
func TestP5RandomWriters(t *testing.T) {
	for seed := range uint64(testkit.Rounds(75, 300)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { playWriters(t, seed) })
	}
}

func playWriters(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 5))
	dirs := []string{"/a", "/b", "/c"}[:1+r.IntN(3)]
	slowest, own := 50*time.Millisecond+someTime(r, 8*time.Second), len(dirs) == 1 || r.IntN(2) == 0
	setup := func(w *world) Config {
		for i, dir := range dirs {
			next, n := dirs[(i+1)%len(dirs)], 0
			w.capsule(dir, "0").onBuild = func(w *world, f *fake) {
				f.buildTime = someTime(r, slowest) + 2
				n++
				if own {
					w.generate(f, fmt.Sprint(" own ", n))
				}
				if next != dir {
					w.own(w.disk[next], fmt.Sprintf("from %s %d", dir, n))
				}
			}
		}
		cfg := w.config()
		cfg.Jobs = 1 + r.IntN(3)
		return cfg
	}
	run(t, setup, func(w *world) {
		defer w.dump()
		time.Sleep(time.Hour)
		before := w.builds(dirs)
		if before > 100*len(dirs) { // a thousand plays had 56 at most, and one under the race detector 63
			w.t.Errorf("%d builds", before)
		}
		time.Sleep(time.Hour)
		if n := w.builds(dirs) - before; n > 0 {
			w.t.Errorf("%d builds more, long after", n)
		}
	})
}

// builds is how many builds of dirs were started.
func (w *world) builds(dirs []string) (n int) {
	for _, dir := range dirs {
		n += w.fake(dir).started
	}
	return n
}

// disturb does one random thing to the disk. A write without an event is
// always followed by a loss, as it is with a real watcher.
func (w *world) disturb(r *rand.Rand, dirs []string) {
	dir := dirs[r.IntN(len(dirs))]
	content := fmt.Sprint(r.IntN(200))
	switch r.IntN(12) {
	case 0:
		w.lock(true)
	case 1:
		w.lock(false)
	case 2:
		w.mu.Lock()
		w.disk[dir].content = content
		w.disk[dir].written()
		w.mu.Unlock()
		time.Sleep(someTime(r, 100*time.Millisecond))
		w.batches <- watcher.Batch{Lost: true}
	case 3:
		w.mu.Lock()
		w.disk[dir].gone = true
		w.mu.Unlock()
		w.batches <- watcher.Batch{Paths: []string{dir}}
	case 4:
		w.retry <- struct{}{}
	case 5: // the same bytes
		w.mu.Lock()
		content = w.disk[dir].content
		w.mu.Unlock()
		w.write(dir, content)
	default:
		w.write(dir, content)
	}
}

func (w *world) lock(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.locks["/.git/index.lock"] = on
}

// checkQuiet checks that the last word on every capsule is about what is on disk.
func (w *world) checkQuiet(dirs []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := map[string]flat.Event{}
	for i, e := range w.events {
		if e.Seq != uint64(i+1) {
			w.t.Fatalf("event %d has number %d", i, e.Seq)
		}
		switch e.Type {
		case flat.Reload, flat.BuildFailed, flat.Unchanged, flat.Held, flat.CapsuleRemoved:
			last[e.Dir] = e
		}
	}
	for _, dir := range dirs {
		w.checkCapsule(dir, w.disk[dir], last[dir])
	}
	if e := w.events[len(w.events)-1]; e.Type != flat.Idle {
		w.t.Errorf("the last event is %s, want idle", e.Type)
	}
}

func (w *world) checkCapsule(dir string, f *fake, last flat.Event) {
	switch {
	case f.gone && last.Type != flat.CapsuleRemoved && last.Type != "":
		w.t.Errorf("P3: %s is gone, the last word on it is %s", dir, last.Type)
	case !f.gone && last.Type == flat.CapsuleRemoved:
		w.t.Errorf("P3: %s is there, the last word on it is %s", dir, last.Type)
	case !f.gone && last.Type == flat.Reload && last.SourceHash != hashOf(f.content):
		w.t.Errorf("P3: %s is %s on disk, the last reload is of %s", dir, f.content, last.SourceHash)
	case !f.gone && last.Type == flat.Held && f.onBuild == nil && last.SourceHash != hashOf(f.content):
		w.t.Errorf("P3: %s is %s on disk, it was held at %s", dir, f.content, last.SourceHash)
	case !f.gone && last.Type == flat.BuildFailed && last.SourceHash != hashOf(f.content):
		w.t.Errorf("P3: %s is %s on disk, the last failure is of %s", dir, f.content, last.SourceHash)
	}
	if f.onBuild != nil && f.started > 60*6 {
		w.t.Errorf("P5: %d builds of a capsule that writes into itself", f.started)
	}
	if f.onBuild == nil {
		w.checkNothingTwice(dir)
	}
}

// checkNothingTwice checks P4: no content is announced twice in a row, unless
// the capsule was gone in between or somebody asked for another try.
func (w *world) checkNothingTwice(dir string) {
	said := ""
	for _, e := range w.events {
		if e.Dir != dir {
			continue
		}
		switch e.Type {
		case flat.CapsuleRemoved, flat.CapsuleAdded, flat.Held:
			said = "" // held is another content that was dealt with
		case flat.BuildStarted:
			if e.Reason == "retry" {
				said = ""
			}
		case flat.Reload, flat.BuildFailed:
			if e.SourceHash == said {
				w.t.Errorf("P4: %s was built twice in a row from %s, again in event %d", dir, said, e.Seq)
			}
			said = e.SourceHash
		}
	}
}

// dump shows what happened when the test failed.
func (w *world) dump() {
	if !w.t.Failed() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		w.t.Logf("%d %s %s %s %s %s %s", e.Seq, e.Time.Format("05.000"), e.Type, e.Dir, e.SourceHash, e.Reason, e.Code)
	}
}
