package builder

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// What a tool left lying was made of the inputs as they were at its last run, whether
// that ended well or not. So each run notes them before it begins.

// runTick is how far a file's time may lie behind the clock.
const runTick = 10 * time.Millisecond

// seenLimit bounds the note: a million inputs with long names.
const seenLimit = 256 << 20

// seen are the inputs of the last run.
type seen struct {
	Recipe  string               `json:"recipe"`
	Sources map[string]tree.File `json:"sources"`
	Others  map[string]tree.File `json:"others"`
}

// lastRun is the time in which the capsule's last build command ran, from the
// examination before it. A run that was killed has not ended yet.
func lastRun(dir string) (since, until time.Time, known bool) {
	data, err := store.ReadNote(dir, store.RunNote, 1<<10)
	if err != nil {
		return time.Time{}, time.Time{}, false
	}
	var from, to int64
	if n, _ := fmt.Sscan(string(data), &from, &to); n < 2 {
		to = time.Now().UnixNano()
	}
	return time.Unix(0, from), time.Unix(0, to), true
}

// lastSeen is nil when nobody knows.
func lastSeen(dir string) *seen {
	data, err := store.ReadNote(dir, store.SeenNote, seenLimit)
	if err != nil {
		return nil
	}
	var s seen
	if json.Unmarshal(data, &s) != nil || s.Sources == nil {
		return nil
	}
	return &s
}

// noteSeen tells the next run what this one is about to read. Where it cannot be written the
// older note stays, and does no harm: what is still as that says was so in this run too.
func noteSeen(in *Inputs) {
	// a name that is no UTF-8 is not found again: then everything is made anew
	data, err := json.Marshal(seen{in.Recipe, files(in.Sources), files(in.Others)})
	if err == nil {
		store.Note(in.Dir, store.SeenNote, data)
	}
}

// oldestChange is the oldest time that an input claims to be written at which is another
// one than the last run saw, or may be; zero when all are the same. What was made of an
// input that is gone, or in a run that nobody remembers, is older than all that is there.
func (in *Inputs) oldestChange() (oldest time.Time) {
	always := time.Unix(2, 0)
	since, until, known := lastRun(in.Dir)
	last := lastSeen(in.Dir)
	if !known || last == nil || last.Recipe != in.Recipe {
		return always
	}
	change := func(f tree.File) {
		if m := time.Unix(0, f.Mtime); f.Size != tree.Absent && (oldest.IsZero() || m.Before(oldest)) {
			oldest = m
		}
	}
	sources, others := files(in.Sources), files(in.Others)
	for name, f := range sources {
		if was, is := last.Sources[name]; !is || was != f || changedWithin(f, since, until) {
			change(f)
		}
	}
	for name, f := range others {
		was, is := last.Others[name]
		// an outside input that a toolchain told of only now was there before
		if is && was != f || !is && changedWithin(f, since, time.Now()) || changedWithin(f, since, until) {
			change(f)
		}
	}
	if in.lacks(last.Sources, sources) || in.lacks(last.Others, others) {
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
