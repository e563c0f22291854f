package watcher

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// folder is one real folder that is watched, for what is in it or for a name
// that a target depends on. It belongs to the loop's goroutine.
type folder struct {
	path    string
	id      fsys.Identity
	up      *folder            // nil while the folder above is not watched
	kids    map[string]*folder // by name
	skipped map[string]struct{}
	owners  []*target            // those to whom all that is in it belongs; nil: only names in holds count
	holds   map[string][]*target // by name

	engine  engine
	entries []entry // polled: what was in it at the last look
	cost    int     // descriptors that its watch holds, where a watch needs any
}

// engine says how changes in a folder are noticed.
type engine uint8

const (
	unwatched engine = iota // it vanished or cannot be read; an event above it or the tick finds out more
	notified                // by events
	polled                  // by looking again: no events here, or polling was asked for
	limited                 // by looking again until a watch is to be had
)

func (e engine) polls() bool { return e == polled || e == limited }

// enter watches the folder path and all below it for t. Each folder is watched
// before it is read, so what is not found here makes an event. report says
// whether what is found is reported.
func (l *loop) enter(ctx context.Context, t *target, path string, report bool) {
	l.clearUnreadable(path)
	skip := func(p string) bool {
		if t.skips(p, true) {
			l.skipped(p)
			return true
		}
		return false
	}
	if !report {
		l.noteUnreadable(tree.Folders(ctx, path, skip, l.known, func(e tree.Entry) { l.adopt(t, join(path, e.Path)) }))
		return
	}
	rules := tree.Func(func(p string, dir bool) bool { return dir && skip(p) || !dir && t.skips(p, false) })
	l.noteUnreadable(tree.Walk(ctx, path, rules, func(e tree.Entry) error {
		p := join(path, e.Path)
		if e.Dir {
			l.adopt(t, p)
		} else {
			l.pending.Add(t.spell(p))
		}
		return nil
	}))
}

// adopt watches one folder for t.
func (l *loop) adopt(t *target, path string) {
	f := l.folderAt(path)
	if slices.Contains(f.owners, t) {
		return
	}
	f.owners = append(f.owners, t)
	if t.now.real == path {
		t.top = f
	}
	if f.engine.polls() && len(f.owners) == 1 {
		l.firstLook(f)
	}
}

// folderAt is the folder at path, which is watched from now on.
func (l *loop) folderAt(path string) *folder {
	f := l.folders[path]
	if f == nil {
		f = &folder{path: path}
		l.folders[path] = f
		l.place(f)
	}
	if f.up == nil {
		dir, name := split(path)
		if up := l.folders[dir]; up != nil && up != f {
			f.up = up
			put(&up.kids, name, f)
		}
	}
	return f
}

// place puts f under an engine.
func (l *loop) place(f *folder) {
	clear(l.memo) // what was seen before the watch may have changed since
	st := fsys.Lstat(f.path)
	if st.Kind != fsys.Folder {
		return
	}
	f.id = st.ID
	switch {
	case l.notify == nil && l.Poll:
		f.engine = polled
	case l.notify == nil:
		f.engine = limited
	case !l.hasEvents(f) || l.isAlias(f):
		f.engine = polled
	default:
		f.engine = l.watch(f)
	}
	if f.engine.polls() {
		l.polled[f] = struct{}{}
	}
	if f.id != (fsys.Identity{}) {
		l.identities[f.id] = f
	}
}

// isAlias reports whether f's folder is watched by another path already. The
// system has one watch a folder and events carry the first path, so that a
// second one (a bind mount) must be polled. Usually the other path is only out
// of date: a rename whose events are still to come.
func (l *loop) isAlias(f *folder) bool {
	other := l.identities[f.id]
	if other == nil || f.id == (fsys.Identity{}) {
		return false
	}
	if fsys.Lstat(other.path).ID == f.id {
		return true
	}
	l.forget(other.path)
	return false
}

// forget stops watching path and all below it: it is gone, or something else.
// Targets that depended on it are dirty. It must come before the walk of what
// stands there now, or of what it was renamed to: the system knows a watch by its
// folder, so the new name would be taken for watched and then lose its watch.
func (l *loop) forget(path string) {
	if f := l.folders[path]; f != nil {
		l.drop(f)
	}
	for _, f := range l.holders {
		if below(f.path, path) {
			l.drop(f)
		}
	}
}

func (l *loop) drop(f *folder) {
	for _, kid := range f.kids {
		l.drop(kid)
	}
	for _, targets := range f.holds {
		for _, t := range targets {
			l.dirty[t] = struct{}{}
		}
	}
	for _, t := range f.owners {
		if t.top == f {
			t.top = nil
			l.dirty[t] = struct{}{}
		}
	}
	f.holds, f.owners = nil, nil
	l.remove(f)
}

// release stops watching f and all below it for t.
func (l *loop) release(t *target, f *folder) {
	for _, kid := range f.kids {
		l.release(t, kid)
	}
	if t.top == f {
		t.top = nil
	}
	f.owners = slices.DeleteFunc(f.owners, func(o *target) bool { return o == t })
	if len(f.owners) == 0 {
		f.owners, f.entries = nil, nil
		l.removeIdle(f)
	}
}

func (l *loop) removeIdle(f *folder) {
	if len(f.owners) == 0 && len(f.holds) == 0 {
		l.remove(f)
	}
}

// remove takes f, which nobody needs, out of the books.
func (l *loop) remove(f *folder) {
	for _, kid := range f.kids {
		kid.up = nil
	}
	f.kids = nil
	if f.up != nil {
		_, name := split(f.path)
		delete(f.up.kids, name)
		f.up = nil
	}
	if l.folders[f.path] == f {
		delete(l.folders, f.path)
	}
	if l.identities[f.id] == f {
		delete(l.identities, f.id)
	}
	delete(l.holders, f.path)
	delete(l.polled, f)
	l.unwatch(f)
}

// skipped remembers a folder that is left out, so that it is entered when the
// rules change, and passed over when it vanishes.
func (l *loop) skipped(path string) {
	dir, name := split(path)
	if up := l.folders[dir]; up != nil {
		put(&up.skipped, name, struct{}{})
	}
}

// noteUnreadable remembers what a walk could not read.
func (l *loop) noteUnreadable(err error) {
	var partial *tree.PartialError
	var one *fs.PathError
	switch {
	case errors.As(err, &partial):
		for _, err := range partial.Errs {
			if errors.As(err, &one) {
				l.unreadable[one.Path] = struct{}{}
			}
		}
	case errors.As(err, &one) && !errors.Is(err, fs.ErrNotExist):
		l.unreadable[one.Path] = struct{}{}
	}
}

// clearUnreadable forgets what could not be read at or below path; it reports whether there was any.
func (l *loop) clearUnreadable(path string) bool {
	found := false
	for p := range l.unreadable {
		if p == path || below(p, path) {
			delete(l.unreadable, p)
			found = true
		}
	}
	return found
}

// put is m[key] = value, with m made when first needed: most folders have none.
func put[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = make(map[string]V, 1)
	}
	(*m)[key] = value
}
