//go:build unix

package fsys

import (
	"errors"
	"os"
	"syscall"
)

// Sync has the entries of an open folder on disk, so that a rename in it lasts. File systems
// that cannot sync a folder (EINVAL, ENOTSUP) are left to their own promises.
func Sync(dir *os.File) error {
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
