//go:build unix

package fsys

import (
	"errors"
	"os"
	"syscall"
)

// TryLock takes the exclusive lock on f without waiting; false: somebody else has it.
// The lock ends with Unlock, and when the process is killed.
func TryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// Unlock lets others in, and closes f. Closing alone does not always let them in: a child that is just being
// started has a copy of f, and the lock with it, until it becomes another program.
func Unlock(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	f.Close()
}

// IsOwn reports whether dir is a folder of this user, no link to one.
func IsOwn(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
