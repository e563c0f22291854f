package workspace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

const (
	tempPrefix = "astrid-dev-verify-"
	lockName   = "lock" // in the temporary folder; who is killed lets go of it
)

// temp is the folder that holds a run's copies, and the lock that says that the run lives.
type temp struct {
	dir  string // absolute: builds run elsewhere, and TMPDIR may be relative
	lock *os.File
}

// makeTemp makes it, after removing what runs that were killed have left.
func makeTemp() (t temp, err error) {
	base, err := filepath.Abs(os.TempDir())
	if err != nil {
		return t, err
	}
	sweep(base)
	if t.dir, err = os.MkdirTemp(base, tempPrefix); err != nil {
		return t, err
	}
	// The lock gets its name when it is held, so that no other run takes a folder for dead that is being made.
	early := filepath.Join(t.dir, "new-"+lockName)
	if t.lock, err = os.OpenFile(early, os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600); err == nil {
		if held, lockErr := fsys.TryLock(t.lock); lockErr != nil || !held {
			return t, nil // a file system without locks: nobody will sweep here
		}
		err = os.Rename(early, filepath.Join(t.dir, lockName))
	}
	if err != nil {
		t.remove()
		return temp{}, fmt.Errorf("locking %s: %w", t.dir, err)
	}
	return t, nil
}

// remove is for the zero value, too.
func (t temp) remove() {
	if t.lock != nil {
		t.lock.Close()
	}
	if t.dir != "" {
		os.RemoveAll(t.dir)
	}
}

// sweep removes the folders of runs of this user that were killed.
func sweep(base string) {
	list, err := filepath.Glob(filepath.Join(fsys.EscapeGlob(base), tempPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range list {
		path := filepath.Join(dir, lockName)
		// What another user owns could be swapped for a link while it is being removed.
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || !fsys.IsOwn(dir) {
			continue
		}
		lock, err := fsys.Open(path)
		if err != nil {
			continue
		}
		if free, err := fsys.TryLock(lock); err == nil && free && removeFirst(dir) {
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
		if e.Name() != lockName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err == nil
}
