package watcher

import (
	"context"
	"time"

	"github.com/fsnotify/fsnotify"
)

// recover answers lost events. An overflow may have swallowed any rename, and
// the library's books are then wrong beyond repair, so that all watches are
// placed anew. In a storm that goes on, Lost is sent at once and the watches
// wait, so that they use no more than their share of the time.
func (l *loop) recover(ctx context.Context, now time.Time) {
	l.pending.lose()
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
	l.pending.lose()
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
