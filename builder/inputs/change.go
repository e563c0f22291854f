package inputs

import (
	"errors"
	"os"
	"strings"
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
	Recipe          string
	Sources, Others []tree.File
}

// seenFormat is the first line of what Seen is written as.
const seenFormat = "seen 1\n"

// MarshalBinary never fails. It is a tenth of JSON's time, which in a huge capsule is most of an edit.
func (s Seen) MarshalBinary() ([]byte, error) {
	b := append([]byte(seenFormat), s.Recipe...)
	b = append(b, '\n')
	b = tree.AppendFiles(tree.AppendFiles(b, s.Sources), s.Others)
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote. Anything else is an error.
func (s *Seen) UnmarshalBinary(data []byte) error {
	text, is := strings.CutPrefix(string(data), seenFormat)
	recipe, rest, ends := strings.Cut(text, "\n")
	if !is || !ends {
		return errNotSeen
	}
	s.Recipe = recipe
	d := &tree.Decoder{Rest: rest}
	s.Sources, s.Others = d.Files(), d.Files()
	if d.Failed || d.Rest != "" {
		return errNotSeen
	}
	return nil
}

var errNotSeen = errors.New("this is no note of a run's inputs")

// Run is a run of the build command: when, and of what. One that was killed has not ended yet.
type Run struct {
	Since, Until time.Time
	Seen         *Seen // nil when nobody knows
}

// Seen is what the next run is told of in.
func (in *Inputs) Seen() Seen { return Seen{in.Recipe, filesOf(in.Sources), filesOf(in.Others)} }

// OldestChange is the oldest time that an input claims to be written at which is another
// one than the last run saw, or may be; zero when all are the same. What was made of an
// input that is gone, or in a run that nobody remembers, is older than all that is there.
func (in *Inputs) OldestChange(last *Run) (oldest time.Time) {
	always := time.Unix(2, 0)
	if last == nil || last.Seen == nil || last.Seen.Recipe != in.Recipe {
		return always
	}
	now, gone := time.Now(), false
	take := func(source bool) func(was, is *tree.File) {
		return func(was, is *tree.File) {
			if is == nil {
				gone = gone || was.Size != tree.Absent && in.lacks(was.Path)
				return
			}
			gone = gone || is.Size == tree.Absent && was != nil && was.Size != tree.Absent && in.lacks(is.Path)
			changed := was != nil && *was != *is || changedWithin(is, last.Since, last.Until)
			if was == nil { // an outside input that a toolchain told of only now was there before
				changed = changed || source || changedWithin(is, last.Since, now)
			}
			if m := time.Unix(0, is.Mtime); changed && is.Size != tree.Absent && (oldest.IsZero() || m.Before(oldest)) {
				oldest = m
			}
		}
	}
	tree.Pairs(last.Seen.Sources, filesOf(in.Sources), take(true))
	tree.Pairs(last.Seen.Others, filesOf(in.Others), take(false))
	if gone {
		return always
	}
	return oldest
}

// lacks reports whether a file that was there is gone: it may only have become another kind of input.
func (in *Inputs) lacks(name string) bool {
	_, err := os.Lstat(fsys.Absolute(in.Dir, name))
	return err != nil
}

// changedWithin reports whether f was written or moved between since and until.
func changedWithin(f *tree.File, since, until time.Time) bool {
	changed := time.Unix(0, max(f.Mtime, f.Ctime))
	return f.Size != tree.Absent && !changed.Before(since.Add(-runTick)) && !changed.After(until)
}
