package dir

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// claimPoll is how often a process looks whether another one has let go of a claim.
const claimPoll = 20 * time.Millisecond

// Claim implements shared.Claimer with a locked file, so that the kernel lets go of the claim of a
// process that dies.
func (s *Store) Claim(ctx context.Context, key string, wait func()) (release func(), waited bool, err error) {
	path, err := s.path("claims", key)
	if err != nil {
		return nil, false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, false, err
	}
	for {
		f, err := claim(path)
		switch {
		case err != nil:
			return nil, waited, err
		case f != nil:
			return func() {
				os.Remove(path) // while it is ours: who has opened it sees that it is gone
				fsys.Unlock(f)
			}, waited, nil
		}
		if !waited {
			waited = true
			wait()
		}
		select {
		case <-ctx.Done():
			return nil, waited, ctx.Err()
		case <-time.After(claimPoll):
		}
	}
}

// claim locks the file at path; nil when somebody else has it.
func claim(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, err
		}
		mine, err := fsys.TryLock(f)
		if err != nil || !mine {
			f.Close()
			return nil, err
		}
		held, err := f.Stat()
		if err == nil {
			var there os.FileInfo
			if there, err = os.Stat(path); err == nil && os.SameFile(held, there) {
				return f, nil
			}
		}
		f.Close() // the one who had it has removed it: another file is to be locked
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
}
