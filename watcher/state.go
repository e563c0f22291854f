package watcher

import (
	"hash/maphash"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// loop is one Run. Every field belongs to the goroutine that runs it.
type loop struct {
	Config
	out chan<- Batch

	notify  *notify // nil: everything is polled
	pending Pending
	started bool          // the first plan was applied
	known   *tree.Outline // of the plan that is being applied

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

// polling reports whether anything needs sweeps.
func (l *loop) polling() bool { return len(l.polled) > 0 || l.Poll }
