package watcher

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// apply replaces the plan. What both plans have in common stays watched.
func (l *loop) apply(ctx context.Context, p Plan) {
	old := l.targets
	l.targets = make(map[targetKey]*target, len(p.Roots)+len(p.Outside))
	add := func(path string, root bool) {
		key := targetKey{filepath.Clean(path), root}
		t := old[key]
		if t == nil {
			if t = l.targets[key]; t != nil {
				return // given twice
			}
			t = &target{targetKey: key}
			l.dirty[t] = struct{}{}
		}
		delete(old, key)
		if root {
			t.skip = p.Skip
		}
		l.targets[key] = t
	}
	for _, path := range p.Roots {
		add(path, true)
	}
	for _, path := range p.Outside {
		add(path, false)
	}
	if p.Own != "" {
		add(p.Own, false)
		l.targets[targetKey{filepath.Clean(p.Own), false}].own = true
	}
	for _, t := range old {
		l.retire(t)
	}
	l.known = p.Known
	l.settle(ctx, l.started)
	l.known = nil
	if !l.started {
		l.started = true
		l.tick = time.Now().Add(l.seams.idleTick)
		l.pending.Lose()
		return
	}
	l.stale = true
}

// retire stops watching for t.
func (l *loop) retire(t *target) {
	if t.top != nil {
		l.release(t, t.top)
	}
	l.rehold(t, nil)
	delete(l.dirty, t)
	t.retired = true
}

// settle looks at every target that may lead elsewhere by now.
func (l *loop) settle(ctx context.Context, report bool) {
	// Looking at one may make another dirty, when folders were renamed under
	// our hands. That ends; should it not, the tick goes on with the rest.
	const rounds = 8
	for range rounds {
		if len(l.dirty) == 0 || ctx.Err() != nil {
			break
		}
		clear(l.memo)
		dirty := l.dirty
		l.dirty = make(map[*target]struct{})
		for t := range dirty {
			if !t.retired {
				l.look(ctx, t, report)
			}
		}
	}
	clear(l.memo)
}

// look finds out where t leads now, and follows.
func (l *loop) look(ctx context.Context, t *target, report bool) {
	r := l.resolve(t)
	was, touched := t.now, t.touched
	// A file that is looked at again and again may change twice within one time stamp.
	t.touched = l.polling() && r.stat.Kind == fsys.File && sumOf(r.stat, l.seed, time.Now()) == unsure
	t.now = r
	changed := !r.same(was)
	switch {
	case r.stat.Kind == fsys.Folder && (changed || t.top == nil):
		if t.top != nil {
			l.release(t, t.top)
		}
		l.enter(ctx, t, r.real, report && t.root)
		changed = changed || t.top != nil // a folder that still cannot be read is no news
	case t.top != nil && r.stat.Kind != fsys.Folder:
		l.release(t, t.top)
	case r.stat.Kind != fsys.Folder && r.stat.Kind != fsys.Missing:
		changed = changed || touched || r.stat != was.stat
	}
	switch {
	case !changed || !report:
	case t.own:
		if soon := time.Now().Add(ownPause); soon.Before(l.tick) {
			l.tick = soon
		}
	case !t.root && was.real == "" && was.holds == nil: // the first look
		l.pending.Find(t.path)
	default:
		l.pending.Add(t.path)
	}
}

// ownPause is how long nothing is done about Own: who removes its folder would find it filled again.
const ownPause = 100 * time.Millisecond

// resolve follows t's path and watches the names that it depends on.
func (l *loop) resolve(t *target) resolution {
	// Placing a watch asks for another look: the name may have changed before.
	// Four changes between look and watch in a row are a fifth one's business.
	const attempts = 5
	var r resolution
	for range attempts {
		r = resolve(t.path, l.memo)
		if !l.rehold(t, r.holds) {
			break
		}
	}
	return r
}

// rehold registers t for other names; it reports whether a watch was placed.
func (l *loop) rehold(t *target, holds []hold) (placed bool) {
	if slices.Equal(t.holds, holds) && !slices.ContainsFunc(holds, func(h hold) bool { return l.folders[h.dir] == nil }) {
		return false
	}
	old := t.holds
	t.holds = holds
	for _, h := range holds {
		placed = l.folders[h.dir] == nil || placed
		f := l.folderAt(h.dir)
		l.holders[h.dir] = f
		if !slices.Contains(f.holds[h.name], t) {
			put(&f.holds, h.name, append(f.holds[h.name], t))
		}
	}
	for _, h := range old {
		if !slices.Contains(holds, h) {
			l.unhold(t, h)
		}
	}
	return placed
}

func (l *loop) unhold(t *target, h hold) {
	f := l.folders[h.dir]
	if f == nil {
		return
	}
	rest := slices.DeleteFunc(f.holds[h.name], func(o *target) bool { return o == t })
	if len(rest) > 0 {
		f.holds[h.name] = rest
		return
	}
	delete(f.holds, h.name)
	if len(f.holds) == 0 {
		f.holds = nil
		delete(l.holders, h.dir)
		l.removeIdle(f)
	}
}

// share is the part of the time that may be spent on going over everything,
// as its reciprocal: a tenth.
const share = 10

// rejudge asks a new plan's Skip about every folder that is watched or was left
// out. The disk is not looked at, but Skip may, so a plan that follows soon
// after waits.
func (l *loop) rejudge(ctx context.Context, now time.Time) {
	l.stale = false
	all := make([]*folder, 0, len(l.folders))
	for _, f := range l.folders {
		all = append(all, f)
	}
	for _, f := range all {
		for _, t := range slices.Clone(f.owners) {
			if t.root && slices.Contains(f.owners, t) {
				l.rejudgeFolder(ctx, t, f)
			}
		}
	}
	l.settle(ctx, true)
	end := time.Now()
	l.judgeAgain = end.Add(share * end.Sub(now))
}

func (l *loop) rejudgeFolder(ctx context.Context, t *target, f *folder) {
	if f != t.top && t.skips(f.path, true) {
		l.release(t, f)
		l.skipped(f.path)
		return
	}
	for name := range f.skipped {
		path := join(f.path, name)
		if t.skips(path, true) {
			continue
		}
		if kid := l.folders[path]; kid != nil && slices.Contains(kid.owners, t) {
			continue
		}
		l.pending.Add(t.spell(path))
		l.enter(ctx, t, path, true)
	}
}
