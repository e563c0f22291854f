package orchestrator

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// advance does everything that is due at now.
func (l *loop) advance(now time.Time) {
	if !l.placed || l.stopping {
		return
	}
	l.lockedBy = false
	l.endHolds(now, func(h *Hold) bool { return !now.Before(h.Until) })
	for _, c := range l.list {
		l.examineIfDue(c, now)
		l.closeBurst(c, now)
	}
	for _, c := range l.inOrder() { // what one waits for is done first: nobody wakes it later
		l.deliver(c, now)
		l.tend(c, now)
		l.probe(c, now)
		l.answer(c)
	}
	l.startBuilds(now)
	l.sayReady()
	if l.planStale && l.ready {
		l.sendPlan()
	}
	l.sayIdle()
	l.answerQuestions()
	l.releaseInQuiet(now)
}

// wait is how long nothing is due after advance, unless something happens.
func (l *loop) wait(now time.Time) time.Duration {
	if l.asksAgain {
		return 0
	}
	next := now.Add(time.Hour)
	if l.lockedBy {
		next = now.Add(lockPoll)
	}
	if at := l.pool.Lends(now); !at.IsZero() {
		next = soonest(next, at, now)
	}
	if !l.calmSince.IsZero() && l.nextRelease() != nil {
		next = soonest(next, l.calmAt(), now)
	}
	for _, h := range l.holds {
		next = soonest(next, h.Until, now)
	}
	for _, c := range l.list {
		if c.burst.open {
			next = soonest(next, c.burst.quietAt(&l.Config), now)
		}
		for _, at := range c.tendAt(&l.Config) {
			next = soonest(next, at, now)
		}
		if !c.hold.probeAt.IsZero() {
			next = soonest(next, c.hold.probeAt, now)
		}
		if c.exam.dirty && !c.exam.underWay {
			next = soonest(next, c.examineAt(&l.Config), now)
		}
	}
	return next.Sub(now)
}

// soonest is the earlier of next and at. What is not after now waits for a
// result or a lock, and needs no timer.
func soonest(next, at, now time.Time) time.Time {
	if at.After(now) && at.Before(next) {
		return at
	}
	return next
}

// happening is what the loop is told of: by the watcher, by the user, or by the end of an effect.
type happening interface {
	takeIn(l *loop, now time.Time)
}

// step takes in what has happened by now, one after the other, does everything that is due, and returns
// what is to be carried out, in this order, and how long nothing is due after it unless
// something happens. Of the world outside it only asks the four questions of Config
// that are answered at once: Exists, LastChange, Foreign and HooksRun.
func (l *loop) step(now time.Time, happenings ...happening) (effects []effect, wait time.Duration) {
	l.now, l.asksAgain = now, false
	for _, h := range happenings {
		h.takeIn(l, now)
	}
	l.advance(now)
	effects, l.effects = l.effects, nil
	return effects, l.wait(now)
}

type (
	// begun: these capsules are there at start.
	begun struct{ dirs []string }
	// changed: the watcher tells of paths, or of events that were lost.
	changed struct{ batch watcher.Batch }
	// passed: nothing happened but time.
	passed struct{}
	// asked: the user wants what failed to be tried again.
	asked struct{}
	// hooked: a command that a reload started begins or has ended.
	hooked struct{ run HookRun }
	// warned: a warning from elsewhere joins the stream.
	warned struct{ warning Warning }
	// ended: the program is to end. What is under way is still told of, and nothing begins.
	ended struct{}
)

func (h begun) takeIn(l *loop, _ time.Time) {
	for _, dir := range h.dirs {
		l.add(dir).told.announced = true
	}
	l.sendPlan()
}

func (h changed) takeIn(l *loop, now time.Time) { l.take(h.batch, now) }

func (passed) takeIn(*loop, time.Time) {}

func (asked) takeIn(l *loop, now time.Time) { l.retry(nil, now) }

func (h hooked) takeIn(l *loop, now time.Time) { l.hooked(h.run, now) }

func (h warned) takeIn(l *loop, _ time.Time) { l.warned(h.warning) }

func (ended) takeIn(l *loop, _ time.Time) { l.stopping = true }

// The results of effects. The capsule is the one that asked: when it was removed
// meanwhile and another one came in its folder, that one is not meant.
type (
	found struct {
		dirs []string
		err  error
	}
	examined struct {
		c      *capsule
		in     *builder.Inputs
		err    error
		edited time.Time // the newest change that was seen before the examination began; zero: none
	}
	glanced struct {
		c           *capsule
		before, now *builder.Inputs // now is nil when a glance does not tell
	}
	built struct {
		c   *capsule
		end outcome
	}
	published struct {
		c       *capsule
		modules *builder.Published
		err     error
	}
	inspected struct {
		c      *capsule
		key    string
		stands bool
		since  time.Time
	}
	restored struct {
		c       *capsule
		modules *builder.Published
		files   []string // what was written
		err     error
	}
)

// noted: what a verdict goes by was recorded.
type noted struct{}

func (noted) takeIn(l *loop, _ time.Time) { l.noting-- }

func (h found) takeIn(l *loop, now time.Time) { l.found(h.dirs, h.err, now) }

func (h examined) takeIn(l *loop, now time.Time) { l.examined(h.c, h.in, h.err, h.edited, now) }

func (h glanced) takeIn(l *loop, now time.Time) { l.glanced(h.c, h.before, h.now, now) }

func (h built) takeIn(l *loop, now time.Time) { l.built(h.c, h.end, now) }

func (h published) takeIn(l *loop, now time.Time) { l.delivered(h.c, h.modules, h.err, now) }

func (h inspected) takeIn(l *loop, _ time.Time) { l.inspected(h.c, h.key, h.stands, h.since) }

func (h restored) takeIn(l *loop, now time.Time) {
	l.restored(h.c, h.modules, h.files, h.err, now)
}

// outcome is how a build ended. staged tells of its inputs also when it failed; it is nil only
// when the build was stopped.
type outcome struct {
	staged *builder.Staged
	err    error
}
