package orchestrator

import (
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
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

// suspicion is the time between three disturbed builds and the verdict.
type suspicion struct {
	tries int  // builds in quiet that were disturbed
	loud  bool // that the files are written without pause was said
}

// stop takes back the request for a build, one in quiet too, because the capsule is suspected or held.
func (c *capsule) stop() {
	c.work.withdraw()
	c.work.superseded, c.hold.probed = 0, false
}

// suspect builds nothing until it was quiet for a while, and says nothing yet.
func (l *loop) suspect(c *capsule, after *builder.Inputs, changed []string, now time.Time) {
	l.giveUp(c)
	c.stop()
	c.settle(after, held)
	c.hold.by(after, changed)
	c.hold.probeIn(c.hold.pause(), now)
	if !c.exam.current() || c.exam.gone {
		return
	}
	l.accept(c, after)
	l.decide(c, now)
}

// suspectAgain reports whether a build in quiet whose inputs changed proves
// nothing yet, because somebody seems to edit these files.
func (l *loop) suspectAgain(c *capsule, after *builder.Inputs, changed []string, now time.Time) bool {
	if c.hold.feedback.when.steady() && !common(changed, names(c.authors.others)) {
		return false
	}
	switch {
	case c.hold.suspicion != nil && c.hold.suspicion.tries+1 < len(quiets):
		c.hold.suspicion.tries++
	case c.hold.suspicion == nil && c.hold.in == nil: // it was held for a circle, and this is the first word against its own build
		c.hold.suspicion = &suspicion{}
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

// holdUnbroken says of a suspected capsule that it is not built, when its files
// are written without pause: whoever reads the screen waits for a reload.
func (l *loop) holdUnbroken(c *capsule, now time.Time) {
	s := c.hold.suspicion
	if s == nil || s.loud || !c.burst.unbroken(now) {
		return
	}
	s.loud = true
	l.announceFor(c, event.Held{Files: c.hold.files, SourceHash: c.in.SourceHash,
		Message: "its sources are written without pause; it is built when they were quiet for " + c.hold.pause().String(),
		Hint:    c.ignoreHint(c.hold.files, "if they are no sources, let them be written into an ignored folder", true)})
}
