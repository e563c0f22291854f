package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// With --runtime-changes a capsule is built for the first release, and the second one judges the same
// modules: only what it says otherwise is told. What the first one refuses is built for the second.

// judged is what a release says of a capsule's modules.
type judged struct {
	ready bool
	found []finding.Finding
}

// judgement is that of the release that staged was built for.
func judgement(staged *builder.Staged) judged {
	all := judged{ready: true}
	for _, m := range staged.Modules {
		all.ready, all.found = all.ready && m.Report.KernelReady, append(all.found, m.Report.KernelFindings...)
	}
	return all
}

// build builds j's modules. What the first of two releases does not load is built for the second.
func (r *run) build(ctx context.Context, b *builder.Builder, j *job, in *builder.Inputs) (*builder.Staged, error) {
	staged, err := b.Build(ctx, in, nil)
	if j.former = r.refusal(err); j.former == nil {
		return staged, err
	}
	if in, err = r.newer.Examine(ctx, in.Dir); err != nil {
		return staged, err
	}
	return r.newer.Build(ctx, in, nil)
}

// refusal is what the release that compares says of modules that it does not load; nil for everything else.
func (r *run) refusal(err error) *judged {
	var failure *finding.Failure
	if !r.Changes || !errors.As(err, &failure) || failure.Step != finding.StepSmoke {
		return nil
	}
	return &judged{false, failure.Findings}
}

// refused tells of modules that neither release loads: nothing changed but what they say.
func (r *run) refused(j *job, is *judged) {
	old, new := r.Runtime[0].Version, r.Runtime[1].Version
	why := fmt.Sprintf("neither %s nor %s loads it", old, new)
	j.pass(report.StepBuild, time.Since(j.began), nil)
	for _, name := range r.steps() {
		if j.capsule.Step(name).Verdict == report.NotRun && name != report.StepNoMutation {
			j.skip(name, why)
		}
	}
	r.changes(j, *j.former, *is, time.Now())
}

// releases says what the second release of --runtime judges otherwise than the first.
func (r *run) releases(ctx context.Context, j *job, staged *builder.Staged) {
	if !r.Changes || j.helper || ctx.Err() != nil {
		return
	}
	start := time.Now()
	was, is := judgement(staged), judged{}
	if j.former != nil {
		was, is = *j.former, was
	} else {
		var err error
		if is.ready, is.found, err = r.newer.Judge(ctx, staged); err != nil {
			if ctx.Err() == nil {
				j.capsule.Step(report.StepRuntimeChange).Reason = r.copies.First.Text(err.Error())
			}
			return
		}
	}
	r.changes(j, was, is, start)
}

// changes tells how the second release's judgement differs from the first one's.
func (r *run) changes(j *job, was, is judged, start time.Time) {
	var list []finding.Finding
	old, new := r.Runtime[0].Version, r.Runtime[1].Version
	switch {
	case was.ready && !is.ready:
		list = append(list, finding.Finding{Code: finding.RuntimeRegression, Message: fmt.Sprintf("%s loads it, and %s does not", old, new),
			Hint: "the findings beside this one say why"})
	case !was.ready && is.ready:
		list = append(list, finding.Finding{Code: finding.RuntimeMended, Severity: finding.Note, Message: fmt.Sprintf("%s does not load it, and %s does", old, new)})
	}
	for _, f := range is.found {
		if !r.alike(was.found, f) {
			f.Severity, f.Message = max(f.Severity, finding.Warning), new+": "+f.Message
			list = append(list, f)
		}
	}
	for _, f := range was.found {
		if !r.alike(is.found, f) {
			f.Severity, f.Hint, f.Message = finding.Note, "", "no longer so with "+new+": "+f.Message
			list = append(list, f)
		}
	}
	m, _ := capsule.Load(r.copies.First.Of(j.dir)) // for places only
	place(m, 0, list)
	j.pass(report.StepRuntimeChange, time.Since(start), r.findings(r.copies.First.Mirror, list))
}

// alike reports whether list has a finding that says what f does, of either release.
func (r *run) alike(list []finding.Finding, f finding.Finding) bool {
	text := func(f finding.Finding) string {
		return strings.ReplaceAll(f.Message, r.Runtime[0].Version, r.Runtime[1].Version)
	}
	return slices.ContainsFunc(list, func(other finding.Finding) bool { return other.Code == f.Code && text(other) == text(f) })
}
