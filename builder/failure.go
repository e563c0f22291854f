package builder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Step is the part of a build that failed.
type Step string

// The steps, in order.
const (
	StepManifest  Step = "manifest"  // Capsule.toml cannot be used
	StepToolchain Step = "toolchain" // a tool is missing or misconfigured
	StepBuild     Step = "build"     // the build command failed
	StepCollect   Step = "collect"   // it claimed success, and its output is missing or not wasm
	StepWrap      Step = "wrap"      // the core module could not be wrapped into a component
	StepStage     Step = "stage"     // the disk refused
	StepSmoke     Step = "smoke"     // the module does not load
)

// Failure is a capsule's own fault: it stops that capsule and no other.
type Failure struct {
	Step     Step
	ExitCode int               // of the build command; -1 when a signal ended it, 0 when none ran
	Findings []finding.Finding // worst first: compiler diagnostics, manifest or smoke findings
	Tail     string            // the last lines of the build's output
	Refused  bool              // something that is not ours stands where a write would go: it is left alone
	Stood    time.Time         // not zero: nothing was built now; it is the verdict of a build of the same inputs, made then
}

// Error is the first finding, or the step when there is none.
func (f *Failure) Error() string {
	if len(f.Findings) > 0 {
		return fmt.Sprintf("%s: %s", f.Step, f.Findings[0])
	}
	return fmt.Sprintf("%s failed with exit code %d", f.Step, f.ExitCode)
}

// stageFailure is err as the disk's refusal, unless ctx ended.
func stageFailure(ctx context.Context, dir string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var refused *refusal
	if errors.As(err, &refused) {
		return &Failure{Step: StepStage, Refused: true, Findings: []finding.Finding{{Code: refused.code, Message: refused.message, Hint: refused.hint}}}
	}
	return &Failure{Step: StepStage, Findings: []finding.Finding{{Code: finding.StageFailed, Message: err.Error(), Hint: stageHint(dir, err)}}}
}

// stageHint is what to do about a refusal of the disk.
func stageHint(dir string, err error) string {
	at := dir
	var where *fs.PathError
	if errors.As(err, &where) && where.Path != "" {
		if at = where.Path; !filepath.IsAbs(at) {
			at = filepath.Join(dir, at)
		}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space on the disk of " + dir
	case errors.Is(err, syscall.EROFS):
		return dir + " is mounted for reading only: make its file system writable"
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%s and the folder that it lies in must belong to you and be writable; after a run as another user, give them back with chown -R", at)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open: raise the limit (ulimit -n), or lower --jobs"
	}
	return fmt.Sprintf("%s must be writable and its disk must have space", dir)
}
