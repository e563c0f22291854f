package watcher

import (
	"context"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// sweep is one going over all polled folders, in slices between which the loop
// serves everything else.
type sweep struct {
	todo  []*folder // what is left of the one under way
	begun time.Time
	spent time.Duration
	next  time.Time // when the next one begins
}

// slice is how long polling may keep the loop from an event.
const slice = 2 * time.Millisecond

func (s *sweep) running() bool { return len(s.todo) > 0 }

// startSweep lists the folders to look at, and looks at where the targets lead.
func (l *loop) startSweep(ctx context.Context, now time.Time) {
	l.sweep = sweep{begun: now, todo: make([]*folder, 0, len(l.polled))}
	for f := range l.polled {
		l.sweep.todo = append(l.sweep.todo, f)
	}
	for _, t := range l.targets {
		l.dirty[t] = struct{}{}
	}
	l.settle(ctx, true)
	l.sweep.spent = time.Since(now)
	if !l.sweep.running() {
		l.endSweep()
	}
}

// sweepOn looks at a few more folders.
func (l *loop) sweepOn(ctx context.Context) {
	begin := time.Now()
	for l.sweep.running() && time.Since(begin) < slice {
		f := l.sweep.todo[0]
		l.sweep.todo = l.sweep.todo[1:]
		if l.folders[f.path] == f && f.engine.polls() && len(f.owners) > 0 {
			l.lookAgain(ctx, f)
		}
	}
	l.settle(ctx, true)
	l.sweep.spent += time.Since(begin)
	if !l.sweep.running() {
		l.endSweep()
	}
}

// endSweep decides when the next one begins: after the interval, or later when
// sweeps would use more than their share of the time.
func (l *loop) endSweep() {
	l.sweep.todo = nil
	l.sweep.next = l.sweep.begun.Add(max(l.PollInterval, share*l.sweep.spent))
}

// lookAgain compares f with the last look; each difference goes the way of an event.
func (l *loop) lookAgain(ctx context.Context, f *folder) {
	now, err := l.entriesOf(f)
	if err != nil {
		// Gone or unreadable: seen in the folder above, and by the targets.
		return
	}
	was := f.entries
	f.entries = now
	for _, d := range differences(was, now) {
		op := d.op
		path := join(f.path, d.name)
		_, skipped := f.skipped[d.name]
		if op == fsnotify.Write && (skipped || l.folders[path] != nil || fsys.Lstat(path).Kind == fsys.Folder) {
			op = fsnotify.Remove | fsnotify.Create // something else stands there, or did
		}
		l.change(ctx, f, path, d.name, op)
	}
}

type difference struct {
	name string
	op   fsnotify.Op
}

// differences merges two sorted listings.
func differences(a, b []entry) (out []difference) {
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].name < b[0].name:
			out = append(out, difference{a[0].name, fsnotify.Remove})
			a = a[1:]
		case len(a) == 0 || b[0].name < a[0].name:
			out = append(out, difference{b[0].name, fsnotify.Create})
			b = b[1:]
		default:
			if a[0].sum != b[0].sum || a[0].sum == unsure {
				out = append(out, difference{a[0].name, fsnotify.Write})
			}
			a, b = a[1:], b[1:]
		}
	}
	return out
}
