package dir

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Options say what a Store keeps. Zero is no limit.
type Options struct {
	Bytes int64         // of entries and modules together
	Age   time.Duration // since a result was used last

	// Unsynced is for a store of one machine: nobody waits for the disk, and what a crash of the
	// machine damages is found out by who reads it, and costs a build.
	Unsynced bool
}

// Defaults are the limits where nobody has set any.
var Defaults = Options{Bytes: 2 << 30, Age: 30 * 24 * time.Hour}

const (
	// tidyEvery is how often a process looks whether there is too much.
	tidyEvery = 10 * time.Minute
	// margin is how much longer than a module its entry may have been used, so that none is left
	// without it: both are used one after the other.
	margin = time.Minute
	// abandoned is how old a half-written file is that nobody writes any more.
	abandoned = 24 * time.Hour
	// roomier is what is left of the limit, in percent, so that not each result that is put removes another.
	roomier = 90
)

// tidy trims and sweeps the store, now and then, unless another process does.
func (s *Store) tidy() {
	last, now := s.tidied.Load(), time.Now()
	since := now.Sub(time.Unix(0, last))
	if since >= 0 && since < tidyEvery || !s.tidied.CompareAndSwap(last, now.UnixNano()) {
		return
	}
	_ = s.Trim(now) // what could not be removed is tried again
}

// stored is a file in the store.
type stored struct {
	path string
	size int64
	used time.Time
}

// Trim removes what goes beyond the limits, least recently used first. Entries go before the modules
// that they name, so that a crash between leaves modules that nobody names, and no entry without
// its module. Who reads a file while it is removed reads it to its end. One process trims at a
// time; the others do nothing.
func (s *Store) Trim(now time.Time) error {
	lock, err := os.OpenFile(filepath.Join(s.folder, "trim"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer fsys.Unlock(lock)
	if mine, err := fsys.TryLock(lock); err != nil || !mine {
		return err
	}
	s.sweep(now)
	entries, blobs := s.list("entries"), s.list("blobs")
	old := s.beyond(now, entries, blobs)
	for _, list := range [][]stored{entries, blobs} {
		for _, f := range list {
			if f.used.After(old) {
				continue
			}
			if info, err := os.Lstat(f.path); err == nil && info.ModTime().Equal(f.used) { // nobody has used it meanwhile
				os.Remove(f.path)
			}
		}
		old = old.Add(-margin) // of modules fewer go than of entries
	}
	return nil
}

// beyond is how old an entry is that has to go, of modules those that are older by margin: zero when
// none has to.
func (s *Store) beyond(now time.Time, entries, blobs []stored) (old time.Time) {
	if s.options.Age > 0 {
		old = now.Add(-s.options.Age)
	}
	all, sum := slices.Concat(entries, blobs), int64(0)
	for _, f := range all {
		sum += f.size
	}
	if s.options.Bytes <= 0 || sum <= s.options.Bytes {
		return old
	}
	slices.SortFunc(all, func(a, b stored) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.path, b.path)) })
	for _, f := range all {
		if sum <= s.options.Bytes/100*roomier {
			break
		}
		sum -= f.size
		if cut := f.used.Add(margin); cut.After(old) {
			old = cut
		}
	}
	return old
}

// sweep removes what killed processes left half written.
func (s *Store) sweep(now time.Time) {
	left, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(s.folder), "*", "*", ".*.tmp"))
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil && now.Sub(info.ModTime()) > abandoned {
			os.Remove(path)
		}
	}
}

func (s *Store) list(part string) (list []stored) {
	_ = filepath.WalkDir(filepath.Join(s.folder, part), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isName(d.Name()) {
			return nil // gone, or still being written
		}
		if info, err := d.Info(); err == nil {
			list = append(list, stored{path, info.Size(), info.ModTime()})
		}
		return nil
	})
	return list
}
