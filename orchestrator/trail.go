package orchestrator

import (
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// runsKept is how many builds are remembered of each capsule: a write is looked at soon after the build that made it.
const runsKept = 8

// trail is which builds, and commands that reloads started, led to a capsule's builds.
type trail struct {
	lap     lap      // how what is wanted came about
	laps    clock    // of all builds since somebody's edit to which other builds led
	circled int      // held for a circle since then, and built once more in quiet: so often
	runs    []span   // the newest builds, and what their reloads started
	hook    *span    // what the newest reload started, while it runs
	led     []string // the row of the newest reload
}

// span is one build that has ended or is under way, or a command that its reload started.
type span struct {
	from, to time.Time
	row      []string // the folders of the capsules whose builds led to it, itself the last
	hook     bool     // it is such a command
}

// ran records c's build, which ends now.
func (c *capsule) ran(now time.Time) {
	c.trail.keep(span{from: c.work.job.started, to: now, row: c.work.job.row})
}

func (t *trail) keep(s span) {
	t.runs = append(t.runs, s)
	t.runs = t.runs[max(0, len(t.runs)-runsKept):]
}

// lap is how what is new in a capsule's inputs came about.
type lap struct {
	row    []string      // the builds that led to it
	hooked bool          // by way of a command that a reload started
	after  time.Duration // from the start of the newest of them to the write
	edit   bool          // some of it was written while nobody was built: that was somebody's edit
}

// runsWithin are the builds that were under way between first and last.
func (l *loop) runsWithin(first, last, now time.Time) []span {
	var list []span
	for _, dir := range l.order {
		c := l.capsules[dir]
		runs := c.trail.runs
		if j := c.work.job; c.work.running() {
			runs = append(slices.Clip(runs), span{from: j.started, to: now, row: j.row})
		}
		if c.trail.hook != nil {
			runs = append(slices.Clip(runs), span{from: c.trail.hook.from, to: now, row: c.trail.hook.row, hook: true})
		}
		for _, r := range runs {
			if !last.Before(r.from.Add(-clockTick)) && !first.After(r.to) {
				list = append(list, r)
			}
		}
	}
	return list
}

// written tells when what is new in in since old was taken was written.
func (c *capsule) written(old, in *builder.Inputs, now time.Time) []time.Time {
	times := old.Written(in)
	for i, at := range times {
		times[i] = c.moment(at, old, now)
	}
	return times
}

// moment is when a file was written that is new since old was taken, and says at. Where it
// cannot have been then, another clock than ours dates files (a network folder, a clock that
// was set), or a folder was moved here with what is in it: then the newest event counts, and
// without one it was just now.
func (c *capsule) moment(at time.Time, old *builder.Inputs, now time.Time) time.Time {
	possible := func(at time.Time) bool {
		return !at.Before(old.Taken.Add(-clockTick)) && !at.After(now.Add(clockTick))
	}
	switch {
	case possible(at):
		return at
	case possible(c.burst.last):
		return c.burst.last
	}
	return now
}

// builds is the folder of the capsule that was built.
func (r span) builds() string { return r.row[len(r.row)-1] }

func within(at time.Time, r span) bool {
	return !at.Before(r.from.Add(-clockTick)) && !at.After(r.to)
}

// rounds is how often dir was built in row.
func rounds(row []string, dir string) (n int) {
	for _, d := range row {
		if d == dir {
			n++
		}
	}
	return n
}
