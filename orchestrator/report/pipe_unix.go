//go:build unix

package report

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// readerRetry is how often a pipe is asked for its reader: seldom enough to cost nothing.
const readerRetry = 20 * time.Millisecond

// openSpecial opens a device or a named pipe for writing. A plain open would wait for a
// pipe's reader without end; this one waits for patience, and then fails with errNoReader.
func openSpecial(path string, patience time.Duration) (*os.File, error) {
	for end := time.Now().Add(patience); ; time.Sleep(readerRetry) {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) {
			return f, err
		}
		if time.Now().After(end) {
			return nil, errNoReader
		}
	}
}
