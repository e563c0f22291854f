package watcher

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/fsnotify/fsnotify"
)

// loop is one Run. Every field belongs to the goroutine that runs it.
type loop struct {
	Config
	out chan<- Batch

	notify  *notify // nil: everything is polled
	pending pending
	started bool // the first plan was applied

	targets map[targetKey]*target
	dirty   map[*target]struct{} // may lead elsewhere by now
	memo    map[string]stat      // of resolve; valid until a watch is placed or the loop goes on

	folders    map[string]*folder   // all, by real path
	holders    map[string]*folder   // those with holds
	identities map[identity]*folder // to find out that one folder has two paths
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
	slept        time.Duration // how long the machine had slept at the last tick

	limit  error               // the first refusal that was not told yet
	warned map[string]struct{} // by code and what it is about
}

// idleTick is how often an idle watcher wakes. What it looks for then (sleep, a
// renamed folder far above a root, a parent that may not be read) is rare; more
// often would keep a laptop's processor awake.
const idleTick = 10 * time.Second

// retryAfter is how long after a refusal watches are asked for again. They come
// back when another program ends or someone raises the limit, by hand.
const retryAfter = 30 * time.Second

// drainMost is how many events are taken in a row before everything else gets
// its turn again: with a few microseconds for each, a batch waits under 1 ms.
const drainMost = 128

// seams are what tests replace. The zero value becomes the real thing.
type seams struct {
	open        func() (*notify, error)
	fileSystem  func(path string) (kind string, events bool, err error)
	slept       func() time.Duration
	budget      func() int            // descriptors that watches may hold; 0: any number
	descriptors func(path string) int // those of one watch
	idleTick    time.Duration
	retryAfter  time.Duration
	placed      func(*loop) // after each turn of the loop that may have placed watches
}

func newLoop(cfg Config, out chan<- Batch) *loop {
	if cfg.PollInterval <= 0 {
		cfg.PollInterval = DefaultPollInterval
	}
	if cfg.Warn == nil {
		cfg.Warn = func(string, string, string) {}
	}
	s := &cfg.seams
	setDefault(&s.idleTick, idleTick)
	setDefault(&s.retryAfter, retryAfter)
	if s.open == nil {
		s.open = openNotify
	}
	if s.fileSystem == nil {
		s.fileSystem = FileSystem
	}
	if s.slept == nil {
		s.slept = newSleepClock()
	}
	if s.budget == nil {
		s.budget = descriptorBudget
	}
	if s.descriptors == nil {
		s.descriptors = descriptors
	}
	if s.placed == nil {
		s.placed = func(*loop) {}
	}
	l := &loop{Config: cfg, out: out, seed: maphash.MakeSeed(), warned: make(map[string]struct{}), devices: make(map[uint64]bool)}
	l.clear()
	return l
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// clear forgets all that is watched, but not the targets.
func (l *loop) clear() {
	l.folders = make(map[string]*folder)
	l.holders = make(map[string]*folder)
	l.identities = make(map[identity]*folder)
	l.polled = make(map[*folder]struct{})
	l.unreadable = make(map[string]struct{})
	l.memo = make(map[string]stat)
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
	if err := l.open(); err != nil {
		return err
	}
	l.slept = l.seams.slept()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := l.due(ctx, time.Now()); err != nil {
			return err
		}
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
	if l.pending.any() {
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
	case out <- l.pending.batch():
		l.pending.sent()
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
func (l *loop) due(ctx context.Context, now time.Time) error {
	if !l.started {
		return nil
	}
	if l.doubt {
		if err := l.recover(ctx, now); err != nil {
			return err
		}
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
	return nil
}

// arm sets the timer to when due has something to do next.
func (l *loop) arm(timer *time.Timer) {
	if !l.started {
		timer.Stop()
		return
	}
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
	timer.Reset(time.Until(next))
}

// recover answers lost events. An overflow may have swallowed any rename, and
// the library's books are then wrong beyond repair, so that all watches are
// placed anew. In a storm that goes on, Lost is sent at once and the watches
// wait, so that they use no more than their share of the time.
func (l *loop) recover(ctx context.Context, now time.Time) error {
	l.pending.lose()
	if now.Before(l.rebuildAgain) {
		return nil
	}
	l.doubt = false
	if err := l.rebuild(ctx); err != nil {
		return err
	}
	end := time.Now()
	l.rebuildAgain = end.Add(share * end.Sub(now))
	return nil
}

// rebuild places every watch anew and loses what is pending.
func (l *loop) rebuild(ctx context.Context) error {
	l.close()
	l.clear()
	if err := l.open(); err != nil {
		return err
	}
	for _, t := range l.targets {
		t.top, t.holds = nil, nil
		l.dirty[t] = struct{}{}
	}
	l.settle(ctx, false)
	l.pending.lose()
	return nil
}

// lookAround looks for what gives no event.
func (l *loop) lookAround(ctx context.Context, now time.Time) {
	l.tick = now.Add(l.seams.idleTick)
	if slept := l.seams.slept(); slept-l.slept > noticeableSleep {
		l.slept = slept
		l.pending.lose()
	}
	for path := range l.unreadable {
		dir, name := split(path)
		if up := l.folders[dir]; up != nil && canRead(path) {
			l.replaced(ctx, up, path, name, fsnotify.Create)
		}
	}
	for _, t := range l.targets {
		l.dirty[t] = struct{}{}
	}
	l.settle(ctx, true)
}

func canRead(path string) bool { return list(path, func(string, stat) {}) == nil }

// noticeableSleep is shorter than any sleep of a machine, and longer than what
// clocks read one after the other can differ by.
const noticeableSleep = time.Second
