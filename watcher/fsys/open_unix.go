//go:build unix

package fsys

import (
	"os"
	"syscall"
)

// openQuick opens a file for reading without ever waiting on a FIFO.
func openQuick(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
