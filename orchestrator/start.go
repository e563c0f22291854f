package orchestrator

import (
	"cmp"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/pool"
)

// probe builds a held capsule once more after a long quiet.
func (l *loop) probe(c *capsule, now time.Time) {
	if !c.hold.probes(now) || c.work.job != nil || !c.settled() {
		return
	}
	c.hold.probeAt, c.hold.probed = time.Time{}, true
	if c.hold.in == nil { // for a circle
		c.trail.circled++
	}
	c.work.withdraw()
	c.work.request("once more in quiet", now)
}

// startBuilds starts wanted builds while there is room, first come first built; but what somebody
// edits now goes before all that waits. It does so once, and then the next one has its turn:
// whoever saves without pause must not keep the others waiting for ever.
func (l *loop) startBuilds(now time.Time) {
	l.tellProblems(now)
	if l.pool.Room(now) <= 0 {
		return // after a branch switch hundreds wait, and each step would put them in a row
	}
	var queue []*capsule
	for _, c := range l.list {
		if c.work.want && c.work.job == nil && l.mayBuild(c, now) {
			queue = append(queue, c)
		}
	}
	slices.SortFunc(queue, func(a, b *capsule) int {
		return cmp.Or(a.work.since.Compare(b.work.since), cmp.Compare(a.dir, b.dir))
	})
	var first *capsule
	if at := newest(queue); at > 0 && !l.jumped {
		first = queue[at]
		queue = slices.Insert(slices.Delete(queue, at, at+1), 0, first)
	}
	for _, c := range queue {
		if l.pool.Free(c.in.Group, now) && !l.locked(c, now) {
			l.build(c, now)
			l.jumped = c == first
		}
	}
}

// tellProblems begins the builds that end at once, in what stands in their way: whoever breaks a manifest
// while other builds run hears of it without waiting for a place.
func (l *loop) tellProblems(now time.Time) {
	for _, c := range l.list {
		if c.in != nil && c.in.Problem() != nil && c.work.want && c.work.job == nil && l.mayBuild(c, now) && !l.locked(c, now) {
			l.build(c, now)
		}
	}
}

// newest is which of queue was edited last; -1: none was.
func newest(queue []*capsule) int {
	at := -1
	var last time.Time
	for i, c := range queue {
		if c.exam.edited.After(last) {
			at, last = i, c.exam.edited
		}
	}
	return at
}

// queued is how many builds are due and have not begun.
func (l *loop) queued() (n int) {
	for _, c := range l.list {
		if c.work.want && c.work.job == nil {
			n++
		}
	}
	return n
}

// mayBuild reports whether what is asked for is known to be what is on disk, and nobody
// else is about to write what the build takes or publishes.
func (l *loop) mayBuild(c *capsule, now time.Time) bool {
	known := c.work.overdue || c.exam.current() && !(c.burst.patient && c.burst.open)
	return known && !l.leftAlone(c) && !(c.product.amiss && c.product.working) && !l.awaits(c, now)
}

// mayBeEarly reports whether c could be built now if its content were known to be another one. What
// builds and commands may have written is left to the look at everything.
func (l *loop) mayBeEarly(c *capsule) bool {
	stirred := slices.ContainsFunc(l.list, func(other *capsule) bool {
		return other.work.waitedFor() || other.trail.hook != nil
	})
	sound := c.standing.how == good || c.standing.how == failed
	return l.ready && !stirred && sound && c.hold.suspicion == nil && c.hold.feedback.count == 0 && !c.burst.patient && !c.exam.capped && !c.work.retried
}

func (l *loop) build(c *capsule, now time.Time) {
	if len(c.trail.lap.row) > 0 {
		c.trail.laps = c.trail.laps.with(c.trail.lap.after)
	}
	l.begin(c, &job{in: c.asked(c.in), reason: c.work.reason, edited: c.exam.edited, committed: c.work.overdue || c.hold.probed || c.work.impatient()}, now)
}

// begin starts j, which is what is to be built of c.
func (l *loop) begin(c *capsule, j *job, now time.Time) {
	c.told.builds++
	j.attempt, j.started, j.place, j.row = c.told.attempts(), now, l.placeFor(c, j, now), append(slices.Clip(c.trail.lap.row), c.dir)
	c.work.begin(j)
	if !j.early && j.in.Problem() == nil && j.in.Verdict == nil {
		l.sayStarted(c, j)
	}
	l.do(build{c: c, in: j.in, name: c.name()})
}

// placeFor is a place for j; one of no pool where nothing will run.
func (l *loop) placeFor(c *capsule, j *job, now time.Time) *pool.Place {
	if j.in.Problem() != nil {
		return &pool.Place{}
	}
	return l.pool.Take(c.in.Group, now)
}

func (l *loop) sayStarted(c *capsule, j *job) {
	l.announceFor(c, event.BuildStarted{SourceHash: j.in.SourceHash, Quality: event.Quality(j.in.Quality), Reason: j.reason, Basis: c.told.basis(j.in, j.attempt), Queued: l.queued()})
}

// asked is in as it is to be built: also what failed before, when the user asks for it or nobody
// knows whether the capsule builds in quiet.
func (c *capsule) asked(in *builder.Inputs) *builder.Inputs {
	if in.Verdict == nil || !c.work.retried && !c.hold.probed {
		return in
	}
	again := *in
	again.Verdict = nil
	return &again
}
