package inputs

import (
	"os"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// What a tool left lying was made of the inputs as they were at its last run, whether
// that ended well or not. So each run notes them before it begins.

// runTick is how far a file's time may lie behind the clock.
const runTick = 10 * time.Millisecond

// Seen are the inputs of a run, as the next one is told of them.
type Seen struct {
	Recipe  string               `json:"recipe"`
	Sources map[string]tree.File `json:"sources"`
	Others  map[string]tree.File `json:"others"`
}

// Run is a run of the build command: when, and of what. One that was killed has not ended yet.
type Run struct {
	Since, Until time.Time
	Seen         *Seen // nil when nobody knows
}

// Seen is what the next run is told of in.
func (in *Inputs) Seen() Seen { return Seen{in.Recipe, byName(in.Sources), byName(in.Others)} }

// OldestChange is the oldest time that an input claims to be written at which is another
// one than the last run saw, or may be; zero when all are the same. What was made of an
// input that is gone, or in a run that nobody remembers, is older than all that is there.
func (in *Inputs) OldestChange(last *Run) (oldest time.Time) {
	always := time.Unix(2, 0)
	if last == nil || last.Seen == nil || last.Seen.Recipe != in.Recipe {
		return always
	}
	seen, since, until := last.Seen, last.Since, last.Until
	change := func(f tree.File) {
		if m := time.Unix(0, f.Mtime); f.Size != tree.Absent && (oldest.IsZero() || m.Before(oldest)) {
			oldest = m
		}
	}
	sources, others := byName(in.Sources), byName(in.Others)
	for name, f := range sources {
		if was, is := seen.Sources[name]; !is || was != f || changedWithin(f, since, until) {
			change(f)
		}
	}
	for name, f := range others {
		was, is := seen.Others[name]
		// an outside input that a toolchain told of only now was there before
		if is && was != f || !is && changedWithin(f, since, time.Now()) || changedWithin(f, since, until) {
			change(f)
		}
	}
	if in.lacks(seen.Sources, sources) || in.lacks(seen.Others, others) {
		return always
	}
	return oldest
}

// lacks reports whether a file that was there is gone.
func (in *Inputs) lacks(before, now map[string]tree.File) bool {
	for name, f := range before {
		if after, is := now[name]; f.Size == tree.Absent || is && after.Size != tree.Absent {
			continue
		}
		if _, err := os.Lstat(fsys.Absolute(in.Dir, name)); err != nil {
			return true
		}
	}
	return false
}

// changedWithin reports whether f was written or moved between since and until.
func changedWithin(f tree.File, since, until time.Time) bool {
	changed := time.Unix(0, max(f.Mtime, f.Ctime))
	return f.Size != tree.Absent && !changed.Before(since.Add(-runTick)) && !changed.After(until)
}
