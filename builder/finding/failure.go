package finding

import (
	"fmt"
	"time"
)

// Step is the part of a build that failed.
type Step string

// The steps, in order.
const (
	StepSources   Step = "sources"   // a source cannot be read
	StepManifest  Step = "manifest"  // Capsule.toml cannot be used
	StepToolchain Step = "toolchain" // a tool is missing or misconfigured
	StepBuild     Step = "build"     // the build command failed
	StepCollect   Step = "collect"   // it claimed success, and its output is missing or not wasm
	StepWrap      Step = "wrap"      // the core module could not be wrapped into a component
	StepStage     Step = "stage"     // the disk refused
	StepSmoke     Step = "smoke"     // the module does not load
	StepTests     Step = "tests"     // a test of the capsule failed, and the settings require them
)

// Failure is a capsule's own fault: it stops that capsule and no other.
type Failure struct {
	Step     Step
	ExitCode int       // of the build command; -1 when a signal ended it, 0 when none ran
	Findings []Finding // worst first: compiler diagnostics, manifest or smoke findings
	Tail     string    // the last lines of the build's output
	Refused  bool      // something that is not ours stands where a write would go: it is left alone
	Stood    time.Time // not zero: nothing was built now; it is the verdict of a build of the same inputs, made then
}

// Error is the first finding, or the step when there is none.
func (f *Failure) Error() string {
	if len(f.Findings) > 0 {
		return fmt.Sprintf("%s: %s", f.Step, f.Findings[0])
	}
	return fmt.Sprintf("%s failed with exit code %d", f.Step, f.ExitCode)
}
