package builder

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// syncFolder does nothing: Windows orders renames itself and cannot sync a folder.
func syncFolder(*os.File) error { return nil }

// tryLock takes the exclusive lock on f without waiting; false: somebody else has it.
func tryLock(f *os.File) (bool, error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// LastChange is when the file or folder at path was last changed itself, as far
// as the system notes it; zero when it is not there.
func LastChange(path string) time.Time {
	info, err := os.Lstat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
