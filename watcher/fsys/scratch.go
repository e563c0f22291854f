package fsys

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// scratchLock is the name of the lock in a scratch folder; who is killed lets go of it.
const scratchLock = "lock"

// Scratch is a temporary folder of a run, and the lock that says that the run lives.
type Scratch struct {
	Dir  string // absolute: builds run elsewhere, and TMPDIR may be relative
	lock *os.File
}

// MakeScratch makes a folder in base, "" for the system's temporary one. Its name begins with
// prefix, and what runs that were killed have left there under that prefix is removed first.
func MakeScratch(base, prefix string) (t Scratch, err error) {
	if base == "" {
		base = os.TempDir()
	}
	if base, err = filepath.Abs(base); err != nil {
		return t, err
	}
	sweep(base, prefix)
	if t.Dir, err = os.MkdirTemp(base, prefix); err != nil {
		return t, err
	}
	// The lock gets its name when it is held, so that no other run takes a folder for dead that is being made.
	early := filepath.Join(t.Dir, "new-"+scratchLock)
	if t.lock, err = os.OpenFile(early, os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600); err == nil {
		if held, lockErr := TryLock(t.lock); lockErr != nil || !held {
			return t, nil // a file system without locks: nobody will sweep here
		}
		err = os.Rename(early, filepath.Join(t.Dir, scratchLock))
	}
	if err != nil {
		t.Remove()
		return Scratch{}, fmt.Errorf("locking %s: %w", t.Dir, err)
	}
	return t, nil
}

// Remove is for the zero value, too.
func (t Scratch) Remove() {
	if t.lock != nil {
		t.lock.Close()
	}
	if t.Dir != "" {
		os.RemoveAll(t.Dir)
	}
}

// sweep removes the folders of runs of this user that were killed.
func sweep(base, prefix string) {
	list, err := filepath.Glob(filepath.Join(EscapeGlob(base), EscapeGlob(prefix)+"*"))
	if err != nil {
		return
	}
	for _, dir := range list {
		path := filepath.Join(dir, scratchLock)
		// What another user owns could be swapped for a link while it is being removed.
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || !IsOwn(dir) {
			continue
		}
		lock, err := Open(path)
		if err != nil {
			continue
		}
		if free, err := TryLock(lock); err == nil && free && removeFirst(dir) {
			lock.Close()
			os.RemoveAll(dir)
			continue
		}
		lock.Close()
	}
}

// removeFirst removes everything but the lock, which goes last: what cannot be
// removed now is found again by the next run.
func removeFirst(dir string) bool {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != scratchLock {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err == nil
}
