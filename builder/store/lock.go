package store

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// lockRetry is how often a capsule that another process builds is asked for
// again: seldom enough to cost nothing, often enough that nobody notices.
const lockRetry = 100 * time.Millisecond

// Lock is the lock of a capsule, from when it was got until Release.
type Lock struct {
	Waited bool // somebody else had it first

	store *Store
	file  *os.File
	dir   string
}

// Lost reports whether the lock file, or the folder that it lies in, was deleted or
// replaced: then somebody else may hold a lock too, and what was staged may be gone.
func (h *Lock) Lost() bool { return !isStill(h.dir, h.file) }

// Release lets others in.
func (h *Lock) Release() {
	h.store.setLocked(h.dir, false)
	fsys.Unlock(h.file)
}

// isStill reports whether lock is the very file that stands at the lock's path.
func isStill(dir string, lock *os.File) bool {
	mine, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(Path(dir, LockFile))
	return err == nil && os.SameFile(mine, there)
}

func (s *Store) setLocked(dir string, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locked[dir] = locked
}

// Locked reports whether we hold dir's lock.
func (s *Store) Locked(dir string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locked[dir]
}

// Lock makes dir's state folder and takes the lock in it, so that two processes never
// build one capsule at once. It calls waiting once when somebody else has it. A lock is the
// open file's identity: while we waited the file may have been deleted, and a lock on it
// keeps nobody away any more.
func (s *Store) Lock(ctx context.Context, dir string, waiting func()) (*Lock, error) {
	waited := false
	for {
		h, deleted, err := s.lockNow(dir)
		if err != nil {
			return nil, err
		}
		if h != nil {
			h.Waited = waited
			return h, nil
		}
		if deleted {
			continue
		}
		if !waited {
			waited = true
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockRetry):
		}
	}
}

// lockNow is Lock without waiting: nil when somebody else has it, or when the file was
// deleted between opening it and locking it.
func (s *Store) lockNow(dir string) (h *Lock, deleted bool, err error) {
	f, err := openLock(dir)
	if err != nil {
		return nil, false, err
	}
	locked, err := fsys.TryLock(f)
	if err == nil && locked && isStill(dir, f) {
		if err := inFolder(dir, func(f *folder) error { return f.mark() }); err != nil {
			fsys.Unlock(f)
			return nil, false, err
		}
		s.setLocked(dir, true)
		return &Lock{store: s, file: f, dir: dir}, false, nil
	}
	f.Close()
	if err != nil {
		return nil, false, fmt.Errorf("locking %s: %w", f.Name(), err)
	}
	return nil, locked, nil
}

// openLock makes the state folder and opens the lock file in it.
func openLock(dir string) (lock *os.File, err error) {
	err = inFolder(dir, func(f *folder) error {
		if err := f.makeState(); err != nil {
			return err
		}
		info, err := f.Lstat(stateName(LockFile))
		if err == nil && !info.Mode().IsRegular() {
			return f.foreign("%s is no plain file", stateName(LockFile))
		}
		lock, err = f.OpenFile(stateName(LockFile), os.O_CREATE|os.O_RDWR, 0o644)
		return err
	})
	return lock, err
}
