package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/contract"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// against compares what j promises to others with what it promised at the commit of --against,
// and says which version that asks for.
func (r *run) against(ctx context.Context, b *builder.Builder, j *job, staged *builder.Staged) {
	if r.at == nil || j.helper || ctx.Err() != nil {
		return
	}
	start := time.Now()
	dir := r.at.Of(j.dir)
	if dir == "" {
		j.skip(report.StepContract, "it is not there at "+r.Against)
		return
	}
	is, err := b.Contract(ctx, staged)
	if err != nil {
		j.capsule.Step(report.StepContract).Reason = "it could not be asked for its tools: " + r.copies.First.Text(err.Error())
		return
	}
	was, otherwise, unknown, err := r.contractAt(ctx, dir, staged)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		j.capsule.Step(report.StepContract).Reason = fmt.Sprintf("its manifest at %s cannot be used: %s", r.Against, r.at.Text(err.Error()))
		return
	}
	list := r.promises(staged.Before.Manifest, was, is, unknown == "")
	list = append(list, otherwise...)
	if unknown != "" {
		list = append(list, finding.Finding{Code: finding.ContractUnknown, Severity: finding.Warning, File: tree.ManifestName,
			Message: fmt.Sprintf("the capsule at %s does not build here, so that only the manifests are compared: %s", r.Against, unknown),
			Hint:    "compare with a commit that builds"})
	}
	j.pass(report.StepContract, time.Since(start), list)
}

// contractAt is what the capsule in dir, a checkout, promises, and what the calls of now do otherwise than there. Where it does not build, unknown says
// why, and the contract is its manifest's.
func (r *run) contractAt(ctx context.Context, dir string, now *builder.Staged) (c *contract.Contract, otherwise []finding.Finding, unknown string, err error) {
	m, err := capsule.Load(dir)
	if err != nil {
		return nil, nil, "", err
	}
	b := r.former
	in, err := b.Examine(ctx, dir)
	if err != nil {
		return contract.Of(m), nil, r.at.Text(err.Error()), nil
	}
	if !in.Buildable {
		return contract.Of(m), nil, "", nil
	}
	staged, err := b.Build(ctx, in, nil)
	defer staged.Discard()
	if err != nil {
		return contract.Of(m), nil, r.at.Text(err.Error()), nil
	}
	if c, err = b.Contract(ctx, staged); err != nil {
		return contract.Of(m), nil, r.at.Text(err.Error()), nil
	}
	changed, err := b.Otherwise(ctx, now, staged)
	if err != nil {
		return c, nil, r.at.Text(err.Error()), nil
	}
	for _, change := range changed {
		otherwise = append(otherwise, finding.Finding{Code: finding.BehaviourChanged, Severity: finding.Note, File: change.File, Line: change.Line, Message: "since " + r.Against + ": " + change.String()})
	}
	return c, otherwise, "", nil
}

// promises are the differences as findings, and whether the version is one that may have them.
// Without the modules of both, what only a module tells is not compared.
func (r *run) promises(m *capsule.Manifest, was, is *contract.Contract, modules bool) (list []finding.Finding) {
	if !modules {
		is = contract.Of(m)
	}
	changes := contract.Compare(was, is)
	for _, c := range changes {
		f := finding.Finding{Code: finding.ContractChange, Severity: finding.Note, File: tree.ManifestName, Message: "since " + r.Against + ": " + c.Text}
		if c.Level == contract.Breaking {
			f.Severity, f.Message = finding.Warning, "since "+r.Against+", and it breaks others: "+c.Text
		}
		if len(c.Path) > 0 {
			f.Line, f.Column = m.Position(c.Path...)
		}
		if c.Item != nil {
			if file, line := c.Item.Place(m.Dir); file != "" {
				f.File, f.Line = file, line
			}
		}
		list = append(list, f)
	}
	needed, err := contract.Needed(was.Version, changes)
	if err != nil || contract.Enough(is.Version, was.Version, needed) {
		return list // a version that is none is told by check
	}
	f := finding.Finding{Code: finding.ContractVersion, File: tree.ManifestName}
	f.Line, f.Column = m.Position("package", "version")
	if needed == "" {
		f.Message, f.Hint = fmt.Sprintf("the version was %s at %s and is %s", was.Version, r.Against, is.Version), fmt.Sprintf("write version = %q or a later one", was.Version)
	} else {
		f.Message = fmt.Sprintf("the version %s promises what %s at %s did, and %s", is.Version, was.Version, r.Against, changes[0].Text)
		f.Hint = fmt.Sprintf("write version = %q", needed)
	}
	return append(list, f)
}
