package watcher

import (
	"cmp"
	"hash/maphash"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// young is how close to now a file's times may be before a second change could
// hide behind the same times: file systems stamp with the kernel's tick, 1 to 10
// ms, and a little is added for a clock read on another processor.
const young = 50 * time.Millisecond

// unsure is the sum of a file that must be taken for changed at the next look.
const unsure = 0

// sumOf is one number for all that the poll engine compares: 64 bits, keyed, never wrong by
// chance. A folder's times and size change with what it holds, which is looked
// at by itself, so they do not count.
func sumOf(s fsys.Info, seed maphash.Seed, now time.Time) uint64 {
	switch {
	case s.Kind == fsys.Folder:
		s.Size, s.Mtime, s.Ctime = 0, 0, 0
	case s.Kind == fsys.File && (isYoung(s.Mtime, now) || isYoung(s.Ctime, now)):
		return unsure
	}
	return max(maphash.Comparable(seed, s), unsure+1)
}

// isYoung is false for times far in the future: a server's clock that runs ahead
// would otherwise make every file change at every look.
func isYoung(ns int64, now time.Time) bool {
	return time.Duration(now.UnixNano()-ns).Abs() < young
}

// entry is what the poll engine remembers of one name: about 40 bytes.
type entry struct {
	name string
	sum  uint64
}

// firstLook remembers what is in f without reporting it.
func (l *loop) firstLook(f *folder) {
	f.entries, _ = l.entriesOf(f) // what cannot be read is empty, and noticed when it can be
}

func (l *loop) entriesOf(f *folder) ([]entry, error) {
	var found []entry
	now := time.Now()
	err := fsys.List(f.path, func(name string, st fsys.Info) {
		found = append(found, entry{name, sumOf(st, l.seed, now)})
	})
	slices.SortFunc(found, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	return slices.Clip(found), err
}

func canRead(path string) bool { return fsys.List(path, func(string, fsys.Info) {}) == nil }
