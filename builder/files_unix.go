//go:build unix

package builder

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// syncFolder has a folder's entries on disk. File systems that cannot sync a folder say EINVAL; they need no sync.
func syncFolder(dir *os.File) error {
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// tryLock takes the exclusive lock on f without waiting; false: somebody else has it.
// The lock ends when f is closed, so also when the process is killed.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// LastChange is when the file or folder at path was last changed itself, moves
// included, as the system notes it; zero when it is not there.
func LastChange(path string) time.Time {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return time.Time{}
	}
	return time.Unix(st.Ctim.Unix())
}
