package orchestrator

import (
	"errors"
	"io/fs"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

func (l *loop) examineIfDue(c *capsule, now time.Time) {
	if !c.exam.due(now, c.examineAt(&l.Config)) || l.examining >= examineAtOnce || l.leftAlone(c) || l.locked(c, now) {
		return
	}
	told := c.exam.told()
	l.examinations++
	c.exam.begin(c.burst.overdue(&l.Config, now), l.examinations)
	l.examining++
	l.do(examine{c: c, told: told, edited: c.burst.edited()})
	if told != nil && l.mayBeEarly(c) {
		l.do(glance{c, c.in, told.Paths})
	}
}

// examined takes in what an examination found, unless a newer one must follow.
func (l *loop) examined(c *capsule, in *builder.Inputs, err error, edited, now time.Time) {
	l.examining--
	c.exam.underWay = false
	if l.stopping {
		return
	}
	if in != nil && in.Recovered != nil {
		c.standing.recovered = in.Recovered
	}
	if l.leftAlone(c) { // it began before somebody held the capsule
		c.exam.doubt()
	}
	if c.exam.dirty && (!c.exam.capped || l.leftAlone(c)) {
		c.exam.unnamed = true // the paths that led to this one are forgotten
		return
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.exam.gone = true
		c.work.withdraw()
		l.supersede(c, true)
		return
	case err != nil:
		l.unknown(c, err, now)
		return
	}
	if c.exam.warned { // idle was said without it, and that it failed
		l.busy, c.told.unanswered = true, true
	}
	c.exam.succeed()
	c.exam.base, c.exam.judged = in, c.exam.number
	news := c.in == nil || c.in.Key != in.Key
	l.accept(c, in)
	l.sayRecovered(c)
	if news { // else nobody has edited: what the watcher told of is as it was
		c.exam.edited = edited
	}
	if c.lost() && !c.product.amiss {
		c.product.amiss, c.product.since = true, now
	}
	l.decide(c, now)
	if c.exam.capped { // this burst was waited for long enough; what comes now is the next one
		c.work.overdue = c.work.want
		dirty := c.exam.dirty
		c.burst.end()
		if dirty {
			c.change(now)
		}
	}
}

// unknown tries again after an examination that failed: soon, because a file
// may have been written just then, and later, when somebody was told.
func (l *loop) unknown(c *capsule, err error, now time.Time) {
	again := c.exam.unreadable != ""
	quiet := !c.burst.open || c.burst.over(&l.Config, now)
	wait := l.Quiet
	if again && quiet {
		wait = retryAfter
	}
	c.exam.fail(err, now.Add(wait))
	if again && quiet && (!c.exam.warned || c.told.unanswered) {
		c.exam.warned, c.told.unanswered, c.told.judged = true, false, ""
		c.burst.end()
		l.sayUnreadable(c, err)
	}
	if c.exam.warned {
		c.exam.judged = c.exam.number
	}
}

// closeBurst ends the burst once the disk has been quiet long enough.
func (l *loop) closeBurst(c *capsule, now time.Time) {
	if c.exam.current() && c.burst.over(&l.Config, now) {
		c.burst.end()
	}
	if !c.exam.dirty {
		c.burst.rest(&l.Config, now)
	}
	if c.exam.gone && c.settled() && c.work.job == nil {
		l.remove(c)
	}
}
