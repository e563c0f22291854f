package orchestrator

import (
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// To look at all files of a huge capsule takes as long as many a build. But one file that differs
// proves that the tree differs, and events name it: so the build begins when that file was looked
// at, while the look at everything is under way. Nobody is told of it before that has ended: only it
// knows the key. What is published is exact all the same, since the look after the build compares
// every file with what was known when the build began; where one differs the build was for nothing.

// mayBeEarly reports whether c could be built now if its content were known to be another one. What
// builds and commands may have written is left to the look at everything.
func (l *loop) mayBeEarly(c *capsule) bool {
	stirred := slices.ContainsFunc(l.order, func(dir string) bool {
		other := l.capsules[dir]
		return other.work.waitedFor() || other.trail.hook != nil
	})
	sound := c.standing.how == good || c.standing.how == failed
	return l.ready && !stirred && sound && c.hold.suspicion == nil && c.hold.feedback.count == 0 && !c.burst.patient && !c.exam.capped && !c.work.retried
}

// glanced begins a build of what a glance at some files found, unless something else happened meanwhile.
func (l *loop) glanced(c *capsule, before, seen *builder.Inputs, now time.Time) {
	if seen == nil || l.stopping || c.in != before || !c.exam.underWay || c.exam.dirty || !l.mayBeEarly(c) {
		return
	}
	if !c.work.idle() || l.leftAlone(c) || c.product.amiss || l.awaits(c, now) || !l.pool.Free(c.in.Group, now) || l.locked(c, now) {
		return
	}
	c.trail.lap = lap{edit: true}
	l.begin(c, &job{in: seen, early: true, reason: c.whyBuild(), edited: c.burst.edited()}, now)
}

// confirm makes of a build that began early one like any other, now that the newest examination knows
// the key: or ends it, when that says that it was for nothing.
func (l *loop) confirm(c *capsule, now time.Time) {
	j := c.work.job
	if j.cancelled || !j.covers(c.in) {
		return
	}
	known := c.in.Key == c.standing.key || c.in.Key == c.standing.published || !c.in.Buildable || c.in.Problem() != nil || c.in.Verdict != nil
	switch {
	case !known && !l.circles(c, now):
		j.early, j.row = false, append(slices.Clip(c.trail.lap.row), c.dir)
		if j.phase == running {
			j.in = c.in
		}
		c.work.reason = j.reason
		l.sayChange(c)
		l.sayStarted(c, j)
	case j.phase == waiting:
		l.giveUp(c)
	default:
		j.cancelled = true
		l.do(cancel{c})
	}
}
