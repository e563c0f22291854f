package watcher

import (
	"hash/maphash"
	"time"
)

// kind is what stands at a path.
type kind uint8

const (
	missingKind kind = iota
	fileKind
	folderKind
	linkKind
	otherKind // a device, a FIFO, a socket
)

func (k kind) String() string {
	return [...]string{"missing", "file", "folder", "link", "other"}[k]
}

// identity tells a folder from another one at the same path. It is zero where
// the system does not say.
type identity struct{ dev, ino uint64 }

// stat is what the poll engine compares.
type stat struct {
	kind         kind
	id           identity
	mode         uint32
	size         int64
	mtime, ctime int64 // ns since 1970; ctime is 0 where the system has none
}

// young is how close to now a file's times may be before a second change could
// hide behind the same times: file systems stamp with the kernel's tick, 1 to 10
// ms, and a little is added for a clock read on another processor.
const young = 50 * time.Millisecond

// unsure is the sum of a file that must be taken for changed at the next look.
const unsure = 0

// sum is one number for all that is compared: 64 bits, keyed, never wrong by
// chance. A folder's times and size change with what it holds, which is looked
// at by itself, so they do not count.
func (s stat) sum(seed maphash.Seed, now time.Time) uint64 {
	switch {
	case s.kind == folderKind:
		s.size, s.mtime, s.ctime = 0, 0, 0
	case s.kind == fileKind && (isYoung(s.mtime, now) || isYoung(s.ctime, now)):
		return unsure
	}
	return max(maphash.Comparable(seed, s), unsure+1)
}

// isYoung is false for times far in the future: a server's clock that runs ahead
// would otherwise make every file change at every look.
func isYoung(ns int64, now time.Time) bool {
	return time.Duration(now.UnixNano()-ns).Abs() < young
}
