package watcher

import (
	"time"

	"golang.org/x/sys/unix"
)

// newSleepClock returns a clock of the time that the machine has slept: only one
// of these two goes on meanwhile, and nobody sets either.
func newSleepClock() func() time.Duration {
	return func() time.Duration {
		var awake, all unix.Timespec
		if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
			return 0
		}
		return time.Duration(all.Nano() - awake.Nano())
	}
}
