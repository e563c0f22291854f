package testkit

import (
	"slices"
	"time"
)

// Median is that of times, which it sorts; of an even number the later one of the two in the middle.
func Median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
