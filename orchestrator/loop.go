package orchestrator

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// loop is the state of one Run: all capsules, because builds of one lead to builds of
// others, share places and groups, and stand in one order. Only step touches it.
type loop struct {
	Config
	capsules map[string]*capsule // by folder
	order    []string            // the folders, sorted: the order of everything done at one moment
	owners   *owners
	stale    bool // owners must be made anew before it is asked
	locks    map[string]*lockWait
	groups   map[string]bool // build groups with a build under way
	reloads  map[string]int  // reloads of capsules that were removed, by folder: they may come back
	graph    graph           // which capsules take what others publish

	now       time.Time // of the happening that is taken in
	effects   []effect  // what is to be done about it
	examining int

	placed   bool // the watcher said that every watch is placed
	ready    bool // and every capsule was examined once
	busy     bool // something was pending since the last idle event
	finding  bool // a search for capsules is under way
	findMore bool // and another is due after it
	lockedBy bool // a lock held something back in this round
	stopping bool

	unseen    bool // a build ran since all modules were looked at
	planStale bool // the watcher needs a new plan
}

func newLoop(cfg Config) *loop {
	return &loop{
		Config:   cfg,
		capsules: map[string]*capsule{},
		locks:    map[string]*lockWait{},
		groups:   map[string]bool{},
		reloads:  map[string]int{},
		stale:    true,
		busy:     true,
	}
}

// rediscover looks for new capsules after a doubt, in the background.
func (l *loop) rediscover() {
	if l.finding {
		l.findMore = true
		return
	}
	l.finding = true
	l.do(find{})
}

func (l *loop) found(dirs []string, err error, now time.Time) {
	l.finding = false
	if err != nil && !l.stopping {
		l.announce(event.Warning{Code: finding.SearchFailed, Message: "looking for capsules: " + err.Error(),
			Hint: "make the folder readable; the next change or r looks again"})
	}
	for _, dir := range dirs {
		if l.capsules[dir] == nil {
			l.add(dir).change(now)
		}
	}
	if l.findMore {
		l.findMore = false
		l.rediscover()
	}
}

// add makes dir known as a possible capsule; an examination decides.
func (l *loop) add(dir string) *capsule {
	c := &capsule{dir: dir, told: told{earlier: l.reloads[dir]}}
	l.capsules[dir] = c
	at, _ := slices.BinarySearch(l.order, dir)
	l.order = slices.Insert(l.order, at, dir)
	l.reindex()
	return c
}

// remove forgets a capsule whose manifest is gone.
func (l *loop) remove(c *capsule) {
	delete(l.capsules, c.dir)
	l.reloads[c.dir] = c.told.generation()
	if at, ok := slices.BinarySearch(l.order, c.dir); ok {
		l.order = slices.Delete(l.order, at, at+1)
	}
	l.reindex()
	if c.told.announced && c.in != nil {
		l.announceFor(c, event.CapsuleRemoved{})
		l.replan()
	}
}

// take maps a batch to the capsules that own its paths.
func (l *loop) take(batch watcher.Batch, now time.Time) {
	if batch.Lost && !l.placed {
		l.placed = true
		for _, dir := range l.order {
			c := l.capsules[dir]
			c.exam.dirty, c.burst.last = true, now // no burst: nobody has edited
		}
		l.rediscover() // what was made since discover, before there was a watch
		return
	}
	touched := map[*capsule]bool{}
	if batch.Lost {
		for _, c := range l.capsules {
			touched[c] = true
		}
		l.rediscover()
	}
	for _, path := range batch.Paths {
		l.touch(path, touched, now)
	}
	for c := range touched {
		c.change(now)
		c.burst.patient = c.burst.patient || len(touched) > storm
	}
}

// touch adds the capsules that path concerns to touched.
func (l *loop) touch(path string, touched map[*capsule]bool, now time.Time) {
	dir, isManifest := strings.CutSuffix(path, sep+tree.ManifestName)
	if isManifest && l.capsules[dir] == nil && !l.elsewhere(dir) {
		l.add(dir)
	}
	for _, dir := range l.index().of(path) {
		c := l.capsules[dir]
		if c.isProduct(path) {
			c.doubted(now)
			if c.in.Problem() == nil { // else it may be what stood in the way
				continue
			}
		}
		c.exam.rules = c.exam.rules || isManifest || c.governs(path)
		c.notice(path)
		touched[c] = true
	}
}

// retry marks everything as doubtful and what failed as never tried.
func (l *loop) retry(now time.Time) {
	for _, c := range l.capsules {
		c.product.mends = 0
		if c.standing.how != good {
			c.release()
			c.standing.forget()
			c.hold.feedback, c.work.superseded, c.work.retried = feedback{}, 0, true
		}
		c.change(now)
	}
}

// advance does everything that is due at now.
func (l *loop) advance(now time.Time) {
	if !l.placed || l.stopping {
		return
	}
	l.lockedBy = false
	for _, dir := range slices.Clone(l.order) {
		c := l.capsules[dir]
		l.examineIfDue(c, now)
		l.closeBurst(c, now)
	}
	for _, dir := range slices.Clone(l.needs().Dirs) { // what one waits for is done first: nobody wakes it later
		c := l.capsules[dir]
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
}

// wait is how long nothing is due after advance, unless something happens.
func (l *loop) wait(now time.Time) time.Duration {
	next := now.Add(time.Hour)
	if l.lockedBy {
		next = now.Add(lockPoll)
	}
	for _, c := range l.capsules {
		if c.burst.open {
			next = soonest(next, c.burst.quietAt(&l.Config), now)
		}
		for _, at := range c.tendAt(&l.Config) {
			next = soonest(next, at, now)
		}
		if !c.hold.probeAt.IsZero() {
			next = soonest(next, c.hold.probeAt, now)
		}
		if c.work.running() {
			next = soonest(next, c.work.job.started.Add(slowBuild), now)
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

func (l *loop) examineIfDue(c *capsule, now time.Time) {
	if !c.exam.dirty || c.exam.underWay || now.Before(c.examineAt(&l.Config)) || l.examining >= examineAtOnce || l.locked(c, now) {
		return
	}
	c.exam.begin(c.burst.overdue(&l.Config, now))
	l.examining++
	l.do(examine{c: c, edited: c.burst.edited()})
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
	if c.exam.dirty && !c.exam.capped {
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
	l.busy = l.busy || c.exam.warned // idle was said without it
	c.exam.succeed()
	l.accept(c, in)
	l.sayRecovered(c)
	c.exam.edited = edited
	if c.lost() && !c.product.amiss {
		c.product.amiss, c.product.since = true, now
	}
	l.decide(c, now)
	if c.exam.capped { // this burst was waited for long enough; what comes now is the next one
		c.work.overdue = c.work.want
		dirty := c.exam.dirty
		l.endBurst(c)
		if dirty {
			c.change(now)
		}
	}
}

// unknown tries again after an examination that failed: soon, because a file
// may have been written just then, and later with one warning.
func (l *loop) unknown(c *capsule, err error, now time.Time) {
	again := c.exam.unreadable != ""
	wait := l.Quiet
	if again {
		wait = retryAfter
	}
	c.exam.fail(err, now.Add(wait))
	if again && !c.exam.warned {
		c.exam.warned = true
		l.announceFor(c, event.Warning{Code: finding.SourceUnreadable, Message: err.Error(),
			Hint: "make it readable, or add it to ignore in [package.metadata.astrid-dev]; it is looked at again by itself"})
	}
}

// accept makes in the capsule's newest examination.
func (l *loop) accept(c *capsule, in *builder.Inputs) {
	old := c.in
	l.witness(c, in)
	c.in = in
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
		l.warnDuplicate(c)
	}
	if old == nil {
		l.baseline(c)
	}
}

// baseline decides what the first examination means: up to date, or to be built.
func (l *loop) baseline(c *capsule) {
	c.told.previous = c.in.Last
	c.told.unanswered = l.ready // else it is part of ready
	switch {
	case c.in.Current != nil:
		c.standing.publish(c.in.Key, c.in.Current)
		c.told.source = c.in.SourceHash
		c.product.again = l.now.Add(lookAgain)
		c.settle(c.in, good)
	case l.NoInitialBuild && !l.ready:
		c.told.source = c.in.SourceHash
		c.settle(c.in, fresh)
	}
}

// closeBurst ends the burst once the disk has been quiet long enough.
func (l *loop) closeBurst(c *capsule, now time.Time) {
	if c.exam.current() && c.burst.over(&l.Config, now) {
		l.endBurst(c)
	}
	if !c.exam.dirty {
		c.burst.rest(&l.Config, now)
	}
	if c.exam.gone && c.settled() && c.work.job == nil {
		l.remove(c)
	}
}

func (l *loop) endBurst(c *capsule) {
	c.burst.end()
	if !c.exam.gone && c.work.idle() && c.stands() && !c.product.amiss && c.in.Buildable {
		c.told.source = c.in.SourceHash
		l.sayUnchanged(c)
	}
}
