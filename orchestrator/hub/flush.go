package hub

import (
	"fmt"
	"time"
)

// flushWait is how long a reader of the hub that closes waits for whoever does not read
// what it writes: exit must take under two seconds, and who lives needs none of it.
const flushWait = 500 * time.Millisecond

// Flushed waits for done, which a reader's writing goroutine closes when it has written
// everything. After half a second it gives up, and returns an error that wraps ErrSlow.
func Flushed(done <-chan struct{}) error {
	late := time.NewTimer(flushWait)
	defer late.Stop()
	select {
	case <-done:
		return nil
	case <-late.C:
		return fmt.Errorf("%w within %s", ErrSlow, flushWait)
	}
}
