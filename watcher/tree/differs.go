package tree

import (
	"hash/maphash"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

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
