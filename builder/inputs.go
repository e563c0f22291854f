package builder

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
)

// Inputs is everything one build of a capsule depends on, as it was at one moment, and what
// is known of builds of it. It is never changed after Examine returned it.
type Inputs struct {
	inputs.Inputs

	Current   *Published       // what stands published and was built from exactly Key; nil when there is nothing
	Recovered *Published       // what an interrupted publication put there just before; the caller of Recover notes it here
	Verdict   *finding.Failure // how a build of exactly Key failed, where that is recorded; Build repeats it
	Quality   Quality          // what Build makes of it

	ReleaseVerdict *finding.Failure // where Quality is Debug: Verdict of ForRelease
	Last           string           // source hash of what was published last, whatever it was built from; "" when unknown
}

// Glance is inputs.Inputs.Glance: the inputs as the files on paths show that they are now. Their keys
// and hashes are not known; nil: paths do not tell, and everything must be looked at.
func (in *Inputs) Glance(paths []string) *Inputs {
	seen := in.Inputs.Glance(paths)
	if seen == nil {
		return nil
	}
	return &Inputs{Inputs: *seen, Quality: in.Quality}
}

// Changed is inputs.Inputs.Changed.
func (in *Inputs) Changed(later *Inputs) []string { return in.Inputs.Changed(&later.Inputs) }

// FilesChanged is inputs.Inputs.FilesChanged.
func (in *Inputs) FilesChanged(later *Inputs) []string { return in.Inputs.FilesChanged(&later.Inputs) }

// Same is inputs.Inputs.Same, of what is built in the same way.
func (in *Inputs) Same(other *Inputs) bool {
	return in.Quality == other.Quality && in.Inputs.Same(&other.Inputs)
}

// SameContent is inputs.Inputs.SameContent.
func (in *Inputs) SameContent(later *Inputs) bool { return in.Inputs.SameContent(&later.Inputs) }

// Written is inputs.Inputs.Written.
func (in *Inputs) Written(later *Inputs) []time.Time { return in.Inputs.Written(&later.Inputs) }

// Recounts is inputs.Inputs.Recounts.
func (in *Inputs) Recounts(old *Inputs) bool { return in.Inputs.Recounts(&old.Inputs) }
