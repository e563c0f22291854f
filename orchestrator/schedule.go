package orchestrator

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// decide compares the newest examination with what was processed and with the
// build under way, and says whether a build is wanted.
func (l *loop) decide(c *capsule, now time.Time) {
	key := c.in.Key
	if c.work.job != nil && c.work.job.in.Key != key {
		c.work.job.disturbed = true
		l.supersede(c, false)
	}
	if c.standing.published == "" && c.in.Current != nil { // it was away, and came back to what stands published
		c.standing.publish(key, c.in.Current)
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
	case c.work.builds(key):
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
		if !c.burst.open && !c.product.amiss { // else the end of the burst says so
			l.sayUnchanged(c)
		}
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
		l.giveUp(c)
	case !j.committed || gone:
		j.cancelled = true
		c.burst.patient = true
		l.do(cancel{c})
	}
}

// giveUp ends a job whose outcome nobody will see.
func (l *loop) giveUp(c *capsule) {
	if c.work.job.staged != nil {
		l.do(discard{c.work.job.staged})
	}
	l.announceFor(c, event.BuildSuperseded{SourceHash: c.work.job.in.SourceHash})
	c.work.abandon()
}

// startBuilds starts wanted builds while there is room, first come first built.
func (l *loop) startBuilds(now time.Time) {
	var queue []*capsule
	for _, c := range l.capsules {
		if c.work.want && c.work.job == nil && l.mayBuild(c, now) {
			queue = append(queue, c)
		}
	}
	slices.SortFunc(queue, func(a, b *capsule) int {
		return cmp.Or(a.work.since.Compare(b.work.since), cmp.Compare(a.dir, b.dir))
	})
	for room := l.room(now); room > 0 && len(queue) > 0; queue = queue[1:] {
		if c := queue[0]; !l.groups[c.in.Group] && !l.locked(c, now) {
			l.build(c, now)
			room--
		}
	}
}

// mayBuild reports whether what is asked for is known to be what is on disk, and nobody
// else is about to write what the build takes or publishes.
func (l *loop) mayBuild(c *capsule, now time.Time) bool {
	known := c.work.overdue || c.exam.current() && !(c.burst.patient && c.burst.open)
	return known && !(c.product.amiss && c.product.working) && !l.awaits(c, now)
}

// room is how many builds may start. One that waits for another process takes no
// place. One that hangs, or is merely slow, lends its own to another one, and that
// keeps it, so that one bad capsule does not stop the others: twice Jobs at most.
func (l *loop) room(now time.Time) int {
	building, slow := 0, 0
	for _, c := range l.capsules {
		switch j := c.work.job; {
		case !c.work.running() || j.blocked:
		case j.slow(now):
			slow++
		default:
			building++
		}
	}
	return l.Jobs - building - max(0, slow-l.Jobs)
}

func (l *loop) build(c *capsule, now time.Time) {
	j := &job{in: c.asked(), reason: c.work.reason, started: now, edited: c.exam.edited, row: append(slices.Clip(c.trail.lap.row), c.dir),
		committed: c.work.overdue || c.hold.probed || c.work.impatient()}
	if len(c.trail.lap.row) > 0 {
		c.trail.laps = c.trail.laps.with(c.trail.lap.after)
	}
	c.work.begin(j)
	if j.in.Group != "" {
		l.groups[j.in.Group] = true
	}
	if j.in.Problem() == nil && j.in.Verdict == nil {
		l.announceFor(c, event.BuildStarted{SourceHash: j.in.SourceHash, Reason: j.reason})
	}
	l.do(build{c: c, in: j.in, name: c.name()})
}

// asked is what is to be built: also what failed before, when the user asks for it or nobody
// knows whether the capsule builds in quiet.
func (c *capsule) asked() *builder.Inputs {
	if c.in.Verdict == nil || !c.work.retried && !c.hold.probed {
		return c.in
	}
	in := *c.in
	in.Verdict = nil
	return &in
}

// built takes a finished build: thrown away when it was given up, repeated when
// its inputs changed meanwhile, else held until the burst ends.
func (l *loop) built(c *capsule, end outcome, now time.Time) {
	j := c.work.job
	delete(l.groups, j.in.Group)
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
	if end.afterErr != nil {
		l.giveUp(c)
		c.change(now)
		c.burst.patient = true
		return
	}
	changed := j.in.Changed(end.after)
	if len(changed) == 0 {
		changed = l.transient(c, end.after)
	}
	if len(changed) > 0 {
		l.inputsChanged(c, end.after, changed, now)
	} else {
		c.hold.feedback.clear()
		c.hold.suspicion, c.hold.late = nil, 0
		l.adopt(c, end.after)
	}
}

// adopt makes the examination after a build the one that the build stands for:
// the same files, and what the toolchain learned of others meanwhile.
func (l *loop) adopt(c *capsule, after *builder.Inputs) {
	if c.in.Key == c.work.job.in.Key {
		l.accept(c, after)
	}
	c.work.job.in = after
}

// again asks for another decision after a job ended without being delivered.
func (l *loop) again(c *capsule, now time.Time) {
	if c.exam.current() && !c.exam.gone && c.in != nil {
		l.decide(c, now)
	}
}

// deliver publishes or announces a finished build once what it built is known
// to be what is on disk. A committed one was waited for long enough.
func (l *loop) deliver(c *capsule, now time.Time) {
	j := c.work.job
	if j == nil || j.phase != waiting || !(c.settled() && !l.awaits(c, now) || j.committed) {
		return
	}
	var upToDate *builder.UpToDate
	if errors.As(j.failure, &upToDate) { // another process has published it
		c.work.deliver()
		c.standing.publish(j.in.Key, upToDate.Published)
		c.told.previous, c.product = j.in.SourceHash, product{}
		c.settle(j.in, good)
		l.sayUnchanged(c)
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
	j.phase, j.published = publishing, now
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
		c.standing.publish(j.in.Key, published)
		c.standing.publishedAt, c.trail.led = now, j.row
		c.settle(j.in, good)
		l.sayPublished(c, j, published, now)
		l.feed(c, now)
	}
	if !l.stopping {
		l.again(c, now)
	}
}

// asFailure is err as a capsule's fault, whatever it is.
func asFailure(err error) *finding.Failure {
	var failure *finding.Failure
	if errors.As(err, &failure) {
		return failure
	}
	return &finding.Failure{Step: finding.StepStage, Findings: []finding.Finding{{Code: finding.BuildEnvironment, Message: err.Error(),
		Hint: "check the disk's space and the folder's permissions, then press r or save a file"}}}
}
