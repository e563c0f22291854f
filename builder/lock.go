package builder

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// lockRetry is how often a capsule that another process builds is asked for
// again: seldom enough to cost nothing, often enough that nobody notices.
const lockRetry = 100 * time.Millisecond

// held is the lock of a capsule, from when it was got until release.
type held struct {
	file   *os.File
	dir    string
	waited bool // somebody else had it first
}

// lost reports whether the lock file, or the folder that it lies in, was deleted or
// replaced: then somebody else may hold a lock too, and what was staged may be gone.
func (h *held) lost() bool { return !isStill(h.dir, h.file) }

func (h *held) release() { h.file.Close() }

// isStill reports whether lock is the very file that stands at the lock's path.
func isStill(dir string, lock *os.File) bool {
	mine, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(statePath(dir, lockFile))
	return err == nil && os.SameFile(mine, there)
}

// lockForBuild is lock for the whole of a build, until unlock. What a killed process left
// half published while we waited for it is finished first.
func (b *Builder) lockForBuild(ctx context.Context, in *Inputs) (*held, error) {
	lock, err := b.lock(ctx, in.Dir)
	if err != nil {
		return nil, err
	}
	if _, err := finish(in); err != nil {
		lock.release()
		return nil, fmt.Errorf("finishing an interrupted publication: %w", err)
	}
	b.setLocked(in.Dir, true)
	return lock, nil
}

func (b *Builder) unlock(lock *held) {
	b.setLocked(lock.dir, false)
	lock.release()
}

func (b *Builder) setLocked(dir string, locked bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.locked[dir] = locked
}

// builds reports whether a build of ours holds dir's lock.
func (b *Builder) builds(dir string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.locked[dir]
}

// lock makes dir's state folder and takes the lock in it, so that two processes never
// build one capsule at once. A lock is the open file's identity: while we waited the file
// may have been deleted, and a lock on it keeps nobody away any more.
func (b *Builder) lock(ctx context.Context, dir string) (*held, error) {
	waited := false
	for {
		h, deleted, err := lockNow(dir)
		if err != nil {
			return nil, err
		}
		if h != nil {
			h.waited = waited
			return h, nil
		}
		if deleted {
			continue
		}
		if !waited {
			waited = true
			b.Say(dir, finding.Finding{Code: finding.WaitingForLock, Severity: finding.Warning,
				Message: "another astrid-dev is building this capsule", Hint: "waiting for it to finish"})
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockRetry):
		}
	}
}

// lockNow is lock without waiting: nil when somebody else has it, or when the file was
// deleted between opening it and locking it.
func lockNow(dir string) (h *held, deleted bool, err error) {
	f, err := openLock(dir)
	if err != nil {
		return nil, false, err
	}
	locked, err := fsys.TryLock(f)
	if err == nil && locked && isStill(dir, f) {
		return &held{file: f, dir: dir}, false, nil
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
		info, err := f.Lstat(stateName(lockFile))
		if err == nil && !info.Mode().IsRegular() {
			return f.foreign("%s is no plain file", stateName(lockFile))
		}
		lock, err = f.OpenFile(stateName(lockFile), os.O_CREATE|os.O_RDWR, 0o644)
		return err
	})
	return lock, err
}
