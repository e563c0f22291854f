//go:build unix

package report

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes a rename in dir last. File systems that cannot (EINVAL, ENOTSUP) are
// left to their own promises.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil // a folder that can be written but not listed: the rename is done all the same
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
