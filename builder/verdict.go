package builder

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// verdict is a failed build of a capsule as it is recorded, so that nobody waits for a
// compiler to say the same again. It is a cache: losing it costs one build.
type verdict struct {
	Version  int               `json:"version"`
	Key      string            `json:"key"`
	Strict   bool              `json:"strict"` // one that is less strict might publish it
	Step     finding.Step      `json:"step"`
	ExitCode int               `json:"exit_code"`
	Findings []finding.Finding `json:"findings"`
	Tail     string            `json:"tail"`
	Written  time.Time         `json:"written"`
}

// verdictSteps are the steps whose failure another build would repeat. The disk and the
// tools outside of the capsule's inputs may do better the next time.
var verdictSteps = []finding.Step{finding.StepBuild, finding.StepCollect, finding.StepWrap, finding.StepSmoke}

// passing are codes of failures that hang on the machine and its load, not on the inputs.
var passing = []finding.Code{finding.BuildTimeout, finding.SmokeTimeout, finding.SmokeCancelled, finding.SmokeChild, finding.SmokeEngine,
	finding.OutputLeftAlone}

// A shell ends with these codes when a program is missing or must not be run: what is
// installed is no input.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// lasting reports whether a build of the same inputs would fail in the same way.
func lasting(f *finding.Failure) bool {
	switch {
	case !slices.Contains(verdictSteps, f.Step), f.ExitCode < 0, f.ExitCode == exitNotExecutable, f.ExitCode == exitNotFound:
		return false
	}
	return !slices.ContainsFunc(f.Findings, func(found finding.Finding) bool { return slices.Contains(passing, found.Code) })
}

// noteVerdict records that a build of in failed, when its inputs stayed what they were.
// The lock is held. What cannot be written costs another build.
func (b *Builder) noteVerdict(ctx context.Context, in *Inputs, failure *finding.Failure) {
	if b.Verify || !lasting(failure) || ctx.Err() != nil {
		return
	}
	after, err := b.Examine(ctx, in.Dir)
	if err != nil || after.Key != in.Key || len(in.Changed(after)) > 0 {
		return
	}
	data, err := json.MarshalIndent(verdict{Version: recordVersion, Key: in.Key, Strict: b.Strict, Step: failure.Step, ExitCode: failure.ExitCode,
		Findings: failure.Findings, Tail: strings.ToValidUTF8(failure.Tail, "\uFFFD"), Written: time.Now()}, "", " ")
	if err != nil {
		return
	}
	_ = inFolder(in.Dir, func(f *folder) error { return f.Replace(stateName(verdictFile), data) })
}

// verdict is the recorded failure of a build from key; nil when there is none that counts.
func (b *Builder) verdict(dir, key string) *finding.Failure {
	if b.Verify || b.Retry {
		return nil
	}
	data, err := fsys.Read(statePath(dir, verdictFile), recordLimit)
	if err != nil {
		return nil
	}
	var v verdict
	if json.Unmarshal(data, &v) != nil || v.Version != recordVersion || v.Key != key || v.Strict != b.Strict {
		return nil
	}
	return &finding.Failure{Step: v.Step, ExitCode: v.ExitCode, Findings: v.Findings, Tail: v.Tail, Stood: v.Written}
}

// dropVerdict forgets it: something else was published since.
func (f *folder) dropVerdict() { _ = f.Remove(stateName(verdictFile)) }
