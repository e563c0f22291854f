//go:build !linux

package watcher

import "time"

// newSleepClock returns a clock of the time that the machine has slept, as far
// as the wall clock has run ahead of the monotonic one. Setting the clock looks
// the same; it costs one look at everything.
func newSleepClock() func() time.Duration {
	start := time.Now()
	return func() time.Duration {
		now := time.Now()
		return now.Round(0).Sub(start.Round(0)) - now.Sub(start)
	}
}
