package tree

import (
	"sort"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// File is a source as it was when it was read. Size is in bytes, or Absent.
type File struct {
	Path         string // slash-joined raw bytes, relative to the root
	Size         int64
	Ino          uint64 // 0 where the system has none
	Mtime, Ctime int64  // ns since 1970; Ctime is 0 where the system has none
	Exec         bool   // somebody may run it; false where the system has no such mode
}

// fileOf is what a snapshot keeps of a file.
func fileOf(path string, i fsys.Info) File {
	return File{Path: path, Size: i.Size, Ino: i.ID.Ino, Mtime: i.Mtime, Ctime: i.Ctime, Exec: i.Exec()}
}

// Absent is the Size of an input that TakeOthers looked for and did not find.
const Absent = -1

// Snapshot is a tree at one moment. It is not changed once returned.
type Snapshot struct {
	Digest Digest
	Files  []File // in the order of the digest
	Bytes  int64  // of content, all files together

	// Links are the symbolic links that the rules do not leave out, by path. They
	// are no sources, but a tool follows them. Only Take fills it in.
	Links []string

	Cost   Cost    // what this look cost
	memory *memory // what a later look goes by; nil: nothing
}

// Cost is what a look at a tree cost: how many files and folders were asked for their stat alone, how many
// files were opened, and how many bytes of content were read of these.
type Cost struct {
	Looked, Opened int
	Bytes          int64
}

// Executables are the paths of the files that may be run, in their order.
func (a *Snapshot) Executables() (paths []string) {
	for _, f := range a.Files {
		if f.Exec {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// Diff returns the paths that were added, removed, or whose stat differs
// between a and b, in byte order. A nil snapshot has no files. Equal digests
// with a Diff are a touch, a rewrite of the same bytes, or a change and its undo.
func (a *Snapshot) Diff(b *Snapshot) []string {
	var paths []string
	Pairs(a.files(), b.files(), func(was, is *File) {
		switch {
		case is == nil:
			paths = append(paths, was.Path)
		case was == nil || *was != *is:
			paths = append(paths, is.Path)
		}
	})
	sort.Strings(paths)
	return paths
}

func (a *Snapshot) files() []File {
	if a == nil {
		return nil
	}
	return a.Files
}

// Pairs calls fn for every path of either list with the file as it was and as it is, nil where
// it is not in that list. Lists that are the same but for a few files, as those of two looks at one
// tree are, cost a comparison a file.
func Pairs(before, after []File, fn func(was, is *File)) {
	PairsBy(before, after, func(f *File) string { return f.Path }, fn)
}

// PairsBy is Pairs for lists of something else that has a path.
func PairsBy[F any](before, after []F, path func(*F) string, fn func(was, is *F)) {
	same := func(i, j int) bool { return path(&before[i]) == path(&after[j]) }
	start := 0
	for start < min(len(before), len(after)) && same(start, start) {
		fn(&before[start], &after[start])
		start++
	}
	i, j := len(before), len(after)
	for i > start && j > start && same(i-1, j-1) {
		i, j = i-1, j-1
		fn(&before[i], &after[j])
	}
	left := make(map[string]*F, i-start)
	for k := start; k < i; k++ {
		left[path(&before[k])] = &before[k]
	}
	for k := start; k < j; k++ {
		name := path(&after[k])
		fn(left[name], &after[k])
		delete(left, name)
	}
	for _, was := range left {
		fn(was, nil)
	}
}

// Lstat is the regular file at path as it is now, with its Path left empty; false where there is none.
func Lstat(path string) (File, bool) {
	i := fsys.Lstat(path)
	return fileOf("", i), i.Kind == fsys.File
}

// fresh is how long after a change a further one may go unseen in a file's
// times: a tick of the slowest kernels' clock, 100 Hz.
const fresh = 10 * time.Millisecond

// coarse is fresh where times seem to be whole seconds.
const coarse = 2 * time.Second

// farAhead is how far ahead of the clock a time is another clock's.
const farAhead = time.Second

// Settled reports whether a change of f after now would show in its times. What its ctime says is
// not believed where it is younger than a tick before now, or ahead of it: git calls such a file racily clean.
func (f File) Settled(now time.Time) bool { return settles(f.Ctime, now) }

func settles(ctime int64, now time.Time) bool {
	tick := fresh
	if ctime%int64(time.Second) == 0 {
		tick = coarse
	}
	return ctime != 0 && now.Sub(time.Unix(0, ctime)) >= tick
}

// statPath follows links.
func statPath(path string) (File, error) {
	s, err := fsys.OpenSource(path)
	if err != nil {
		return File{}, err
	}
	defer s.Close()
	i, err := s.Stat()
	return fileOf("", i), err
}
