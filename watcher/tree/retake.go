package tree

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

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

// tells reports whether a later look can go by a.
func (a *Snapshot) tells() bool {
	return a != nil && a.memory != nil && a.memory.rules != nil && a.memory.dev != 0
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
