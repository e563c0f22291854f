package orchestrator

import (
	"slices"
	"time"
)

const (
	clockTick    = 10 * time.Millisecond  // how far a file's time may lie behind the clock, on kernels that count 100 a second
	steadyWithin = 200 * time.Millisecond // how much a build may begin late, on a busy machine
)

// common reports whether a file changed in the build before this one too.
func common(changed, before []string) bool {
	return slices.ContainsFunc(changed, func(file string) bool { return slices.Contains(before, file) })
}

// clock is when, in the course of builds, their inputs or another's were written.
type clock struct {
	soonest, latest time.Duration
	read            bool
}

// with is the clock after one more write.
func (k clock) with(at time.Duration) clock {
	if !k.read {
		return clock{at, at, true}
	}
	return clock{min(k.soonest, at), max(k.latest, at), true}
}

// steady reports whether all writes were at about the same moment, as those of
// builds are. People save at any.
func (k clock) steady() bool { return k.latest-k.soonest <= steadyWithin+k.latest/16 }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
