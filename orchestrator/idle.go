package orchestrator

import (
	"slices"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// sayReady announces once that every capsule has been examined.
func (l *loop) sayReady() {
	if l.ready {
		return
	}
	for _, c := range l.list {
		if c.in == nil && !c.exam.gone && !c.exam.warned {
			return
		}
	}
	l.ready = true
	for _, c := range l.list {
		if c.stands() && c.in.Buildable && c.told.reloads == 0 && c.work.idle() {
			l.sayUnchanged(c, c.in, "")
		}
	}
	watched := make([]event.Subject, len(l.order))
	for i, c := range l.list {
		watched[i] = event.Subject{Capsule: c.name(), Dir: c.dir}
	}
	l.announce(event.Ready{Capsules: len(l.order), Queued: l.queued(), Watched: watched})
}

// sayIdle announces that nothing is pending, once after each time something was.
func (l *loop) sayIdle() {
	var red []event.Subject
	for _, c := range l.list {
		if !c.work.idle() || c.told.unanswered || c.hold.suspicion != nil || (c.product.amiss || !c.settled()) && !c.exam.warned {
			l.busy = true
			return
		}
		if c.standing.red() || c.exam.warned {
			red = append(red, event.Subject{Capsule: c.name(), Dir: c.dir})
		}
	}
	if l.Blind && l.ready && l.inspectAll() {
		return
	}
	if l.ready && l.busy && !l.finding && l.noting == 0 && !l.mayHook() {
		l.busy = false
		l.warnDuplicates()
		l.announce(event.Idle{Capsules: len(l.order), Failed: len(red), Failing: red})
	}
}

// mayHook reports whether a command runs that an event started, or may begin after what this step
// says: it is carried out when the step is over, so that the next one asks.
func (l *loop) mayHook() bool {
	if l.HooksRun == nil {
		return false
	}
	l.asksAgain = slices.ContainsFunc(l.effects, func(e effect) bool { _, says := e.(say); return says })
	return l.asksAgain || l.HooksRun()
}

// inspectAll looks at all modules at the end of a run that no events reach: a build may
// have written over another capsule's. It reports whether there is anything to wait for.
func (l *loop) inspectAll() (waiting bool) {
	if l.unseen {
		l.unseen = false
		for _, c := range l.list {
			c.doubted(l.now)
			l.inspect(c)
		}
	}
	for _, c := range l.list {
		waiting = waiting || c.product.working
	}
	return waiting
}
