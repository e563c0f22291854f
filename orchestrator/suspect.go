package orchestrator

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Somebody who saves while builds run looks just like a build that writes into
// its own sources. What tells the two apart is when the files are written: a
// build writes only while it runs. So nobody is accused before a build that was
// started in quiet has seen its inputs change too, and where somebody seems
// to edit these very files, not before four such builds, each after more quiet.

// quiets is how long the disk must be quiet before each build of a suspected
// capsule: one second is longer than any build takes to write once more after
// its end, and the others are longer than the pauses of most autosaves.
var quiets = []time.Duration{time.Second, 3 * time.Second, 6 * time.Second, 10 * time.Second}

// lateTries is how often a capsule is built once more in quiet although it is held, each time
// after twice as much quiet, where the moments of the writes are not those of a build.
const lateTries = 3

// steadyWithin is how much a build may begin late, on a busy machine.
const steadyWithin = 200 * time.Millisecond

// namesKept bounds what is remembered of a capsule's files.
const namesKept = 1024

// suspicion is the time between three disturbed builds and the verdict.
type suspicion struct {
	tries int  // builds in quiet that were disturbed
	loud  bool // that the files are written without pause was said
}

// suspect builds nothing until it was quiet for a while, and says nothing yet.
func (l *loop) suspect(c *capsule, after *builder.Inputs, changed []string, now time.Time) {
	l.giveUp(c)
	c.superseded, c.want, c.probed = 0, false, false
	c.settle(after, held)
	c.heldIn, c.heldFiles = after, changed
	c.probeAt = now.Add(c.pause())
	if c.dirty || c.examining || c.gone {
		return
	}
	l.accept(c, after)
	l.decide(c, now)
}

// suspectAgain reports whether a build in quiet whose inputs changed proves
// nothing yet, because somebody seems to edit these files.
func (l *loop) suspectAgain(c *capsule, after *builder.Inputs, changed []string, now time.Time) bool {
	if c.feedback.when.steady() && !common(changed, names(c.others)) {
		return false
	}
	switch {
	case c.suspicion != nil && c.suspicion.tries+1 < len(quiets):
		c.suspicion.tries++
	case c.suspicion == nil && c.heldIn == nil: // it was held for a circle, and this is the first word against its own build
		c.suspicion = &suspicion{}
	default:
		return false
	}
	l.suspect(c, after, changed, now)
	return true
}

// clock is when, in the course of builds, their inputs or another's were written.
type clock struct {
	soonest, latest time.Duration
	read            bool
}

// with is the clock after one more write.
func (k clock) with(at time.Duration) clock {
	if !k.read {
		return clock{at, at, true}
	}
	return clock{min(k.soonest, at), max(k.latest, at), true}
}

// steady reports whether all writes were at about the same moment, as those of
// builds are. People save at any.
func (k clock) steady() bool { return k.latest-k.soonest <= steadyWithin+k.latest/16 }

// clock adds the newest write to j's inputs.
func (f *feedback) clock(j *job, after *builder.Inputs) {
	if times := j.in.Written(after); len(times) > 0 {
		f.when = f.when.with(slices.MaxFunc(times, time.Time.Compare).Sub(j.started))
	}
}

// pause is how much quiet a capsule that is held, or suspected, waits for.
func (c *capsule) pause() time.Duration {
	if c.suspicion != nil {
		return quiets[c.suspicion.tries]
	}
	return probeAfter
}

// holdUnbroken says of a suspected capsule that it is not built, when its files
// are written without pause: whoever reads the screen waits for a reload.
func (l *loop) holdUnbroken(c *capsule, now time.Time) {
	s := c.suspicion
	if s == nil || s.loud || c.restless.IsZero() || now.Sub(c.restless) < unbroken {
		return
	}
	s.loud = true
	l.announceFor(c, event.Held{Files: c.heldFiles, SourceHash: c.in.SourceHash,
		Message: "its sources are written without pause; it is built when they were quiet for " + c.pause().String(),
		Hint:    c.ignoreHint(c.heldFiles, "if they are no sources, let them be written into an ignored folder", true)})
}

// witness compares in with the examination before it: who wrote what is new?
func (l *loop) witness(c *capsule, in *builder.Inputs) {
	if c.in == nil || c.in == in {
		return
	}
	before := map[string]bool{}
	changes := c.in.Sources.Diff(in.Sources)
	if len(changes) == 0 {
		return
	}
	for _, f := range c.in.Sources.Files {
		before[f.Path] = true
	}
	times := writtenIn(in.Sources, changes)
	for _, name := range changes {
		at, there := times[name]
		if !there || len(c.hands)+len(c.others)+len(c.newborn) >= namesKept {
			continue
		}
		byBuild, byOwn := l.builtThen(at, c.dir)
		if !byBuild {
			c.hands = with(c.hands, name, true)
		}
		if !byOwn {
			c.others = with(c.others, name, true)
		}
		if !before[name] {
			c.newborn = with(c.newborn, name, byBuild)
		}
	}
}

// writtenIn tells when the files that names names were last written.
func writtenIn(s *tree.Snapshot, names []string) map[string]time.Time {
	wanted, times := map[string]bool{}, map[string]time.Time{}
	for _, name := range names {
		wanted[name] = true
	}
	for _, f := range s.Files {
		if wanted[f.Path] {
			times[f.Path] = time.Unix(0, f.Ctime)
		}
	}
	return times
}

// builtThen reports whether a build, or a command that a reload started, ran at
// that moment, and whether it was one of the capsule's in dir.
func (l *loop) builtThen(at time.Time, dir string) (any, own bool) {
	runs := l.runsWithin(at, at, l.now)
	return len(runs) > 0, slices.ContainsFunc(runs, func(r span) bool { return r.builds() == dir })
}

func with(m map[string]bool, name string, value bool) map[string]bool {
	if m == nil {
		m = map[string]bool{}
	}
	m[name] = value
	return m
}

func names(m map[string]bool) []string { return slices.Collect(maps.Keys(m)) }

// ignoreHint proposes ignore for files that no person ever needs: those that a
// build made. What was there at first, or what somebody edits, is a source, and
// who ignored it would lose every later edit. unbroken: what came meanwhile and
// is written without pause is no source either, whoever writes it; and so is, unless
// somebody was seen to edit it, what lies where builds write and counts for another reason.
func (c *capsule) ignoreHint(files []string, otherwise string, unbroken bool) string {
	if len(files) > 0 && !slices.ContainsFunc(files, func(name string) bool { return c.hands[name] || c.in == nil || !c.in.LeftOut(name) }) {
		return "such files count only because git tracks them, or because the build said that it reads them: if it makes them, take them out of git (git rm --cached " +
			strings.Join(files, " ") + "), or add to [package.metadata.astrid-dev]: " + ignoreLine(files)
	}
	var made []string
	for _, name := range files {
		if byBuild, born := c.newborn[name]; born && (unbroken || byBuild && !c.hands[name]) {
			made = append(made, name)
		}
	}
	if len(made) == 0 {
		return otherwise
	}
	return otherwise + ", or add to [package.metadata.astrid-dev]: " + ignoreLine(made)
}
