package orchestrator

import (
	"errors"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// sayPublished tells what a build published; repeats: it is what stood there. Neither that is a
// reload, nor the bytes that somebody took away.
func (l *loop) sayPublished(c *capsule, j *job, published *builder.Published, repeats bool, now time.Time) {
	p := &c.product
	p.amiss, p.again = false, now.Add(lookAgain)
	if p.remade(j.in.Key, published) {
		p.lost = nil
		l.sayPutBack(c, c.names(published))
		return
	}
	if p.lost = nil; j.in.Key != p.lostKey {
		p.mends = 0
	}
	if repeats {
		l.sayRebuilt(c, j, published, now)
		return
	}
	c.told.reloads++
	l.sayReload(c, j, published, now)
}

// built takes a finished build: thrown away when it was given up, repeated when
// its inputs changed meanwhile, else held until the burst ends.
func (l *loop) built(c *capsule, end outcome, now time.Time) {
	j := c.work.job
	l.pool.Leave(j.place)
	l.unseen = true
	c.ran(now)
	j.staged, j.failure, j.phase = end.staged, end.err, waiting
	if l.stopping {
		if end.staged != nil {
			l.do(discard{end.staged})
		}
		c.work.job = nil
		return
	}
	if j.cancelled {
		l.giveUp(c)
		l.again(c, now)
		return
	}
	after := end.staged.After
	if after == nil { // it cannot be read just now
		l.giveUp(c)
		c.change(now)
		c.burst.patient = true
		return
	}
	changed := end.staged.Moved()
	if j.early && len(changed) > 0 { // the look at everything, which has not ended yet, tells more
		l.giveUp(c)
		return
	}
	if len(changed) == 0 {
		changed = l.transient(c, after)
	}
	if len(changed) > 0 {
		l.inputsChanged(c, after, changed, now)
	} else {
		c.hold.feedback.clear()
		c.hold.suspicion, c.hold.late = nil, 0
		l.adopt(c, after)
	}
}

// adopt makes the examination after a build the one that the build stands for:
// the same files, and what the toolchain learned of others meanwhile.
func (l *loop) adopt(c *capsule, after *builder.Inputs) {
	if c.in.Key == c.work.job.in.Key {
		l.accept(c, after)
	}
	if c.work.job.release {
		after = after.ForRelease()
	}
	c.work.job.in = after
}

// deliver publishes or announces a finished build once what it built is known
// to be what is on disk. A committed one was waited for long enough.
func (l *loop) deliver(c *capsule, now time.Time) {
	j := c.work.job
	if j == nil || j.phase != waiting || l.leftAlone(c) || !(c.settled() && !l.awaits(c, now) || j.committed) {
		return
	}
	var upToDate *builder.UpToDate
	if errors.As(j.failure, &upToDate) { // another process has published it
		c.work.deliver()
		c.standing.publish(j.in, upToDate.Published)
		c.told.previous, c.product = j.in.SourceHash, product{}
		c.settle(j.in, good)
		c.told.attempt = j.attempt
		l.sayUnchanged(c, j.in, "")
		l.again(c, now)
		return
	}
	if j.failure != nil {
		c.work.deliver()
		c.settle(j.in, failed)
		l.sayFailure(c, j, now)
		l.again(c, now)
		return
	}
	j.phase, j.published, j.stood = publishing, now, c.standing
	l.do(publish{c: c, staged: j.staged, in: j.in})
}

func (l *loop) delivered(c *capsule, published *builder.Published, err error, now time.Time) {
	j := c.work.job
	if errors.Is(err, builder.ErrMoved) && !l.stopping {
		l.giveUp(c)
		c.standing.forget()
		c.change(now)
		c.burst.patient = true
		return
	}
	c.work.deliver()
	c.hold.probed = false
	if err != nil {
		c.settle(j.in, failed)
		j.failure = err
		l.sayFailure(c, j, now)
	} else {
		if l.inCycle(c) { // those who take the modules see them written now
			c.trail.keep(span{from: j.published, to: now, row: j.row})
		}
		repeats := j.stood.repeats(j.in, published)
		c.standing.publish(j.in, published)
		c.standing.publishedAt, c.trail.led = now, j.row
		c.settle(j.in, good)
		l.sayPublished(c, j, published, repeats, now)
		l.feed(c, now)
	}
	if !l.stopping {
		l.again(c, now)
	}
}
