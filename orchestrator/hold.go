package orchestrator

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

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
