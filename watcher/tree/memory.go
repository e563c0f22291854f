package tree

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// memory is what a later take of the same tree goes by, beside the files of the snapshot. It is not
// changed once the snapshot was returned.
type memory struct {
	sums    []uint64 // of each file's content, by seed; 0: a change of it may not show in its stat; unsummed: it would
	marks   []mark
	copy    *copied // nil: there is none, and no
	spans   []span  // of the files in it; else as many as there are files
	rules   *Rules
	folders []place // all that were read, the root first
	lists   []File  // the .gitignore files that were read below the root, by path
	dev     uint64  // what the root lies on
	kept    bool    // a later process can read all of it, but the marks and the sums
}

// unsummed stands for the sum of a file that this process has not read. Real ones are greater.
const unsummed = 1

// seed makes the sums of this process. Two that differ prove that the contents do; equal ones prove
// nothing, and nobody believes them.
var seed = maphash.MakeSeed()

// place is a folder of a tree as it was before its entries were read.
type place struct {
	path string // relative to the root; "" is the root
	stat stamp
	sure bool // a later change of its entries shows in its stat
}

// stamp is what tells a folder from the same one with other entries.
type stamp struct {
	id           fsys.Identity
	mtime, ctime int64
}

func stampOf(i fsys.Info) stamp { return stamp{i.ID, i.Mtime, i.Ctime} }

// notes are what a walk notes for a later look.
type notes struct {
	dev     uint64 // as memory has it
	folders []place
	lists   []File
	links   []string
	moved   bool // what was noted is not what was there
}

// folder notes the folder d, which is about to be read.
func (n *notes) folder(d *fsys.Dir, rel string) {
	if n == nil || n.dev == 0 {
		return
	}
	now := time.Now()
	i, err := d.Stat(".")
	n.moved = n.moved || err != nil
	n.folders = append(n.folders, place{rel, stampOf(i), i.ID.Dev == n.dev && settles(i.Ctime, now)})
}

// gitignore notes the patterns of the folder d, which are about to be read.
func (n *notes) gitignore(d *fsys.Dir, rel string) {
	if n == nil || n.dev == 0 {
		return
	}
	now := time.Now()
	i, err := d.Stat(".gitignore")
	f := fileOf(strings.TrimPrefix(rel+"/.gitignore", "/"), i)
	n.moved = n.moved || err != nil || !f.Settled(now)
	n.lists = append(n.lists, f)
}

// keep gives s what was noted, of a walk by r.
func (n *notes) keep(s *Snapshot, r *Rules) {
	s.Links = n.links
	m := s.memory
	m.rules, m.dev, m.folders, m.lists = r, n.dev, n.folders, n.lists
	if n.moved {
		m.folders = nil
	}
}

// trusted is the device of root if a change of a file there always shows in its times; else 0. A
// device that is 0 is not trusted either.
func trusted(root string) uint64 {
	d, err := fsys.OpenDir(root)
	if err != nil {
		return 0
	}
	defer d.Release()
	i, err := d.Stat(".")
	if err != nil || !d.KeepsTimes() {
		return 0
	}
	return i.ID.Dev
}

// mark is the state of the tree's hash before one of its files.
type mark struct {
	file int // its index
	hash *blake3.Hasher
	size int64 // of the stream until there
}

// markEvery is how many bytes of stream lie between two marks at least; tests have less.
var markEvery int64 = 4 << 20

// markMost is how many marks are kept, of about 10 KB each; a longer stream has them further apart.
const markMost = 32

// marks are set while a stream is hashed.
type marks struct {
	list  []mark
	every int64
}

// at sets a mark before the file, if it is due.
func (m *marks) at(file int, size int64, h *blake3.Hasher) {
	last := int64(0)
	if len(m.list) > 0 {
		last = m.list[len(m.list)-1].size
	}
	m.every = max(m.every, markEvery)
	if size-last < m.every {
		return
	}
	if len(m.list) == markMost {
		m.every *= 2
		kept := m.list[:0]
		for i := 1; i < markMost; i += 2 {
			kept = append(kept, m.list[i])
		}
		m.list = kept
	}
	m.list = append(m.list, mark{file, h.Clone(), size})
}

// before is the last mark at or before a file; the zero mark is the beginning.
func (m *memory) before(file int) mark {
	i, found := slices.BinarySearchFunc(m.marks, file, func(a mark, file int) int { return a.file - file })
	switch {
	case found:
		return m.marks[i]
	case i == 0:
		return mark{}
	}
	return m.marks[i-1]
}

// same reports whether two rules leave out the same, as long as what lies below the root is the same.
func (r *Rules) same(other *Rules) bool {
	a, b := r.own, other.own
	if r.root != other.root || r.skip != nil || other.skip != nil || (a == nil) != (b == nil) {
		return false
	}
	if a == nil {
		return true
	}
	if a.nested.Load() || b.nested.Load() || len(a.artifacts) != len(b.artifacts) || !a.ignore.same(b.ignore) {
		return false
	}
	for path := range a.artifacts {
		if !b.artifacts[path] {
			return false
		}
	}
	return a.top.same(&b.top)
}

// same reports whether two scopes hold the same. Equal indexes are those that a Cache has kept.
func (g *gitScope) same(other *gitScope) bool {
	if (g.repo == nil) != (other.repo == nil) || g.prefix != other.prefix || g.lost != other.lost {
		return false
	}
	if g.repo == nil {
		return true
	}
	if g.repo.top != other.repo.top || g.repo.index.load() != other.repo.index.load() {
		return false
	}
	a, b := g.lists, other.lists
	for ; a != nil && b != nil; a, b = a.next, b.next {
		if !a.patterns.same(b.patterns) {
			return false
		}
	}
	return a == nil && b == nil
}

func (ps *patterns) same(other *patterns) bool {
	if ps == nil || other == nil {
		return ps == other
	}
	return ps.base == other.base && slices.EqualFunc(ps.list, other.list, func(a, b *pattern) bool { return a.line == b.line })
}

// Index is the index of the file path; -1 when it is none of the snapshot's.
func (a *Snapshot) Index(path string) int {
	i, found := slices.BinarySearchFunc(a.files(), path, func(f File, path string) int { return compareRaw(f.Path, path) })
	if !found {
		return -1
	}
	return i
}

// Holds reports whether a file of the snapshot lies below the folder path.
func (a *Snapshot) Holds(path string) bool {
	files, below := a.files(), path+"/"
	i, _ := slices.BinarySearchFunc(files, below, func(f File, path string) int { return compareRaw(f.Path, path) })
	return i < len(files) && strings.HasPrefix(files[i].Path, below)
}

// Linked reports whether path was a link that the rules do not leave out.
func (a *Snapshot) Linked(path string) bool { return slices.Contains(a.Links, path) }
