package live

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
)

// limiter keeps the runtime's limit on installs as the runtime keeps it: of all capsules
// together, so many in the window before each. An install counts from its answer, which is
// later than the moment from which the runtime counts it, so that the runtime never refuses
// what goes by it. Others may install too: of these it learns when the runtime refuses.
type limiter struct {
	taken   []time.Time // the newest ones, oldest first
	blocked time.Time   // nothing before it, whatever was taken
}

// wait is how long the next install has to wait; 0: it may go.
func (l *limiter) wait(now time.Time) time.Duration {
	until := l.blocked
	if n := len(l.taken); n >= daemon.MaxInstalls {
		if free := l.taken[n-daemon.MaxInstalls].Add(daemon.InstallWindow); free.After(until) {
			until = free
		}
	}
	return max(0, until.Sub(now))
}

// took counts an install that was answered now.
func (l *limiter) took(now time.Time) {
	l.taken = append(l.taken, now)
	l.taken = l.taken[max(0, len(l.taken)-daemon.MaxInstalls):]
}

// block lets nothing go for a while.
func (l *limiter) block(now time.Time, while time.Duration) { l.blocked = now.Add(while) }
