package orchestrator

import (
	"fmt"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// lockWait is how long one of git's index.lock files was seen to exist.
type lockWait struct {
	since   time.Time
	checked time.Time // one look a round is enough for a repository of many capsules
	spoken  bool
	stale   bool
}

// locked reports whether git is rewriting the capsule's repository, so that
// nothing should start now. A lock that stays is stale and stops nobody for ever.
func (l *loop) locked(c *capsule, now time.Time) bool {
	if c.in == nil || c.in.Lock == "" {
		return false
	}
	w := l.locks[c.in.Lock]
	if w == nil || w.checked != now {
		if !l.Exists(c.in.Lock) {
			delete(l.locks, c.in.Lock)
			return false
		}
		if w == nil {
			w = &lockWait{since: now}
			l.locks[c.in.Lock] = w
		}
		w.checked = now
		l.speakOfLock(c, w, now.Sub(w.since))
	}
	l.lockedBy = l.lockedBy || !w.stale
	return !w.stale
}

func (l *loop) speakOfLock(c *capsule, w *lockWait, age time.Duration) {
	switch {
	case age >= lockLimit && !w.stale:
		w.stale = true
		l.announceFor(c, event.Warning{Code: finding.GitLockStale, Files: []string{c.in.Lock},
			Message: fmt.Sprintf("git's %s has been there for %s; building without waiting for it", c.in.Lock, lockLimit),
			Hint:    "if no git command is running, remove it: rm " + c.in.Lock})
	case age >= lockSpeak && !w.spoken:
		w.spoken = true
		l.announceFor(c, event.Warning{Code: finding.GitLockWaiting, Files: []string{c.in.Lock},
			Message: "waiting for git: " + c.in.Lock + " exists",
			Hint:    fmt.Sprintf("builds start when git is done, or after %s", lockLimit)})
	}
}
