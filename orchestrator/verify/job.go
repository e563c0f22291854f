package verify

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// job is one capsule.
type job struct {
	dir     string // the original, absolute
	capsule report.Capsule
	group   string
	start   *builder.Inputs   // before anything was built; nil: it could not be examined
	early   []finding.Finding // how its inputs differed from start when its own build began
	began   time.Time
	until   time.Time       // the end of the build that began then
	spent   time.Duration   // on this capsule, in both builds
	built   []module        // of the first build, kept for the second
	needs   []*job          // they are built first, since it takes their modules
	feeds   bool            // others take its modules
	helper  bool            // it was not selected, and is built for others
	made    bool            // its modules are there for others to take
	former  *judged         // with --runtime-changes, what the first release said that does not load it; nil: it does
	proven  *builder.Inputs // what its verdict is of, and all of that; nil: nobody can say
}

// module is what a build made of one component.
type module struct {
	file string // as the manifest has it
	hash string // BLAKE3
	path string // where it is kept, "" when it is not
}

// checked takes over what check found.
func (j *job) checked(result check.Result) {
	j.capsule.Name = result.Name
	s := j.capsule.Step(report.StepCheck)
	s.Findings = CheckFindings(result)
	s.Verdict = report.Passed
	if finding.Count(s.Findings, finding.Error) > 0 {
		s.Verdict = report.Failed
	}
}

// pass sets a step that has ended.
func (j *job) pass(name report.StepName, took time.Duration, list []finding.Finding) {
	s := j.capsule.Step(name)
	s.Verdict, s.DurationMS, s.Findings = report.Passed, took.Milliseconds(), list
	if finding.Count(list, finding.Error) > 0 {
		s.Verdict = report.Failed
	}
}

// skip sets a step that does not apply.
func (j *job) skip(name report.StepName, reason string) {
	s := j.capsule.Step(name)
	s.Verdict, s.Reason = report.Skipped, reason
}

// withhold gives the steps that did not run because an earlier one failed their reason.
func (j *job) withhold(reason string) {
	for i := range j.capsule.Steps {
		if s := &j.capsule.Steps[i]; s.Verdict == report.NotRun && s.Reason == "" {
			s.Reason = reason
		}
	}
}

// CheckFindings is what a check found, a manifest that cannot be read being a finding too.
func CheckFindings(r check.Result) []finding.Finding {
	if r.Err == nil {
		return r.Findings
	}
	return append([]finding.Finding{{Code: finding.ManifestUnreadable, File: tree.ManifestName, Message: r.Err.Error(), Hint: "make the file readable"}}, r.Findings...)
}
