package watcher

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// loop is one Run. Every field belongs to the goroutine that runs it.
type loop struct {
	Config
	out chan<- Batch

	notify  *notify // nil: everything is polled
	pending Pending
	started bool // the first plan was applied

	targets map[targetKey]*target
	dirty   map[*target]struct{} // may lead elsewhere by now
	memo    map[string]fsys.Info // of resolve; valid until a watch is placed or the loop goes on

	folders    map[string]*folder        // all, by real path
	holders    map[string]*folder        // those with holds
	identities map[fsys.Identity]*folder // to find out that one folder has two paths
	polled     map[*folder]struct{}
	unreadable map[string]struct{} // folders that no walk could read
	devices    map[uint64]bool     // whether the file system gives events

	seed  maphash.Seed
	sweep sweep
	stale bool // the plan is new, and not every folder was judged by it

	judgeAgain   time.Time     // not to be judged by another plan before
	doubt        bool          // events were lost: all watches must be placed anew
	rebuildAgain time.Time     // not before
	tick         time.Time     // when to look at what gives no events
	retry        time.Time     // when to ask for watches that were refused
	mounts       *mounts       // as they were at the last tick
	slept        time.Duration // how long the machine had slept at the last tick

	limit  error               // the first refusal that was not told yet
	warned map[string]struct{} // by code and what it is about
}

// drainMost is how many events are taken in a row before everything else gets
// its turn again: with a few microseconds for each, a batch waits under 1 ms.
const drainMost = 128

func newLoop(cfg Config, out chan<- Batch) *loop {
	if cfg.PollInterval <= 0 {
		cfg.PollInterval = DefaultPollInterval
	}
	if cfg.Warn == nil {
		cfg.Warn = func(finding.Code, string, string) {}
	}
	cfg.seams.fill()
	l := &loop{Config: cfg, out: out, seed: maphash.MakeSeed(), warned: make(map[string]struct{}), devices: make(map[uint64]bool)}
	l.clear()
	return l
}

// clear forgets all that is watched, but not the targets.
func (l *loop) clear() {
	l.folders = make(map[string]*folder)
	l.holders = make(map[string]*folder)
	l.identities = make(map[fsys.Identity]*folder)
	l.polled = make(map[*folder]struct{})
	l.unreadable = make(map[string]struct{})
	l.memo = make(map[string]fsys.Info)
	l.dirty = make(map[*target]struct{})
	l.sweep = sweep{}
}

func (l *loop) close() {
	if l.notify != nil {
		l.notify.close()
		l.notify = nil
	}
}

func (l *loop) run(ctx context.Context) error {
	l.mounts = openMounts() // before any watch is placed, so that no mount falls between
	defer l.mounts.close()
	l.open()
	l.slept = l.seams.slept()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		l.due(ctx, time.Now())
		l.tellLimit()
		l.seams.placed(l)
		l.arm(timer)
		if done := l.turn(ctx, timer.C); done {
			return nil
		}
	}
}

// turn waits for one thing to happen and handles it.
func (l *loop) turn(ctx context.Context, timer <-chan time.Time) (done bool) {
	var out chan<- Batch
	if l.pending.Any() {
		out = l.out
	}
	var events <-chan fsnotify.Event
	var trouble <-chan error
	if l.notify != nil {
		events, trouble = l.notify.watcher.Events, l.notify.trouble
	}
	select {
	case <-ctx.Done():
		return true
	case p, ok := <-l.Plans:
		if !ok {
			l.Plans = nil
			return false
		}
		l.apply(ctx, p)
	case e, ok := <-events:
		l.drain(ctx, events, e, ok)
	case <-trouble:
		l.doubt = true
	case out <- l.pending.Batch():
		l.pending.Sent()
	case <-timer:
	}
	return false
}

// drain handles the event e and those that are ready behind it.
func (l *loop) drain(ctx context.Context, events <-chan fsnotify.Event, e fsnotify.Event, ok bool) {
	for range drainMost {
		if !ok { // the library gave up
			l.doubt = true
			l.close()
			return
		}
		l.event(ctx, e)
		select {
		case e, ok = <-events:
		default:
			return
		}
	}
}

// due does what the time has come for.
func (l *loop) due(ctx context.Context, now time.Time) {
	if !l.started {
		return
	}
	if l.doubt {
		l.recover(ctx, now)
	}
	if l.stale && !now.Before(l.judgeAgain) {
		l.rejudge(ctx, now)
	}
	if !now.Before(l.tick) {
		l.lookAround(ctx, now)
	}
	if l.refused() && !now.Before(l.retry) {
		l.retryWatches(ctx, now)
	}
	switch {
	case !l.polling():
	case l.sweep.running():
		l.sweepOn(ctx)
	case l.sweep.next.IsZero():
		l.sweep.next = now.Add(l.PollInterval)
	case !now.Before(l.sweep.next):
		l.startSweep(ctx, now)
	}
}

// arm sets the timer to when due has something to do next.
func (l *loop) arm(timer *time.Timer) {
	if !l.started {
		timer.Stop()
		return
	}
	timer.Reset(time.Until(l.nextDue()))
}

func (l *loop) nextDue() time.Time {
	next := l.tick
	earlier := func(due bool, at time.Time) {
		if due && at.Before(next) {
			next = at
		}
	}
	earlier(l.doubt, l.rebuildAgain)
	earlier(l.stale, l.judgeAgain)
	earlier(l.refused(), l.retry)
	earlier(l.polling(), l.sweep.next) // in the past while a sweep is under way
	return next
}
