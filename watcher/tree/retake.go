package tree

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Retake is Take for who has an earlier snapshot of root, by rules that may be others. It gives what Take
// would give, and reads only what may have changed: a file that has the inode, the size and the
// times that it had was not written to, unless it was written to so shortly before the earlier look
// that a further change would not show in its times. Such a file is read again, as are all where the file system
// is none that is known to keep times. The digest is one over all content, so that the files behind the
// first one that changed are read as well, back to where its state was kept. old may be nil.
func Retake(ctx context.Context, root string, r *Rules, old *Snapshot) (*Snapshot, error) {
	return retake(ctx, root, r, old, nil)
}

// retake is Retake with take's seam.
func retake(ctx context.Context, root string, r *Rules, old *Snapshot, before func(path string)) (*Snapshot, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("hashing %q: %w", root, err)
	}
	if !old.tells() || old.memory.rules.root != abs || trusted(abs) != old.memory.dev {
		return take(ctx, root, r, before)
	}
	return again(ctx, func() (*Snapshot, error) {
		now, err := old.look(ctx, abs, r.At(abs))
		if err != nil {
			return nil, err
		}
		return old.renew(ctx, abs, now, before)
	})
}

// Renew is Retake where nothing happened but to files, by their paths in old. nil: that does not
// tell, since something else is concerned, and everything must be looked at.
func (old *Snapshot) Renew(ctx context.Context, r *Rules, files []string) *Snapshot {
	return old.renewNamed(ctx, r, files, nil)
}

func (old *Snapshot) renewNamed(ctx context.Context, r *Rules, files []string, before func(path string)) *Snapshot {
	if !old.tells() || !old.memory.rules.same(r) {
		return nil
	}
	m, root := old.memory, old.memory.rules.root
	now := &looked{files: old.Files, notes: notes{dev: m.dev, folders: m.folders, lists: m.lists, links: old.Links}, rules: r}
	now.same = max(slices.Index(m.sums, 0), 0)
	if !slices.Contains(m.sums, 0) {
		now.same = len(old.Files)
	}
	var named []other
	for _, name := range files {
		i := old.Index(name)
		if i < 0 {
			return nil
		}
		is := fsys.Lstat(filepath.Join(root, filepath.FromSlash(name)))
		now.cost.Looked++
		if is.Kind != fsys.File {
			return nil
		}
		if f := fileOf(name, is); f != old.Files[i] || is.ID.Dev != m.dev {
			now.same = min(now.same, i)
			named = append(named, other{i, elsewhere(f, is, m.dev)})
		}
	}
	now.replace(named)
	s, err := old.renew(ctx, root, now, before)
	if err != nil {
		return nil
	}
	return s
}

// elsewhere is f, which lies on the device of i, as one that is no file of a tree on the device dev if it lies on another.
func elsewhere(f File, i fsys.Info, dev uint64) File {
	if i.ID.Dev != dev {
		f.Size = Absent
	}
	return f
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

// tells reports whether a later look can go by a.
func (a *Snapshot) tells() bool {
	return a != nil && a.memory != nil && a.memory.rules != nil && a.memory.dev != 0
}

// Differs reports whether the content of the file i of a, which lies at path now, is certainly
// another one; and the file as it is now.
func (a *Snapshot) Differs(i int, path string) (now File, differs bool) {
	began := time.Now()
	s, err := fsys.OpenSource(path)
	if err != nil {
		return now, false
	}
	defer s.Close()
	is, err := s.Stat()
	if err != nil || is.Kind != fsys.File {
		return now, false
	}
	now = fileOf(a.Files[i].Path, is)
	if !now.Settled(began) {
		return now, false
	}
	if now.Size != a.Files[i].Size {
		return now, true
	}
	if a.memory == nil || a.memory.sums[i] <= unsummed || now == a.Files[i] {
		return now, false
	}
	var h maphash.Hash
	h.SetSeed(seed)
	if !hashAll(&h, s, now.Size) {
		return now, false
	}
	after, err := s.Stat()
	return now, err == nil && fileOf(now.Path, after) == now && max(h.Sum64(), unsummed+1) != a.memory.sums[i]
}

// hashAll writes s to h; false when it has another size.
func hashAll(h *maphash.Hash, s fsys.Source, size int64) bool {
	room := rooms.Get().(*[blockRoom]byte)
	defer rooms.Put(room)
	for {
		n, err := s.Read(room[:])
		if err != nil {
			return false
		}
		if n == 0 {
			return size == 0
		}
		_, _ = h.Write(room[:n]) // never fails
		size -= int64(n)
	}
}

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

// renew is the snapshot of now. What lies before the last mark before the first file that differs is as it was.
func (old *Snapshot) renew(ctx context.Context, root string, now *looked, before func(path string)) (*Snapshot, error) {
	if now.same == len(now.files) && len(now.files) == len(old.Files) {
		kept := old.memory.kept && slices.Equal(old.memory.folders, now.notes.folders)
		s := &Snapshot{Digest: old.Digest, Files: old.Files, Bytes: old.Bytes, Cost: now.cost, memory: &memory{sums: old.memory.sums, marks: old.memory.marks, copy: old.memory.copy, spans: old.memory.spans, kept: kept}}
		now.notes.keep(s, now.rules)
		return s, nil
	}
	s, err := old.reread(ctx, root, now, before, old.copyFor())
	if errors.Is(err, errCopy) {
		s, err = old.reread(ctx, root, now, before, nil)
	}
	if err != nil {
		return nil, err
	}
	s.Cost.Looked = now.cost.Looked
	now.notes.keep(s, now.rules)
	return s, nil
}

// reread is the snapshot of now's files, of which those that differ are read, and others that c does not hold.
func (old *Snapshot) reread(ctx context.Context, root string, now *looked, before func(path string), c *copied) (*Snapshot, error) {
	m := old.memory
	at := m.before(now.same)
	r := reading{before: before, trust: now.notes.dev, copy: c,
		known: append(make([]File, 0, len(now.files)), now.files[:at.file]...),
		sums:  append(make([]uint64, 0, len(now.files)), m.sums[:at.file]...),
		marks: slices.DeleteFunc(slices.Clone(m.marks), func(m mark) bool { return m.file > at.file })}
	if c != nil {
		r.spans = make([]span, at.file, len(now.files))
		if c == m.copy {
			copy(r.spans, m.spans)
		}
	}
	r.list = func(_ context.Context, add func(item) error) error {
		return old.listFrom(root, now.files, at.file, c != nil && c == m.copy, add)
	}
	return read(ctx, r)
}

// listFrom adds the files from the index at on; rows of them at once where a copy holds what they hold.
func (old *Snapshot) listFrom(root string, files []File, at int, copies bool, add func(item) error) error {
	open := opener{root: root}
	defer open.end()
	was := at // where the file may be among old's
	for at < len(files) {
		f := files[at]
		if was >= len(old.Files) || old.Files[was].Path != f.Path {
			was = old.Index(f.Path)
		}
		if copies {
			if c := old.runAt(files, at, was); c != nil {
				if err := add(item{run: c}); err != nil {
					return err
				}
				at, was = at+len(c.files), was+len(c.files)
				continue
			}
		}
		up, name := split(f.Path)
		d, err := open.folder(up)
		if err != nil {
			return changed(err)
		}
		if err := add(item{in: d, name: name, path: f.Path}); err != nil {
			return err
		}
		at, was = at+1, was+1
	}
	return nil
}

// opener opens folders of a tree, each from the one above it, and keeps those open that the next
// file probably lies in. The zero opener of a root is ready.
type opener struct {
	root string
	open []opened // each in the one before it
}

type opened struct {
	path string
	dir  *fsys.Dir
}

// folder is the folder at path, valid until the next call.
func (o *opener) folder(path string) (*fsys.Dir, error) {
	if len(o.open) == 0 {
		d, err := fsys.OpenDir(o.root)
		if err != nil {
			return nil, err
		}
		o.open = append(o.open, opened{"", d})
	}
	for {
		top := o.open[len(o.open)-1]
		if top.path == path {
			return top.dir, nil
		}
		rest, below := path, top.path == ""
		if !below {
			rest, below = strings.CutPrefix(path, top.path+"/")
		}
		if !below {
			top.dir.Release()
			o.open = o.open[:len(o.open)-1]
			continue
		}
		name, _, _ := strings.Cut(rest, "/")
		d, err := top.dir.Open(name)
		if err != nil {
			return nil, err
		}
		o.open = append(o.open, opened{path[:len(path)-len(rest)+len(name)], d})
	}
}

func (o *opener) end() {
	for _, at := range o.open {
		at.dir.Release()
	}
}
