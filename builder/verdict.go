package builder

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/store"
)

// verdictSteps are the steps whose failure another build would repeat. The disk and the
// tools outside of the capsule's inputs may do better the next time.
var verdictSteps = []finding.Step{finding.StepBuild, finding.StepCollect, finding.StepWrap, finding.StepSmoke, finding.StepTests}

// passing are codes of failures that hang on the machine and its load, not on the inputs.
var passing = []finding.Code{finding.BuildTimeout, finding.SmokeTimeout, finding.SmokeCancelled, finding.SmokeChild, finding.SmokeEngine, finding.TestTimeout,
	finding.OutputLeftAlone, finding.StageFailed}

// A shell ends with these codes when a program is missing or must not be run: what is
// installed is no input.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// machine are the words in which tools say that the machine failed them, or the network:
// the C library's, which most languages use, and node's names. That a compiler quotes a
// source which has them costs one build more.
var machine = regexp.MustCompile(`(?i)input/output error|i/o error|no space left on device|disk quota exceeded|read-only file system|too many open files|` +
	`cannot allocate memory|out of memory|resource temporarily unavailable|stale (?:nfs )?file handle|text file busy|` +
	`could not resolve host|temporary failure in name resolution|no such host|network is unreachable|connection (?:refused|reset|timed out)|` +
	`\b(?:EIO|ENOSPC|EDQUOT|EROFS|EMFILE|ENFILE|ENOMEM|EAGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN)\b`)

// lasting reports whether a build of the same inputs would fail in the same way.
func lasting(f *finding.Failure) bool {
	switch {
	case !slices.Contains(verdictSteps, f.Step), f.ExitCode < 0, f.ExitCode == exitNotExecutable, f.ExitCode == exitNotFound, machine.MatchString(f.Tail):
		return false
	}
	return !slices.ContainsFunc(f.Findings, func(found finding.Finding) bool { return slices.Contains(passing, found.Code) })
}

// noteVerdict records that s failed with err, when its inputs stayed what they were. What cannot
// be written costs another build.
func (b *Builder) noteVerdict(s *Staged, err error) {
	var failure *finding.Failure
	in := s.Before
	if b.options.Verify || s.lock == nil || !errors.As(err, &failure) || !lasting(failure) {
		return // nothing ran, or another build may do better
	}
	if s.After == nil || s.After.Key != in.Key || len(s.Moved()) > 0 {
		return
	}
	store.WriteVerdict(in.Dir, store.Verdict{Key: in.keyFor(in.Quality), Strict: b.options.Strict, Step: failure.Step, ExitCode: failure.ExitCode,
		Findings: failure.Findings, Tail: strings.ToValidUTF8(failure.Tail, "\uFFFD"), Written: time.Now()})
}

// verdict is the recorded failure of a build from key; nil when there is none that counts.
func (b *Builder) verdict(dir, key string) *finding.Failure {
	if b.options.Verify || b.options.Retry {
		return nil
	}
	v := store.ReadVerdict(dir, key)
	if v == nil || v.Strict != b.options.Strict {
		return nil
	}
	return &finding.Failure{Step: v.Step, ExitCode: v.ExitCode, Findings: v.Findings, Tail: v.Tail, Stood: v.Written}
}
