package verify

import (
	"context"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// installed asks the real runtime. That it could not be asked is no fault of the capsule, and
// no proof that it is sound: the step was not run then.
func (r *run) installed(ctx context.Context, j *job, staged *builder.Staged) {
	if r.Isolated == nil || j.helper || ctx.Err() != nil {
		return
	}
	begun := time.Now()
	m, err := capsule.Load(r.copies.First.Of(j.dir))
	var list []finding.Finding
	if err == nil {
		list, err = r.Isolated(ctx, m, staged.Modules[0].Path)
	}
	if err != nil {
		j.capsule.Reason = "the real runtime could not be asked: " + r.copies.First.Text(err.Error())
		j.capsule.Step(report.StepRuntime).Reason = j.capsule.Reason
		return
	}
	j.pass(report.StepRuntime, time.Since(begun), r.findings(r.copies.First.Mirror, list))
}
