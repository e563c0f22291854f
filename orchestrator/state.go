package orchestrator

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/pool"
)

// announce hands on what is about no capsule.
func (l *loop) announce(body event.Body) { l.send(event.Event{Body: body}) }

func (l *loop) announceFor(c *capsule, body event.Body) {
	l.send(event.Event{Capsule: c.name(), Dir: c.dir, Body: body})
}

// send hands e on, without its number and its time: they are its stream's to give.
func (l *loop) send(e event.Event) { l.do(say{e}) }

// loop is the state of one Run: all capsules, because builds of one lead to builds of
// others, share places and groups, and stand in one order. Only step touches it.
type loop struct {
	Config
	capsules map[string]*capsule // by folder
	order    []string            // the folders, sorted: the order of everything done at one moment
	list     []*capsule          // the capsules in that order: each step goes over all of them. Another one is made where it changes
	owners   *owners
	stale    bool // owners must be made anew before it is asked
	locks    map[string]*lockWait
	pool     *pool.Pool
	gone     map[string]counts // of capsules that were removed, by folder: they may come back
	graph    graph             // which capsules take what others publish

	now       time.Time // of the happening that is taken in
	effects   []effect  // what is to be done about it
	examining int
	noting    int // notes that are being written

	questions    []*Question // not answered yet, oldest first
	holds        []*Hold
	examinations uint64 // begun so far
	searches     uint64 // likewise, for capsules
	searched     uint64 // of these have ended

	calmSince time.Time // since then nothing happened that somebody waits for; zero: something does

	placed    bool // the watcher said that every watch is placed
	ready     bool // and every capsule was examined once
	busy      bool // something was pending since the last idle event
	asksAgain bool // whether all is idle is asked by another step, at once
	finding   bool // a search for capsules is under way
	findMore  bool // and another is due after it
	lockedBy  bool // a lock held something back in this round
	stopping  bool
	jumped    bool // the newest build that began went before others, because somebody had just edited

	unseen    bool // a build ran since all modules were looked at
	planStale bool // the watcher needs a new plan
}

func newLoop(cfg Config) *loop {
	return &loop{
		Config:   cfg,
		capsules: map[string]*capsule{},
		locks:    map[string]*lockWait{},
		pool:     pool.New(cfg.Jobs),
		gone:     map[string]counts{},
		stale:    true,
		busy:     true,
	}
}

// do adds e to what is to be carried out.
func (l *loop) do(e effect) { l.effects = append(l.effects, e) }
