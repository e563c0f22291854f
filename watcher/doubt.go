package watcher

import (
	"context"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// recover answers lost events. An overflow may have swallowed any rename, and
// the library's books are then wrong beyond repair, so that all watches are
// placed anew. In a storm that goes on, Lost is sent at once and the watches
// wait, so that they use no more than their share of the time.
func (l *loop) recover(ctx context.Context, now time.Time) {
	l.pending.Lose()
	if now.Before(l.rebuildAgain) {
		return
	}
	l.doubt = false
	l.rebuild(ctx)
	end := time.Now()
	l.rebuildAgain = end.Add(share * end.Sub(now))
}

// rebuild places every watch anew and loses what is pending.
func (l *loop) rebuild(ctx context.Context) {
	l.close()
	l.clear()
	l.open()
	for _, t := range l.targets {
		t.top, t.holds = nil, nil
		l.dirty[t] = struct{}{}
	}
	l.settle(ctx, false)
	l.pending.Lose()
}

// lookAround looks for what gives no event.
func (l *loop) lookAround(ctx context.Context, now time.Time) {
	l.tick = now.Add(l.seams.idleTick)
	if l.Tick != nil {
		l.Tick()
	}
	if slept := l.seams.slept(); slept-l.slept > noticeableSleep {
		l.slept = slept
		l.pending.Lose()
	}
	if l.remounted() {
		l.doubt, l.rebuildAgain = true, now
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

// remounted reports whether something was mounted or unmounted that concerns
// what is watched. The system says so by no event: a watch stays on the folder
// that is covered now, or is gone with the file system that it was on. A mount
// above that looks as before is taken for the same: there always is one.
func (l *loop) remounted() bool {
	differ, same := l.mounts.changed()
	return slices.ContainsFunc(same, l.counts) || slices.ContainsFunc(differ, func(point string) bool {
		if l.folders[point] != nil || l.counts(point) {
			return true
		}
		for _, t := range l.targets {
			if below(t.now.real, point) {
				return true
			}
		}
		return false
	})
}

// counts reports whether what stands at path is of interest to any target.
func (l *loop) counts(path string) bool {
	if f := l.folders[path]; f != nil && len(f.owners) > 0 {
		return true
	}
	dir, name := split(path)
	up := l.folders[dir]
	if up == nil {
		return false
	}
	isFolder := fsys.Lstat(path).Kind == fsys.Folder
	return len(up.holds[name]) > 0 || slices.ContainsFunc(up.owners, func(t *target) bool { return !t.skips(path, isFolder) })
}

// noticeableSleep is shorter than any sleep of a machine, and longer than what
// clocks read one after the other can differ by.
const noticeableSleep = time.Second

// retryWatches asks for the watches that were refused.
func (l *loop) retryWatches(ctx context.Context, now time.Time) {
	l.retry = time.Time{}
	if l.notify == nil {
		n, err := l.seams.open()
		if err != nil {
			l.retry = now.Add(l.seams.retryAfter)
			return
		}
		n.close() // rebuilding opens another one
		l.doubt, l.rebuildAgain = true, now
		return
	}
	for f := range l.polled {
		if f.engine != limited {
			continue
		}
		if f.engine = l.watch(f); f.engine == limited {
			break
		}
		if f.engine == notified && len(f.owners) > 0 {
			l.lookAgain(ctx, f) // what changed before the watch was there
		}
		if !f.engine.polls() {
			delete(l.polled, f)
			f.entries = nil
		}
	}
	l.settle(ctx, true)
}
