package orchestrator

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// examination is how well the newest examination of a capsule's inputs is known to be what
// is on disk.
type examination struct {
	dirty     bool      // something changed since it was begun
	underWay  bool      // another one has begun
	asked     bool      // somebody wants one that begins from now on, although nothing is known to have changed
	onlyAsked bool      // the one under way began for that alone
	number    uint64    // of the newest that began, among those of all capsules
	judged    uint64    // of the newest whose result counts
	retryAt   time.Time // the last one failed: it is tried again then; zero: it did not
	capped    bool      // MaxWait ran out: the next one counts even if more changes come
	edited    time.Time // the newest change that was seen before it began and made a difference; zero when the verdict on it was said. Latency counts from here

	gone       bool            // it found no manifest
	unreadable string          // it failed with this
	warned     bool            // and somebody was told
	base       *builder.Inputs // what the newest one found that counts; nil before the first
	named      []string        // the paths of which events told since it began
	unnamed    bool            // and something else happened, of which no path tells
	saved      bool            // one of the named is not the unfinished half of a save
	rules      bool            // what counts as a source may have changed: the watcher needs a new plan
}

// doubt notes that something may have changed.
func (e *examination) doubt() { e.dirty, e.retryAt = true, time.Time{} }

// namedKept is how many paths are remembered: what a person saves at once is fewer.
const namedKept = 16

// tell notes that an event told of path.
func (e *examination) tell(path string) {
	if len(e.named) < namedKept {
		e.named = append(e.named, path)
		return
	}
	e.unnamed = true
}

// halfSaved reports whether all that happened since the newest one began is that a program writes beside a file what is to take
// its place.
func (e *examination) halfSaved() bool { return len(e.named) > 0 && !e.saved && !e.unnamed }

// ask wants another one, soon. Events may have been lost.
func (e *examination) ask() { e.asked, e.unnamed, e.retryAt = true, true, time.Time{} }

// told is what may have changed since the newest one that counts began; nil: anything.
func (e *examination) told() *builder.Told {
	if e.base == nil || e.unnamed || !e.dirty {
		return nil
	}
	return &builder.Told{Since: e.base, Paths: e.named}
}

// begin notes that one begins now, with its number; capped: it counts even if more changes come.
func (e *examination) begin(capped bool, number uint64) {
	e.onlyAsked = !e.dirty
	e.underWay, e.dirty, e.asked, e.retryAt, e.capped, e.number = true, false, false, time.Time{}, capped, number
	e.named, e.unnamed, e.saved = nil, false, false
}

// fail notes that the newest one failed, and is tried again at again.
func (e *examination) fail(err error, again time.Time) {
	e.dirty, e.retryAt, e.unreadable = true, again, err.Error()
	e.unnamed = true
}

// succeed notes that the newest one found the capsule and could read it.
func (e *examination) succeed() { e.gone, e.unreadable, e.warned = false, "", false }

// due reports whether one is to begin at now, where at is when the disk is worth a look.
func (e *examination) due(now, at time.Time) bool {
	return !e.underWay && (e.dirty && !now.Before(at) || e.asked && !e.dirty)
}

// current reports whether nothing is known to have changed since. One that somebody asked
// for makes no doubt.
func (e *examination) current() bool { return !e.dirty && (!e.underWay || e.onlyAsked) }
