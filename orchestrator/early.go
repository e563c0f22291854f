package orchestrator

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// To look at all files of a huge capsule takes as long as many a build. But one file that differs
// proves that the tree differs, and events name it: so the build begins when that file was looked
// at, while the look at everything is under way. Nobody is told of it before that has ended: only it
// knows the key. What is published is exact all the same, since the look after the build compares
// every file with what was known when the build began; where one differs the build was for nothing.

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
