package orchestrator

import (
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// What somebody waits for is built as fast as the language can. When all is quiet for a while a
// release of the same sources takes its place, in the background: it is nobody's answer, and
// an edit anywhere ends it at once. A touch does not: the build itself may be the one that rewrites
// a source with the same bytes. One at a time, and who takes another's module comes after it.

// releaseReason is why a release is built.
const releaseReason = "a release in place of the debug module"

// releaseInQuiet begins a release where one is due, and ends it where something is to be built.
func (l *loop) releaseInQuiet(now time.Time) {
	if l.stirs() {
		l.calmSince = time.Time{}
		l.interrupt()
		return
	}
	if l.calmSince.IsZero() {
		l.calmSince = now
	}
	c := l.nextRelease()
	if c == nil || now.Before(l.calmAt()) || len(l.questions) > 0 || !l.pool.Free(c.in.Group, now) || l.locked(c, now) {
		return
	}
	j := &job{in: c.asked(c.in.ForRelease()), release: true, reason: releaseReason}
	if c.work.retried {
		j.reason = "retry"
	}
	l.busy = true // idle was said before, and is said once more after it
	l.begin(c, j, now)
}

// stirs reports whether something happens, or is known to be due soon.
func (l *loop) stirs() bool {
	if !l.ready || l.finding || len(l.holds) > 0 {
		return true
	}
	for _, c := range l.list {
		known := c.settled() || c.exam.warned && !c.burst.open
		if !known || c.exam.gone || c.work.waitedFor() || c.told.unanswered && !c.exam.warned || c.hold.suspicion != nil || c.trail.hook != nil || c.product.amiss {
			return true
		}
	}
	return false
}

// calmAt is when it was quiet for long enough, if nothing happens; zero: something does just now.
func (l *loop) calmAt() time.Time {
	if l.calmSince.IsZero() {
		return time.Time{}
	}
	return l.calmSince.Add(l.Calm)
}

// nextRelease is the capsule whose release is due next; nil: none is, or one is under way.
func (l *loop) nextRelease() (next *capsule) {
	for _, c := range l.needs().list {
		if c.work.job != nil {
			return nil
		}
		if next == nil && c.owesRelease() && !(l.NoInitialBuild && c.told.builds == 0) {
			next = c
		}
	}
	return next
}

// owesRelease reports whether a debug module of what is on disk stands, and is good.
func (c *capsule) owesRelease() bool {
	s := &c.standing
	return c.in != nil && s.how == good && s.key == c.in.Key && s.published == c.in.Key && s.modules != nil && s.modules.Quality == builder.Debug && !c.exam.warned
}

// interrupt ends the release that is under way where a verdict is waited for. One that is being
// published is finished: that is a matter of milliseconds.
func (l *loop) interrupt() {
	if !slices.ContainsFunc(l.list, func(c *capsule) bool { return c.work.waitedFor() }) {
		return
	}
	for _, c := range l.list {
		j := c.work.job
		if j != nil && j.release && !j.cancelled && j.phase != publishing {
			l.drop(c)
		}
	}
}
