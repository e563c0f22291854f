package builder

import "github.com/astrid-runtime/astrid-dev/builder/toolchain"

// Quality is what a module was made for.
type Quality string

// The qualities. What is recorded as one is never taken for the other.
const (
	Debug   Quality = "debug"   // somebody waits for it
	Release Quality = "release" // somebody else shall have it
)

// ForRelease is in as Build makes a release of it.
func (in *Inputs) ForRelease() *Inputs {
	if in.Quality != Debug {
		return in
	}
	release := *in
	release.Quality, release.Verdict = Release, in.ReleaseVerdict
	return &release
}

// recipe is how a build of in is done.
func (in *Inputs) recipe() *toolchain.Recipe {
	if in.Quality == Debug {
		return in.How.Debug
	}
	return in.How
}

// keyFor is what is recorded of a build of in: the key alone for a release, so that a debug
// module is nothing that stands for who knows of releases only.
func (in *Inputs) keyFor(q Quality) string {
	if q == Debug {
		return in.DebugKey
	}
	return in.Key
}
