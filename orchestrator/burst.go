package orchestrator

import "time"

// burst is a row of changes of one capsule, each less than a quiet window after the one
// before. The zero burst is quiet.
type burst struct {
	open    bool
	first   time.Time // its first change
	last    time.Time // its newest change
	patient bool      // no early build: the whole quiet window is waited for

	// restless is the change since which there was no quiet window; zero: there is one now.
	// It outlives the burst, which MaxWait ends though nobody rests.
	restless time.Time
}

// change takes in a change at now, and reports whether a burst begins with it.
func (b *burst) change(now time.Time) (begins bool) {
	if begins = !b.open; begins {
		b.open, b.first, b.patient = true, now, false
	}
	if b.restless.IsZero() {
		b.restless = now
	}
	b.last = now
	return begins
}

// end ends the burst: what comes now begins the next one.
func (b *burst) end() { b.open, b.patient = false, false }

// rest notes that nothing is known to have changed since the newest change.
func (b *burst) rest(cfg *Config, now time.Time) {
	if !now.Before(b.last.Add(cfg.Quiet)) {
		b.restless = time.Time{}
	}
}

// unbroken reports whether there was no quiet window for so long that nobody types like that.
func (b *burst) unbroken(now time.Time) bool {
	return !b.restless.IsZero() && now.Sub(b.restless) >= unbroken
}

// quietAt is when the burst counts as over: after a quiet window, and at MaxWait in any case.
func (b *burst) quietAt(cfg *Config) time.Time { return earlier(b.last.Add(cfg.Quiet), b.cap(cfg)) }

// over reports whether an open burst has come to its end.
func (b *burst) over(cfg *Config, now time.Time) bool { return b.open && !now.Before(b.quietAt(cfg)) }

// overdue reports whether an open burst has lasted for MaxWait.
func (b *burst) overdue(cfg *Config, now time.Time) bool { return b.open && !now.Before(b.cap(cfg)) }

func (b *burst) cap(cfg *Config) time.Time { return b.first.Add(cfg.MaxWait) }

// settledAt is when the disk is worth a look: when a save is likely to be whole.
func (b *burst) settledAt(cfg *Config) time.Time {
	switch {
	case !b.open:
		return b.last
	case b.patient:
		return b.quietAt(cfg)
	}
	return earlier(b.last.Add(cfg.Settle), b.cap(cfg))
}

// edited is the newest change of an open burst; zero: nobody has edited.
func (b *burst) edited() time.Time {
	if !b.open {
		return time.Time{}
	}
	return b.last
}
