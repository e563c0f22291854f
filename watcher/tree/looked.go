package tree

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// looked is a tree as it is now, by stat alone.
type looked struct {
	files []File
	notes notes
	rules *Rules
	same  int // the first file that differs from the older snapshot's, or may
	cost  Cost
}

// look asks for the stat of everything. Where no folder changed nothing came, went or was moved, and
// no folder is read.
func (old *Snapshot) look(ctx context.Context, root string, r *Rules) (*looked, error) {
	m := old.memory
	now := &looked{rules: r, notes: notes{dev: m.dev, folders: m.folders, lists: m.lists, links: old.Links}}
	if folders, same := old.sameFolders(root, r, &now.cost); same {
		now.notes.folders = folders
		if err := old.statAll(ctx, root, now); err != nil {
			return nil, err
		}
		return now, nil
	}
	now.notes = notes{dev: m.dev}
	w := walker{ctx: ctx, rules: r, root: root, filesOnly: true, notes: &now.notes, failed: changed}
	now.files = make([]File, 0, len(old.Files)+len(old.Files)/8)
	foreign := -1
	w.fn = func(e Entry) error {
		i, err := e.in.Stat(e.name)
		if err != nil {
			return changed(err)
		}
		if foreign < 0 && i.ID.Dev != m.dev {
			foreign = len(now.files)
		}
		now.files = append(now.files, elsewhere(fileOf(e.Path, i), i, m.dev))
		return nil
	}
	if err := w.walk(); err != nil {
		return nil, err
	}
	now.cost.Looked += len(now.files)
	now.same = old.firstOther(now.files)
	if foreign >= 0 {
		now.same = min(now.same, foreign)
	}
	return now, nil
}

// firstOther is the first file of now that differs from old's, or may.
func (old *Snapshot) firstOther(now []File) int {
	for i := range min(len(now), len(old.Files)) {
		if now[i] != old.Files[i] || old.memory.sums[i] == 0 {
			return i
		}
	}
	return min(len(now), len(old.Files))
}

// relistMost is how many folders are read again before all are.
const relistMost = 16

// sameFolders reports whether every folder holds the names that it held, and r counts the same of
// them; and the folders as they are now. A folder that was written to, as that of a module is at each
// publication, is read again.
func (old *Snapshot) sameFolders(root string, r *Rules, cost *Cost) ([]place, bool) {
	m := old.memory
	if len(m.folders) == 0 || !m.rules.same(r) {
		return nil, false
	}
	open := opener{root: root}
	defer open.end()
	top, err := open.folder("")
	if err != nil {
		return nil, false
	}
	now, read := m.folders, 0
	for n, f := range m.folders {
		cost.Looked++
		if i, err := top.Stat(cmp.Or(filepath.FromSlash(f.path), ".")); err != nil || i.Kind != fsys.Folder {
			return nil, false
		} else if f.sure && stampOf(i) == f.stat {
			continue
		}
		if read++; read > relistMost {
			return nil, false
		}
		is, same := old.relist(root, r, f.path)
		if !same {
			return nil, false
		}
		if read == 1 {
			now = slices.Clone(now)
		}
		now[n] = is
	}
	for _, f := range m.lists {
		cost.Looked++
		if i, err := top.Stat(filepath.FromSlash(f.Path)); err != nil || fileOf(f.Path, i) != f {
			return nil, false
		}
	}
	return now, true
}

// relist reads one folder again, and reports whether it holds the sources, folders and links that it held.
func (old *Snapshot) relist(root string, r *Rules, path string) (is place, same bool) {
	open := opener{root: root}
	defer open.end()
	d, err := open.folder(path)
	if err != nil {
		return is, false
	}
	var above *scope
	if path != "" {
		up, _ := split(path)
		if above = r.scopeOf(up); above == nil {
			return is, false
		}
	}
	n := notes{dev: old.memory.dev}
	var files, folders []string
	w := walker{ctx: context.Background(), rules: r, root: root, filesOnly: true, notes: &n, failed: changed}
	w.fn = func(e Entry) error { files = append(files, e.Path); return nil }
	w.shallow = func(path string) { folders = append(folders, path) }
	if err := w.folder(d, path, above); err != nil || n.moved {
		return is, false
	}
	at := 0
	for i := range old.Files {
		if f := &old.Files[i]; liesDirectlyIn(path, f.Path) {
			if at == len(files) || files[at] != f.Path {
				return is, false
			}
			at++
		}
	}
	in := func(list []string) []string {
		return slices.DeleteFunc(list, func(p string) bool { return !liesDirectlyIn(path, p) })
	}
	var known []string
	for _, f := range old.memory.folders {
		if f.path != "" {
			known = append(known, f.path)
		}
	}
	same = at == len(files) && slices.Equal(in(known), folders) && slices.Equal(in(slices.Clone(old.Links)), n.links)
	lists := slices.DeleteFunc(slices.Clone(old.memory.lists), func(f File) bool { return !liesDirectlyIn(path, f.Path) })
	return n.folders[0], same && slices.Equal(lists, n.lists) && r.same(r) // it may hold another repository now
}

// liesDirectlyIn reports whether path lies in folder, and not deeper.
func liesDirectlyIn(folder, path string) bool {
	if folder != "" {
		rest, below := strings.CutPrefix(path, folder)
		if !below || rest == "" || rest[0] != '/' {
			return false
		}
		path = rest[1:]
	}
	return path != "" && !strings.Contains(path, "/")
}

// statAlone is up to how many files one asks alone: two would open most folders twice.
const statAlone = 1000

// statAll asks for the stat of all files, which lie where they lay, and finds the first that differs.
func (old *Snapshot) statAll(ctx context.Context, root string, now *looked) error {
	now.files = old.Files // a copy of which is only made where one differs
	half := len(now.files) / 2
	if half < statAlone/2 {
		half = 0
	}
	parts := [][2]int{{0, half}, {half, len(now.files)}}
	var others [2][]other
	var errs [2]error
	var asking sync.WaitGroup
	for n, part := range parts {
		if part[0] < part[1] {
			asking.Go(func() { others[n], errs[n] = old.statSome(ctx, root, part[0], part[1]) })
		}
	}
	asking.Wait()
	now.cost.Looked += len(now.files)
	now.same = len(now.files)
	if differ := append(others[0], others[1]...); len(differ) > 0 {
		now.same = differ[0].at
		now.replace(differ)
	}
	return errors.Join(errs[0], errs[1])
}

// other is a file that differs, or may, from the one that was at its place.
type other struct {
	at   int
	file File
}

// statSome finds those of the files from, and before to.
func (old *Snapshot) statSome(ctx context.Context, root string, from, to int) (list []other, err error) {
	open := opener{root: root}
	defer open.end()
	for i := from; i < to; i++ {
		path := old.Files[i].Path
		up, name := split(path)
		d, err := open.folder(up)
		if err != nil {
			return nil, changed(err)
		}
		is, err := d.Stat(name)
		if err != nil {
			return nil, changed(err)
		}
		if is.Kind != fsys.File {
			return nil, &ChangingError{Path: fsys.Join(d.Path, name), What: "became something else than a file"}
		}
		if f := fileOf(path, is); f != old.Files[i] || old.memory.sums[i] == 0 || is.ID.Dev != old.memory.dev {
			list = append(list, other{i, elsewhere(f, is, old.memory.dev)})
		}
		if i%batchFiles == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return list, nil
}

// replace puts those that differ in their places, in a copy of the list.
func (l *looked) replace(differ []other) {
	if len(differ) == 0 {
		return
	}
	l.files = slices.Clone(l.files)
	for _, o := range differ {
		l.files[o.at] = o.file
	}
}

// elsewhere is f, which lies on the device of i, as one that is no file of a tree on the device dev if it lies on another.
func elsewhere(f File, i fsys.Info, dev uint64) File {
	if i.ID.Dev != dev {
		f.Size = Absent
	}
	return f
}
