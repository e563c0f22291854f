package watcher

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// InotifyLimits are the system's limits for one user's watching; 0 where there is
// no such limit.
type InotifyLimits struct {
	Watches   int // fs.inotify.max_user_watches: folders, of all the user's programs
	Instances int // fs.inotify.max_user_instances: Run needs one
	Queue     int // fs.inotify.max_queued_events: beyond it events are lost, and Lost is sent
}

// The codes that Warn is called with.
const (
	WarnWatches    = "watch-limit"        // folders are polled: no more watches
	WarnInstances  = "watch-instances"    // everything is polled: no more inotify instances
	WarnFileSystem = "polled-file-system" // folders are polled: no events from there
	WarnFiles      = "watch-files"        // folders are polled: too few file descriptors
)

// hasEvents reports whether the file system under f tells of changes.
func (l *loop) hasEvents(f *folder) bool {
	if known, ok := l.devices[f.id.dev]; ok {
		return known
	}
	kind, events, err := l.seams.fileSystem(f.path)
	if err != nil {
		return true // the watch itself will tell
	}
	l.devices[f.id.dev] = events
	if !events {
		l.warn(WarnFileSystem, f.path, fmt.Sprintf("%s lies on %s, which does not tell of all changes: it is looked at every %s", f.path, kind, l.PollInterval),
			"keep the sources on a local disk, or live with slower notice")
	}
	return events
}

// warn tells it once for each code and what it is about.
func (l *loop) warn(code, about, message, hint string) {
	key := code + "\x00" + about
	if _, told := l.warned[key]; told {
		return
	}
	l.warned[key] = struct{}{}
	l.Warn(code, message, hint)
}

// limitReached notes a refusal; tellLimit says how many folders it concerns.
func (l *loop) limitReached(err error) {
	if l.limit == nil {
		l.limit = err
		l.retry = time.Now().Add(l.seams.retryAfter)
	}
}

func (l *loop) tellLimit() {
	if l.limit == nil || !l.started {
		return
	}
	err := l.limit
	l.limit = nil
	limits, _ := Limits() // zeros make a sensible hint as well
	switch {
	case l.notify == nil:
		l.warn(WarnInstances, "", fmt.Sprintf("the system has no inotify instance left (%d in all): all folders are looked at every %s", limits.Instances, l.PollInterval),
			fmt.Sprintf("sudo sysctl fs.inotify.max_user_instances=%d", atLeast(512, 2*limits.Instances)))
	case errors.Is(err, syscall.ENOSPC):
		n := l.limitedFolders()
		l.warn(WarnWatches, "", fmt.Sprintf("the system has no inotify watches left (%d in all): %d folders are looked at every %s", limits.Watches, n, l.PollInterval),
			fmt.Sprintf("sudo sysctl fs.inotify.max_user_watches=%d", atLeast(524288, 2*(limits.Watches+n))))
	default:
		l.warn(WarnFiles, "", fmt.Sprintf("%d folders are looked at every %s: %v", l.limitedFolders(), l.PollInterval, err),
			"ulimit -n 65536")
	}
}

// atLeast is the smallest doubling of least that reaches n.
func atLeast(least, n int) int {
	for least < n {
		least *= 2
	}
	return least
}

func (l *loop) limitedFolders() (n int) {
	for f := range l.polled {
		if f.engine == limited {
			n++
		}
	}
	return n
}

// refused reports whether watches were refused that should be asked for again.
func (l *loop) refused() bool { return !l.retry.IsZero() }

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

// CountFolders is how many folders a Run of p would watch now, each of which takes
// one watch: those to be read and those that hold a name on which p depends.
func CountFolders(ctx context.Context, p Plan) (int, error) {
	seen := make(map[string]struct{})
	memo := make(map[string]stat)
	count := func(path string, skip func(string, bool) bool) error {
		t := &target{targetKey: targetKey{path: filepath.Clean(path)}, skip: skip}
		t.now = resolve(t.path, memo)
		for _, h := range t.now.holds {
			seen[h.dir] = struct{}{}
		}
		if t.now.stat.kind != folderKind {
			return nil
		}
		rules := tree.Func(func(p string, dir bool) bool { return !dir || t.skips(p, true) })
		err := tree.Walk(ctx, t.now.real, rules, func(e tree.Entry) error {
			seen[join(t.now.real, e.Path)] = struct{}{}
			return nil
		})
		if ctx.Err() != nil {
			return fmt.Errorf("counting folders: %w", err)
		}
		return nil // what cannot be read takes no watch
	}
	for _, path := range p.Roots {
		if err := count(path, p.Skip); err != nil {
			return 0, err
		}
	}
	for _, path := range p.Outside {
		if err := count(path, nil); err != nil {
			return 0, err
		}
	}
	return len(seen), nil
}
