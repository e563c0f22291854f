package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/slots"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// Config says what to verify and how.
type Config struct {
	Dirs    []string        // every capsule's folder that was found, absolute
	Closed  []*fs.PathError // folders that could not be read; each fails, whatever is selected
	Jobs    int             // builds in parallel; 0: 1
	Timeout time.Duration   // of the whole run; 0: none
	Env     []string        // the builds' environment; nil: this process's
	Tool    report.Tool     // who writes the report

	Strict    bool              // what the kernel would not run fails
	Runtime   []*astrid.Release // releases of the runtime that must all take every capsule; none: the manifest's, else Installed
	Installed string            // the release of the runtime on this machine; "": there is none

	Repro bool // build twice, in different folders, at different times, and compare
	// Isolated installs a capsule, given its manifest and the file of its module, in the real
	// runtime; it says what the runtime answered, or why it could not be asked. nil: nobody does.
	Isolated func(ctx context.Context, m *capsule.Manifest, module string) ([]finding.Finding, error)

	Shared        *shared.Cache  // where results that machines share are found and offered; nil: nowhere. Not with Repro
	Slots         *slots.Slots   // places for builds that this user's other astrid-dev take too; nil: this process minds its own
	Machine       shared.Machine // runs the commands of builds; nil: this machine does. Not with Repro
	MachineOnly   bool           // what Machine does not build fails; else it is built here
	CheckArtifact bool           // committed modules and declared hashes must be what the sources build
	Journal       string         // a file for what passed, so that a run that is killed can go on; "": none. Not with CheckArtifact
	Prove         bool           // fill in the report's proofs, for attestations
	FailFast      bool           // stop at the first capsule that fails

	Against string // a git ref: what the capsules promise to others is compared with what they promised there; "": with nothing
	Changes bool   // Runtime are two releases, and only what the second judges otherwise than the first is told

	ChangedSince string                   // a git ref: only capsules whose inputs differ from the merge base; "": all
	Shard        Shard                    // a part of what is left then
	Times        map[string]time.Duration // what capsules took in an earlier run, by Dir of its report; may be nil

	// Progress is told whenever a capsule begins or ends. Calls never overlap. nil: nobody.
	Progress func(Progress)
}

// Nothing says why no capsule was left to verify; "" when neither ChangedSince nor Shard
// leaves any out.
func (c Config) Nothing() string {
	switch {
	case c.ChangedSince == "" && c.Shard.Count == 0:
		return ""
	case c.ChangedSince == "":
		return "no capsule falls to shard " + c.Shard.String()
	case c.Shard.Count == 0:
		return "no capsule's inputs differ from the merge base with " + text.Name(c.ChangedSince)
	}
	return fmt.Sprintf("no capsule of shard %s has inputs that differ from the merge base with %s", c.Shard, text.Name(c.ChangedSince))
}

// Progress is a moment of a run.
type Progress struct {
	Done, Total int            // capsules
	Running     []string       // folders relative to the report's root, sorted
	Ended       string         // the one that ended now, "" when one began
	Verdict     report.Verdict // of the one that ended
	Took        time.Duration
	Failed      []report.StepName // of the one that ended
}

// The reasons for which a run ends early, as the report tells them.
var (
	errTimeout  = errors.New("the time that --timeout allows was over")
	errFailFast = errors.New("another capsule failed before it, and --fail-fast was given")
	errStopped  = errors.New("the run was interrupted")
)
