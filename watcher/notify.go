package watcher

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/fsnotify/fsnotify"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// notify is one fsnotify watcher. The loop alone reads its events, one at a
// time: a rename's two halves are then handled before the library learns from
// the third event, of the moved folder itself, that its path is stale.
//
// Errors are drained by a goroutine of their own. The library sends some while
// it holds the lock that Add and Remove need; a loop that did both would stop
// for ever.
type notify struct {
	watcher *fsnotify.Watcher
	trouble chan error    // the first error since it was last read
	drained chan struct{} // closed when the drainer has ended
	spent   int           // descriptors held by watches, where a watch needs any
}

func openNotify() (*notify, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &notify{watcher: w, trouble: make(chan error, 1), drained: make(chan struct{})}
	go n.drain()
	return n, nil
}

func (n *notify) drain() {
	defer close(n.drained)
	for err := range n.watcher.Errors {
		select {
		case n.trouble <- err:
		default: // one is enough: it ends in Lost
		}
	}
}

func (n *notify) close() {
	n.watcher.Close() // only says that it is closed already
	<-n.drained
}

// watch asks for f's events and returns the engine that f ends up with.
func (l *loop) watch(f *folder) engine {
	n := l.notify
	f.cost = l.seams.descriptors(f.path)
	if budget := l.seams.budget(); budget > 0 && f.cost > 0 && n.spent+f.cost > budget {
		l.limitReached(errDescriptors)
		return limited
	}
	err := l.seams.add(n, f.path)
	switch {
	case err == nil:
		n.spent += f.cost
		return notified
	case isLimit(err):
		l.limitReached(err)
		return limited
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return unwatched
	case errors.Is(err, syscall.ENAMETOOLONG):
		return polled // a watch is asked for by the whole path; the builder warns of such sources
	case errors.Is(err, fs.ErrPermission) && !canRead(f.path):
		return unwatched // the folder's own mode says so: what makes it readable makes an event above it
	}
	l.refusedWatch(f, err)
	return polled
}

// refusedWatch tells that the system does not let f be watched: a security module, or
// the profile of a sandbox. One warning stands for all such folders.
func (l *loop) refusedWatch(f *folder, err error) {
	l.warn(finding.WatchRefused, "", fmt.Sprintf("the system refuses to watch folders, %s is the first: they are looked at every %s: %v", f.path, l.PollInterval, err),
		"let the sandbox or security module permit inotify, or live with slower notice")
}

func (l *loop) unwatch(f *folder) {
	if f.engine == notified && l.notify != nil {
		l.notify.spent -= f.cost
		// An error says that the system was faster: the folder is gone.
		_ = l.notify.watcher.Remove(f.path)
	}
	f.engine, f.entries = unwatched, nil
}

var errDescriptors = errors.New("file descriptors would run out")

// open starts the notify engine unless polling was asked for. Without it all
// folders are polled, which is said once.
func (l *loop) open() {
	if l.Poll {
		return
	}
	n, err := l.seams.open()
	if err != nil {
		l.limitReached(err)
		return
	}
	l.notify = n
}
