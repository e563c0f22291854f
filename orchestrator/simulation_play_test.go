package orchestrator

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

var (
	simulations = flag.Uint64("simulations", uint64(testkit.Rounds(150, 1500)), "how many seeds TestSimulation plays")
	firstSeed   = flag.Uint64("seed", 0, "the first of them")
)

// TestSimulation plays edits, lost events, crashes, clock jumps, slow disks, git's lock,
// modules that are taken away and builds that write into their sources, and so do commands after a reload. It holds that
//
//   - no capsule is built twice at once, and no group;
//   - what is published was built from the sources that it is announced for (P1);
//   - nothing is announced that was not published (P2);
//   - the newest word on each capsule is about what is on the disk (P3);
//   - nothing is built twice from the same content (P4);
//   - each change and each doubt ends in exactly one verdict, on the newest key, before the loop says that it is idle;
//   - the same module is no reload;
//   - a debug module is never the last word when all is quiet, a release is never of other sources, and ends at once when something is to be built;
//   - every question is answered, by what was on the disk then or later, and what is held is left alone;
//   - the loop comes to rest, soon, whatever builds and commands write (P5).
func TestSimulation(t *testing.T) {
	began, virtual := time.Now(), time.Duration(0)
	for n := range *simulations {
		seed := *firstSeed + n
		if testing.Short() && n >= 200 {
			break
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newSimulation(t, seed)
			defer s.dump()
			s.playAll()
			virtual += s.now.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		})
	}
	t.Logf("%s were played in %s", virtual, time.Since(began))
}

func (s *simulation) playAll() {
	s.start()
	s.play(someTime(s.r, 20*time.Second))
	pace := []time.Duration{300 * time.Millisecond, 3 * time.Second, 20 * time.Second}[s.r.IntN(3)]
	for range 40 {
		s.disturb()
		switch s.r.IntN(16) {
		case 0, 1, 2:
			s.ask()
		case 3:
			s.holdOn(s.sims[s.dirs[s.r.IntN(len(s.dirs))]])
		}
		s.play(someTime(s.r, pace))
	}
	s.lock, s.healthy = false, true
	s.play(20 * time.Minute)
	before := map[string]int{}
	for _, dir := range s.dirs {
		before[dir] = s.sims[dir].started
	}
	s.play(5 * time.Minute)
	for _, dir := range s.dirs {
		if n := s.sims[dir].started - before[dir]; n > 0 {
			s.t.Errorf("P5: %s was built %d times more, 20 minutes after the last edit", dir, n)
		}
	}
	s.atRest()
	s.allGotAnAnswer()
	s.answersAnEdit()
}

// disturb does one random thing.
func (s *simulation) disturb() {
	c := s.sims[s.dirs[s.r.IntN(len(s.dirs))]]
	content := fmt.Sprint(s.r.IntN(200))
	if s.r.IntN(8) == 0 { // the same code with another comment
		code, _, _ := strings.Cut(c.content, "#")
		content = code + "#" + content
	}
	switch s.r.IntN(26) {
	case 0:
		s.lock = true
	case 1, 2:
		s.lock = false
	case 3:
		c.gone = true
		s.report(c.dir)
	case 4:
		s.tell(asked{})
	case 5:
		s.write(c, c.content, true)
	case 6:
		s.crash()
	case 7:
		s.skew = []time.Duration{0, -time.Hour, time.Hour}[s.r.IntN(3)]
	case 8, 9: // somebody takes the module away, with its copy or without
		if c.pending == nil && c.intent == nil {
			c.module, c.record, c.kept = nil, "", false
			if s.r.IntN(2) == 0 {
				c.blob, c.blobKey = nil, ""
			}
			s.report(c.dir + "/out.wasm")
		}
	case 10: // an edit that is undone at once; twice in a row it cannot be told from a build that rewrites its sources
		was := c.content
		if s.now.Sub(c.undone) < time.Minute {
			return
		}
		c.undone = s.now
		s.write(c, content, true)
		s.play(someTime(s.r, 100*time.Millisecond))
		s.write(c, was, true)
	case 12: // more events than the watcher remembers
		paths := []string{c.dir + "/main.go"}
		for i := range 5000 {
			paths = append(paths, fmt.Sprintf("%s/new/%d.go", c.dir, i))
		}
		s.write(c, content, false)
		s.report(paths...)
	case 13: // a save through a file beside, which sometimes comes to nothing
		s.report(c.dir + "/main.go" + beside)
		s.play(someTime(s.r, time.Second))
		if !c.gone && s.r.IntN(4) > 0 {
			s.write(c, content, true)
		}
	case 11: // a branch switch
		for _, dir := range s.dirs {
			if !s.sims[dir].gone {
				s.write(s.sims[dir], content, true)
			}
		}
	default:
		if !c.gone || s.r.IntN(2) == 0 {
			s.write(c, content, true)
		}
	}
}

// atRest checks that everything is answered, for what is on the disk.
func (s *simulation) atRest() {
	last := map[string]flat.Event{}
	for _, e := range s.events[s.born:] {
		switch e.Type {
		case flat.Reload, flat.BuildFailed, flat.SmokeFailed, flat.Unchanged, flat.Held, flat.CapsuleRemoved:
			last[e.Dir] = e
		}
	}
	newest := slices.DeleteFunc(slices.Clone(s.events), func(e flat.Event) bool { return e.Type == flat.Warning })
	if e := newest[len(newest)-1]; e.Type != flat.Idle {
		s.t.Errorf("the last event is %s, want idle", e.Type)
	}
	for _, dir := range s.dirs {
		s.capsuleAtRest(s.sims[dir], last[dir])
		s.nothingTwice(s.sims[dir])
	}
}

func (s *simulation) capsuleAtRest(c *simCapsule, last flat.Event) {
	known := s.loop.capsules[c.dir] != nil
	switch {
	case c.gone && known:
		s.t.Errorf("P3: %s is gone, the last word on it is %s", c.dir, last.Type)
	case c.gone:
	case !known || last.Type == "" || last.Type == flat.CapsuleRemoved:
		s.t.Errorf("P3: %s is there, the last word on it is %q", c.dir, last.Type)
	case last.SourceHash != hashOf(c.content) && (last.Type != flat.Held || !c.stirs()):
		s.t.Errorf("P3: %s is %s on the disk, the last word is %s of %s", c.dir, c.content, last.Type, last.SourceHash)
	case last.Type == flat.Reload && c.module == nil:
		s.t.Errorf("P2: %s has no module, the last word on it is a reload", c.dir)
	case last.Type == flat.BuildFailed && last.Step == "build" && len(last.Diagnostics) > 0 && !breaks(c.content) && !(last.Quality == "release" && c.debug && breaksAsRelease(c.content)):
		s.t.Errorf("P3: %s builds, the last word on it is a failure", c.dir)
	}
	s.noDebugAtRest(c, last)
	if c.writes != "new" && c.hook != "new" && last.Type == flat.Held && !strings.Contains(last.Message, "module") {
		s.held(c, last)
	}
}

// noDebugAtRest: a debug module is never the last word when it was quiet for long enough.
func (s *simulation) noDebugAtRest(c *simCapsule, last flat.Event) {
	if c.gone || last.Type != flat.Reload && last.Type != flat.Unchanged || last.State != "" {
		return
	}
	if c.module != nil && (c.module.Quality != builder.Release || last.Quality != "release") {
		s.t.Errorf("the last word on %s is %s of a %s module, and %q stands", c.dir, last.Type, last.Quality, c.module.Quality)
	}
}

// held: only who seems to write its own sources may be held, and never at the end of all edits.
func (s *simulation) held(c *simCapsule, last flat.Event) {
	if !c.stirs() && c.takes == "" {
		s.t.Errorf("P5: %s is held at rest, and its build writes nothing: %s", c.dir, last.Message)
	}
}

// nothingTwice checks P4: no content is announced twice in a row in one life, unless the
// capsule was gone, its module was, or somebody asked for another try.
func (s *simulation) nothingTwice(c *simCapsule) {
	if c.takes != "" { // its key holds another's module
		return
	}
	said, built := "", false // built: it was not only repeated from the record
	for _, e := range s.events[s.born:] {
		if e.Dir != c.dir {
			continue
		}
		switch e.Type {
		case flat.CapsuleRemoved, flat.CapsuleAdded, flat.Held, flat.Change:
			said = ""
		case flat.BuildStarted:
			if built = true; e.Reason == "retry" || strings.Contains(e.Reason, "gone") {
				said = ""
			}
		case flat.Reload, flat.BuildFailed, flat.Unchanged:
			if e.Type == flat.Unchanged && !e.Rebuilt || e.Step == "sources" {
				continue
			}
			if built && e.Quality+e.SourceHash == said && e.Step != string("stage") && !c.stirs() {
				s.t.Errorf("P4: %s was built twice in a row from %s, again in event %d", c.dir, said, e.Seq)
			}
			said, built = e.Quality+e.SourceHash, false
		}
	}
}

// answersAnEdit checks that one edit in quiet is answered within the quiet window, the build
// and two examinations, and with one build.
func (s *simulation) answersAnEdit() {
	for _, dir := range s.dirs {
		c := s.sims[dir]
		if c.gone || c.stirs() || s.feeds(dir) {
			continue
		}
		builds, from := c.started-c.releases, len(s.events)
		content := fmt.Sprint(1000 + s.r.IntN(1000))
		s.write(c, content, false)
		s.later(time.Millisecond, changed{watcher.Batch{Paths: []string{c.dir + "/main.go"}}})
		s.play(s.cfg.Quiet + c.slow + 12*time.Second)
		verdicts := 0
		for _, e := range s.events[from:] {
			if e.Dir == dir && (e.Type == flat.Reload || e.Type == flat.BuildFailed || e.Rebuilt) && e.SourceHash == hashOf(content) && (!c.debug || e.Quality == "debug") {
				verdicts++
			}
		}
		if built := c.started - c.releases - builds; verdicts != 1 || built != 1 {
			s.t.Errorf("%s: one edit of %s in quiet had %d verdicts and %d builds", s.clock(), dir, verdicts, built)
		}
	}
}

// feeds reports whether another capsule takes what dir publishes, or the other way round.
func (s *simulation) feeds(dir string) bool {
	for _, c := range s.sims {
		if c.takes == dir || c.dir == dir && c.takes != "" {
			return true
		}
	}
	return false
}

// dump shows what happened when a play failed.
func (s *simulation) dump() {
	if !s.t.Failed() {
		return
	}
	s.t.Logf("the clock that dates files is off by %s", s.skew)
	for _, dir := range s.dirs {
		c := s.sims[dir]
		s.t.Logf("%s: content %s, writes %q, its command %q, takes %q, group %q, build %s", dir, c.content, c.writes, c.hook, c.takes, c.group, c.slow)
	}
	for i, e := range s.events {
		if i == s.born {
			s.t.Logf("-- life %d", s.life)
		}
		s.t.Logf("%d %s %s %s %s %s %s", e.Seq, e.Time.Format("04:05.000"), e.Type, e.Dir, e.SourceHash, e.Reason, e.Code)
	}
}
