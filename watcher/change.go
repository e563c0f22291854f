package watcher

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/fsnotify/fsnotify"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// structural are the operations after which something else may stand at a path.
const structural = fsnotify.Create | fsnotify.Remove | fsnotify.Rename

// event handles one event of the notify engine. It names a path in a watched
// folder, or a watched folder itself.
func (l *loop) event(ctx context.Context, e fsnotify.Event) {
	path := filepath.Clean(e.Name) // a folder "/" makes "//name"
	dir, name := split(path)
	if up := l.folders[dir]; up != nil && up.path != path {
		l.change(ctx, up, path, name, e.Op)
	} else if l.folders[path] != nil && e.Op&structural != 0 {
		l.forget(path)
	}
	l.settle(ctx, true)
}

// change handles a change of name, in the folder up, whichever engine saw it.
func (l *loop) change(ctx context.Context, up *folder, path, name string, op fsnotify.Op) {
	for _, t := range up.holds[name] {
		t.touched = true
		l.dirty[t] = struct{}{}
	}
	switch {
	case op&structural != 0:
		l.replaced(ctx, up, path, name, op)
	case len(up.owners) == 0:
	case op.Has(fsnotify.Chmod) && !op.Has(fsnotify.Write):
		l.chmod(ctx, up, path, name)
	default:
		l.reportFile(up, path)
	}
}

// replaced looks at what stands at path now. It goes by what is there, not by
// the operation: events tell what was, in an order that may be long past.
func (l *loop) replaced(ctx context.Context, up *folder, path, name string, op fsnotify.Op) {
	_, wasSkipped := up.skipped[name]
	wasFolder := l.folders[path] != nil
	st := fsys.Lstat(path)
	if wasFolder || wasSkipped || st.Kind == fsys.Folder {
		l.forget(path)
		delete(up.skipped, name)
	}
	switch {
	case st.Kind == fsys.Folder:
		if op&(fsnotify.Remove|fsnotify.Rename) != 0 && !wasSkipped {
			l.reportFile(up, path) // whatever was there; the folder may be left out
		}
		l.appeared(ctx, up, path, name)
	case wasFolder:
		for _, t := range up.owners {
			l.pending.Add(t.spell(path))
		}
	case wasSkipped && st.Kind == fsys.Missing:
	default:
		l.reportFile(up, path)
	}
}

// appeared enters a new folder for all whom it concerns, and reports it.
func (l *loop) appeared(ctx context.Context, up *folder, path, name string) {
	for _, t := range slices.Clone(up.owners) {
		if t.skips(path, true) {
			put(&up.skipped, name, struct{}{})
			continue
		}
		l.pending.Add(t.spell(path))
		l.enter(ctx, t, path, true)
	}
}

// chmod reports a change of mode, owner or times. A file that becomes readable
// must be noticed, and who reads the batch compares contents anyway; a storm
// of them costs no more than one of writes. Reading a file makes no event.
func (l *loop) chmod(ctx context.Context, up *folder, path, name string) {
	known := l.folders[path]
	_, skipped := up.skipped[name]
	switch {
	case skipped && known == nil:
	case known != nil && known.engine != unwatched && !l.clearUnreadable(path):
		for _, t := range known.owners {
			l.pending.Add(t.spell(path))
		}
	case known != nil || fsys.Lstat(path).Kind == fsys.Folder:
		l.forget(path)
		l.appeared(ctx, up, path, name)
	default:
		l.reportFile(up, path)
	}
}

// reportFile reports something that is not a folder, or is gone.
func (l *loop) reportFile(up *folder, path string) {
	for _, t := range up.owners {
		if !t.skips(path, false) {
			l.pending.Add(t.spell(path))
		}
	}
}
