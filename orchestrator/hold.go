package orchestrator

import (
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// quiets is how long the disk must be quiet before each build of a suspected
// capsule: one second is longer than any build takes to write once more after
// its end, and the others are longer than the pauses of most autosaves.
var quiets = []time.Duration{time.Second, 3 * time.Second, 6 * time.Second, 10 * time.Second}

// lateTries is how often a capsule is built once more in quiet although it is held, each time
// after twice as much quiet, where the moments of the writes are not those of a build.
const lateTries = 3

// feedback counts builds in a row that changed the same inputs.
type feedback struct {
	files     []string        // what the newest of them changed
	count     int             // all of them
	same      int             // those since files have a name in common
	when      clock           // from the start of a build to the write that disturbed it
	rewritten []string        // the newest build gave them new times and the same bytes
	touches   map[string]bool // inputs that this capsule's build is known to rewrite with the same bytes
}

// clear begins a new row. What the build is known to touch stays known.
func (f *feedback) clear() { *f = feedback{touches: f.touches} }

// add takes in a build that changed files, and reports whether there were too many of them.
func (f *feedback) add(changed []string) (tooMany bool) {
	f.count++
	if common(changed, f.files) {
		f.same++
	} else {
		f.same = 1
	}
	f.files = changed
	return f.same >= feedbackLimit || f.count >= 2*feedbackLimit
}

func (f *feedback) knows(changed []string) bool {
	return !slices.ContainsFunc(changed, func(file string) bool { return !f.touches[file] })
}

func (f *feedback) learn(changed []string) {
	if f.touches == nil {
		f.touches = map[string]bool{}
	}
	for _, file := range changed {
		f.touches[file] = true
	}
}

// hold keeps a capsule from being built without end where builds write its inputs: first it
// is suspected, and nobody is told, then it is held.
type hold struct {
	feedback  feedback
	suspicion *suspicion      // nil: there is none; see suspect.go
	in        *builder.Inputs // the inputs when it was suspected or held; nil: it is not, or for a circle
	files     []string        // and what builds saw change

	probeAt time.Time // when it is built once more in quiet; zero: it is not
	probed  bool      // that build was asked for
	late    int       // since somebody's edit: it was held, and built once more in quiet, so often
}

// by notes for which files of in it is suspected or held.
func (h *hold) by(in *builder.Inputs, files []string) { h.in, h.files = in, files }

// acquit ends a suspicion, and the wait for a build in quiet.
func (h *hold) acquit() { h.suspicion, h.probeAt, h.probed = nil, time.Time{}, false }

// probeIn has it built once more after so much quiet from now on.
func (h *hold) probeIn(pause time.Duration, now time.Time) {
	h.probeAt, h.probed = now.Add(pause), false
}

// probes reports whether the build in quiet is due.
func (h *hold) probes(now time.Time) bool { return !h.probeAt.IsZero() && !now.Before(h.probeAt) }

// pause is how much quiet the next build in quiet waits for.
func (h *hold) pause() time.Duration {
	if h.suspicion != nil {
		return quiets[h.suspicion.tries]
	}
	return probeAfter
}

// suspicion is the time between three disturbed builds and the verdict.
type suspicion struct {
	tries int  // builds in quiet that were disturbed
	loud  bool // that the files are written without pause was said
}

// clock adds the newest write, in a build that began at started.
func (f *feedback) clock(started time.Time, written []time.Time) {
	if len(written) > 0 {
		f.when = f.when.with(slices.MaxFunc(written, time.Time.Compare).Sub(started))
	}
}
