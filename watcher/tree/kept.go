package tree

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// keptFormat is what a kept look begins with.
const keptFormat = "look 1\n"

// Keep is what Kept makes a of again in a later process; nil where nothing would be gained, because
// times tell nothing where the tree lies, or because the rules hang on more than is kept. by is who
// keeps it: another program may count other files.
func (a *Snapshot) Keep(by string) []byte {
	if !a.tells() || len(a.memory.folders) == 0 {
		return nil
	}
	m := a.memory
	rules, is := m.rules.print()
	if !is {
		return nil
	}
	b := append([]byte(keptFormat), a.Digest[:]...)
	b = appendTexts(b, []string{by, rules})
	b = appendNumbers(b, int64(m.dev), a.Bytes)
	b = AppendFiles(b, a.Files)
	for _, sum := range m.sums {
		b = append(b, byte(min(sum, unsummed)))
	}
	b = appendNumbers(b, int64(len(m.folders)))
	for _, f := range m.folders {
		sure := int64(0)
		if f.sure {
			sure = 1
		}
		b = appendNumbers(appendText(b, f.path), int64(f.stat.id.Ino), f.stat.mtime, f.stat.ctime, sure)
	}
	b = appendTexts(AppendFiles(b, m.lists), a.Links)
	return sealed(b)
}

// KeptLook is what Keep kept, before anybody has said by which rules the tree is looked at now.
type KeptLook struct {
	snapshot *Snapshot
	rules    string // the print of those that it was kept by
}

// By is the snapshot, for one later Retake of the same tree by r; nil unless r leaves out the same as the rules that it was
// kept by.
func (k *KeptLook) By(r *Rules) *Snapshot {
	if k == nil || r.own == nil {
		return nil
	}
	if rules, known := r.print(); !known || rules != k.rules {
		return nil
	}
	k.snapshot.memory.rules = r
	return k.snapshot
}

// Kept reads data, which Keep made and nobody changes any more; nil unless it is whole, and the same program kept it.
func Kept(data []byte, by string) *KeptLook {
	body, whole := unsealed(data, keptFormat)
	if !whole || len(body) < len(Digest{}) {
		return nil
	}
	s, m := &Snapshot{}, &memory{kept: true}
	d := &Decoder{Rest: body[copy(s.Digest[:], body):]}
	who := d.texts()
	if len(who) != 2 || who[0] != by {
		return nil
	}
	m.dev, s.Bytes, s.Files = uint64(d.number()), d.number(), d.Files()
	if d.Failed || len(d.Rest) < len(s.Files) {
		return nil
	}
	m.sums = make([]uint64, len(s.Files))
	for i := range m.sums {
		m.sums[i] = uint64(d.Rest[i])
	}
	d.Rest = d.Rest[len(s.Files):]
	m.folders = d.places(m.dev)
	m.lists, s.Links = d.Files(), d.texts()
	if d.Failed || d.Rest != "" || len(m.folders) == 0 {
		return nil
	}
	for i := range s.Links {
		s.Links[i] = strings.Clone(s.Links[i])
	}
	compact(s.Files)
	compact(m.lists)
	s.memory = m
	return &KeptLook{s, strings.Clone(who[1])}
}

// compact puts the paths of files into one text of their own, so that what they were read from is not held for them.
func compact(files []File) {
	size := 0
	for _, f := range files {
		size += len(f.Path)
	}
	var all strings.Builder
	all.Grow(size)
	for _, f := range files {
		all.WriteString(f.Path)
	}
	text := all.String()
	for i := range files {
		n := len(files[i].Path)
		files[i].Path, text = text[:n], text[n:]
	}
}

// places reads folders on the device dev.
func (d *Decoder) places(dev uint64) (list []place) {
	for range d.number() {
		p := place{path: strings.Clone(d.text()), stat: stamp{id: fsys.Identity{Dev: dev, Ino: uint64(d.number())}, mtime: d.number(), ctime: d.number()}}
		p.sure = d.number() == 1
		if d.Failed {
			return nil
		}
		list = append(list, p)
	}
	return list
}

// IsKept reports whether a is as Kept gave it, so that there is nothing new to keep.
func (a *Snapshot) IsKept() bool { return a.memory != nil && a.memory.kept }

// print is a text that two rules share only if they leave out the same, as long as what lies below their root
// is the same; false where that cannot be said of them.
func (r *Rules) print() (string, bool) {
	if r.own == nil || r.own.nested.Load() {
		return "", false
	}
	o := r.own
	h := sha256.New() // a hasher of BLAKE3 takes ten kilobytes
	var room []byte
	add := func(parts ...string) {
		h.Write(appendNumbers(room[:0], int64(len(parts))))
		for _, part := range parts {
			room = appendText(room[:0], part)
			h.Write(room)
		}
	}
	add(o.root)
	o.ignore.print(add)
	artifacts := make([]string, 0, len(o.artifacts))
	for path := range o.artifacts {
		artifacts = append(artifacts, path)
	}
	slices.SortFunc(artifacts, cmp.Compare)
	add(artifacts...)
	if g := &o.top; g.repo != nil {
		names := g.repo.index.load()
		if names.all || names.sparse {
			return "", false
		}
		add(g.repo.top, g.prefix)
		if g.lost {
			add("lost")
		}
		for at := g.lists; at != nil; at = at.next {
			at.patterns.print(add)
		}
		add(names.below(g.prefix)...)
	}
	return string(h.Sum(nil)), true
}

// print adds what patterns.same compares.
func (ps *patterns) print(add func(...string)) {
	if ps == nil {
		add()
		return
	}
	add(ps.base)
	lines := make([]string, 0, len(ps.list))
	for _, p := range ps.list {
		lines = append(lines, p.line)
	}
	add(lines...)
}
