package report

import (
	"errors"
	"os"
	"time"
)

// readerPatience is how long the reader of a named pipe may take to open it, and to take
// the next piece: long enough for a program that starts, short enough not to look hung.
const readerPatience = 10 * time.Second

var errNoReader = errors.New("it is a named pipe that nobody reads: start its reader first")

// patiently writes to a file whose reader may stop reading.
type patiently struct {
	*os.File
	patience time.Duration
}

// Write gives each piece its own time, so that a slow reader is not taken for none. A
// device that knows no deadline is written without one.
func (w patiently) Write(p []byte) (n int, err error) {
	const piece = 1 << 16
	for n < len(p) && err == nil {
		_ = w.SetWriteDeadline(time.Now().Add(w.patience))
		var wrote int
		wrote, err = w.File.Write(p[n:min(len(p), n+piece)])
		n += wrote
	}
	return n, err
}
