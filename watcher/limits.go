package watcher

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// InotifyLimits are the system's limits for one user's watching; 0 where there is
// no such limit.
type InotifyLimits struct {
	Watches   int // fs.inotify.max_user_watches: folders, of all the user's programs
	Instances int // fs.inotify.max_user_instances: Run needs one
	Queue     int // fs.inotify.max_queued_events: beyond it events are lost, and Lost is sent
}

// hasEvents reports whether the file system under f tells of changes.
func (l *loop) hasEvents(f *folder) bool {
	if known, ok := l.devices[f.id.Dev]; ok {
		return known
	}
	kind, events, err := l.seams.fileSystem(f.path)
	if err != nil {
		return true // the watch itself will tell
	}
	l.devices[f.id.Dev] = events
	if !events {
		l.warn(finding.PolledFileSystem, f.path, fmt.Sprintf("%s lies on %s, which does not tell of all changes: it is looked at every %s", f.path, kind, l.PollInterval),
			"keep the sources on a local disk, or live with slower notice")
	}
	return events
}

// warn tells it once for each code and what it is about.
func (l *loop) warn(code finding.Code, about, message, hint string) {
	key := string(code) + "\x00" + about
	if _, told := l.warned[key]; told {
		return
	}
	l.warned[key] = struct{}{}
	l.Warn(code, message, hint)
}

// limitReached notes a refusal, after which watches are asked for again; tellLimit
// says how many folders it concerns.
func (l *loop) limitReached(err error) {
	if l.limit == nil {
		l.limit = err
	}
	if l.retry.IsZero() {
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
	case l.notify == nil && !isLimit(err):
		l.warn(finding.WatchInstances, "", fmt.Sprintf("the system gives no file-system events: all folders are looked at every %s: %v", l.PollInterval, err), "")
	case l.notify == nil:
		l.warn(finding.WatchInstances, "", fmt.Sprintf("the system has no inotify instance left (%d in all): all folders are looked at every %s", limits.Instances, l.PollInterval),
			fmt.Sprintf("sudo sysctl fs.inotify.max_user_instances=%d", atLeast(512, 2*limits.Instances)))
	case errors.Is(err, syscall.ENOSPC):
		n := l.limitedFolders()
		l.warn(finding.WatchLimit, "", fmt.Sprintf("the system has no inotify watches left (%d in all): %d folders are looked at every %s", limits.Watches, n, l.PollInterval),
			fmt.Sprintf("sudo sysctl fs.inotify.max_user_watches=%d", atLeast(524288, 2*(limits.Watches+n))))
	default:
		l.warn(finding.WatchFiles, "", fmt.Sprintf("%d folders are looked at every %s: %v", l.limitedFolders(), l.PollInterval, err),
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

// isLimit reports that the system has no more watches, instances or descriptors for us.
func isLimit(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
