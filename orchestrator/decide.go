package orchestrator

import (
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// stillHeld reports whether nothing changed since the capsule was held but the
// files that it is held for. A log that grows without pause would else be built
// three times and held again, for ever.
func (c *capsule) stillHeld() bool {
	return c.standing.how == held && c.hold.in != nil && !c.work.retried && !slices.ContainsFunc(c.hold.in.Changed(c.in), func(file string) bool {
		return !slices.Contains(c.hold.files, file)
	})
}

// accept makes in the capsule's newest examination.
func (l *loop) accept(c *capsule, in *builder.Inputs) {
	old := c.in
	l.witness(c, in)
	c.in = in
	c.share(in)
	moved := old == nil || !slices.Equal(old.Outside, in.Outside) || !slices.Equal(old.Within, in.Within) || !slices.Equal(old.Publishes, in.Publishes)
	if moved || c.exam.rules || old.Name != in.Name || in.Recounts(old) {
		c.exam.rules = false
		l.reindex()
		l.replan()
	}
	if !c.told.announced {
		c.told.announced = true
		l.announceFor(c, event.CapsuleAdded{SourceHash: in.SourceHash})
	}
	if old == nil || old.Name != in.Name {
		c.told.named = false
	}
	if old == nil {
		l.baseline(c)
	}
}

// share has what was found out before hold on to in, where nothing has changed since: the rules, the list of files and the
// recipe of a thousand capsules are not held twice.
func (c *capsule) share(in *builder.Inputs) {
	for _, held := range []**builder.Inputs{&c.exam.base, &c.standing.in, &c.standing.from, &c.told.in} {
		if *held != nil && *held != in && (*held).Same(in) {
			*held = in
		}
	}
}

// baseline decides what the first examination means: up to date, or to be built.
func (l *loop) baseline(c *capsule) {
	c.told.previous = c.in.Last
	c.told.unanswered = l.ready // else it is part of ready
	c.told.in = c.in
	switch {
	case c.in.Current != nil:
		c.standing.publish(c.in, c.in.Current)
		c.told.announce(c.in)
		c.product.again = l.now.Add(lookAgain)
		c.settle(c.in, good)
	case l.NoInitialBuild && !l.ready:
		c.told.announce(c.in)
		c.settle(c.in, fresh)
	}
}

// decide compares the newest examination with what was processed and with the
// build under way, and says whether a build is wanted.
func (l *loop) decide(c *capsule, now time.Time) {
	if c.work.job != nil && c.work.job.early {
		l.confirm(c, now)
	}
	if c.work.job != nil && !c.work.job.covers(c.in) {
		c.work.job.disturbed = true
		l.supersede(c, false)
	}
	if c.standing.published == "" && c.in.Current != nil { // it was away, and came back to what stands published
		c.standing.publish(c.in, c.in.Current)
	}
	if !l.wanted(c, now) {
		c.work.withdraw()
		return
	}
	if c.work.job == nil { // a real edit; what the build in quiet writes is none
		c.release()
	}
	c.work.request(c.whyBuild(), now)
	l.sayChange(c)
}

// wanted reports whether the newest examination is to be built. Where it is not, what is
// known of the same inputs holds, and is said.
func (l *loop) wanted(c *capsule, now time.Time) bool {
	key := c.in.Key
	switch {
	case !c.in.Buildable:
		c.settle(c.in, good)
	case c.work.builds(c.in):
	case c.work.job != nil:
		return true // when the job has ended
	case key == c.standing.key:
		c.work.superseded = 0
		if c.hold.probed { // the build in quiet was wanted and came to nothing: something happened before it began, or at its end
			c.hold.probeIn(c.hold.pause(), now)
		}
	case key == c.standing.published:
		c.work.superseded = 0
		c.settle(c.in, good)
	case l.circles(c, now):
		l.holdCircle(c, now)
	case c.stillHeld():
		c.settle(c.in, held)
		c.hold.probeIn(c.hold.pause(), now)
		l.holdUnbroken(c, now)
	default:
		return true
	}
	return false
}

func (c *capsule) whyBuild() string {
	switch {
	case c.work.retried:
		return "retry"
	case c.product.lost != nil && c.product.lostKey == c.in.Key:
		return "the published module is gone"
	case c.standing.key == "" && c.in.Last == "":
		return "first build"
	case c.standing.key == "":
		return "changed since the last build"
	case c.standing.in.SourceHash == c.in.SourceHash:
		return "outside inputs, settings or toolchain changed"
	}
	return "changed"
}

// supersede gives up the build under way, because it no longer builds what is
// on disk. A committed build runs to its end unless the capsule is gone.
func (l *loop) supersede(c *capsule, gone bool) {
	j := c.work.job
	switch {
	case j == nil || j.phase == publishing || j.cancelled:
		return
	case j.phase == waiting:
		c.burst.patient = true
		l.drop(c)
	case !j.committed || gone:
		c.burst.patient = c.burst.patient || !j.release && !j.early
		l.drop(c)
	}
}

// drop ends the job, which nobody publishes yet, whether it has come to something or still runs.
func (l *loop) drop(c *capsule) {
	if c.work.job.phase == waiting {
		l.giveUp(c)
		return
	}
	c.work.job.cancelled = true
	l.do(cancel{c})
}

// giveUp ends a job whose outcome nobody will see.
func (l *loop) giveUp(c *capsule) {
	if c.work.job.staged != nil {
		l.do(discard{c.work.job.staged})
	}
	j := c.work.job
	if j.early {
		c.work.job = nil
		return
	}
	l.announceFor(c, event.BuildSuperseded{SourceHash: j.in.SourceHash, Quality: event.Quality(j.in.Quality), Basis: event.Basis{Key: j.in.Key, Attempt: j.attempt}})
	c.work.abandon()
}

// again asks for another decision after a job ended without being delivered.
func (l *loop) again(c *capsule, now time.Time) {
	if c.exam.current() && !c.exam.gone && c.in != nil && !l.leftAlone(c) {
		l.decide(c, now)
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
	l.conclude(c, c.in, 0, event.Held{Files: c.hold.files, SourceHash: c.in.SourceHash, Basis: c.told.basis(c.in, 0),
		Message: "its sources are written without pause; it is built when they were quiet for " + c.hold.pause().String(),
		Hint:    c.ignoreHint(c.hold.files, "if they are no sources, let them be written into an ignored folder", true)})
}

// confirm makes of a build that began early one like any other, now that the newest examination knows
// the key: or ends it, when that says that it was for nothing.
func (l *loop) confirm(c *capsule, now time.Time) {
	j := c.work.job
	if j.cancelled || !j.covers(c.in) {
		return
	}
	known := c.in.Key == c.standing.key || c.in.Key == c.standing.published || c.in.Current != nil || !c.in.Buildable || c.in.Problem() != nil || c.in.Verdict != nil
	if known || l.circles(c, now) {
		l.drop(c)
		return
	}
	j.early, j.row = false, append(slices.Clip(c.trail.lap.row), c.dir)
	if j.phase == running {
		j.in = c.in
	}
	j.reason = c.whyBuild()
	c.work.reason = j.reason
	l.sayChange(c)
	l.sayStarted(c, j)
}
