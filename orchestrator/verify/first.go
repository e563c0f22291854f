package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// firstBuild does all steps but the reproducible one, and reports whether that is left.
func (r *run) firstBuild(ctx context.Context, b *builder.Builder, j *job) (again bool) {
	r.began(j)
	defer r.paused(j)
	if up := r.lacks(j); up != "" {
		j.capsule.Reason = "it takes the module of " + up + ", which could not be built"
		j.withhold(j.capsule.Reason)
		return false
	}
	dir := r.copies.First.Of(j.dir)
	in, ok := r.examined(ctx, b, j)
	if !ok {
		return false
	}
	j.capsule.SourceHash = in.SourceHash
	j.early = r.damage(j, in)
	if !in.Buildable {
		for _, name := range r.steps()[1:] {
			j.skip(name, "the manifest names no component, so there is nothing to build")
		}
		return false
	}
	if r.journaled(j, in) {
		return false
	}
	staged, err := r.build(ctx, b, j, in)
	if is := r.refusal(err); is != nil {
		r.refused(j, is)
		r.unchanged(j, staged)
		return false
	}
	if err != nil {
		r.buildFailed(ctx, j, err)
		r.unchanged(j, staged)
		j.withhold("there is no module")
		return false
	}
	defer staged.Discard()
	if staged.After != nil && staged.After.Portable == in.Portable {
		j.proven = in
	}
	j.capsule.Shared, j.capsule.Elsewhere = staged.Shared, staged.Elsewhere
	r.built(j, staged, r.words(dir))
	r.unchanged(j, staged)
	if r.CheckArtifact && !j.helper {
		r.published(ctx, j, staged)
	}
	r.prove(j, staged)
	r.installed(ctx, j, staged)
	r.against(ctx, b, j, staged)
	r.releases(ctx, j, staged)
	r.hand(j, staged)
	if !r.Repro || j.helper || ctx.Err() != nil {
		return false
	}
	return r.keep(j, staged)
}

// examined looks at the copy of j's sources. A source that could not be copied is a fault.
func (r *run) examined(ctx context.Context, b *builder.Builder, j *job) (*builder.Inputs, bool) {
	start := time.Now()
	in, err := b.Examine(ctx, r.copies.First.Of(j.dir))
	if ctx.Err() != nil {
		return nil, false
	}
	var list []finding.Finding
	for _, unreadable := range r.copies.First.Unreadable {
		var at *fs.PathError
		if !errors.As(unreadable, &at) || workspace.Owner(at.Path, r.Dirs) != j.dir || in != nil && in.Skip(r.copies.First.Of(at.Path), false) {
			continue
		}
		if errors.Is(at.Err, syscall.ENAMETOOLONG) {
			list = append(list, finding.Finding{Code: finding.PathTooLong, Severity: finding.Error, Message: "its path is too long to be copied: " + text.Abbreviated(at.Path),
				Hint: "shorten the names of the folders above it, leave it out with ignore in [package.metadata.astrid-dev], or set TMPDIR to a shorter folder"})
			continue
		}
		list = append(list, finding.Finding{Code: finding.SourceUnreadable, File: at.Path, Message: at.Err.Error(),
			Hint: "make the file readable, or leave it out with ignore in [package.metadata.astrid-dev]"})
	}
	if err != nil && len(list) == 0 && j.capsule.Step(report.StepCheck).Verdict != report.Failed {
		list = append(list, finding.Finding{Code: finding.SourceUnreadable, Message: r.copies.First.Text(err.Error()), Hint: "make the sources readable, and keep them as they are while they are verified"})
	}
	if len(list) > 0 {
		j.pass(report.StepBuild, time.Since(start), list)
	}
	if err != nil || len(list) > 0 {
		j.withhold("its sources could not be read")
		return nil, false
	}
	return in, true
}

// buildFailed spreads a failure over the steps.
func (r *run) buildFailed(ctx context.Context, j *job, err error) {
	if ctx.Err() != nil {
		return
	}
	took := time.Since(j.began)
	var failure *finding.Failure
	if !errors.As(err, &failure) {
		j.pass(report.StepBuild, took, []finding.Finding{{Code: finding.BuildFailed, Message: r.copies.First.Text(err.Error())}})
		return
	}
	name := report.StepBuild
	if failure.Step == finding.StepSmoke {
		j.pass(report.StepBuild, took, nil)
		name = report.StepSmoke
	}
	list := r.findings(r.copies.First.Mirror, failure.Findings)
	manifest, _ := capsule.Load(r.copies.First.Of(j.dir)) // for places only
	only := -1
	if manifest != nil && len(manifest.Components) == 1 && failure.Step == finding.StepSmoke {
		only = 0 // which of several did not load is in the message at best
	}
	place(manifest, only, list)
	if known := j.capsule.Step(report.StepCheck); known.Verdict == report.Failed && (failure.Step == finding.StepManifest || failure.Step == finding.StepToolchain) {
		list = slices.DeleteFunc(list, func(f finding.Finding) bool {
			return slices.ContainsFunc(known.Findings, func(k finding.Finding) bool { return k.Code == f.Code })
		})
		if len(list) == 0 {
			j.withhold("check found what stands in its way")
			return
		}
	}
	if finding.Count(list, finding.Error) == 0 {
		list = append(list, commandFailed(manifest, failure))
	}
	s := j.capsule.Step(name)
	s.Verdict, s.DurationMS, s.Findings, s.Tail = report.Failed, took.Milliseconds(), list, r.copies.First.Text(failure.Tail)
}

// commandFailed is for a build that complained of nothing that could be read as an error.
func commandFailed(m *capsule.Manifest, failure *finding.Failure) finding.Finding {
	f := finding.Finding{Code: finding.BuildFailed, File: tree.ManifestName, Message: fmt.Sprintf("the build ended with exit code %d", failure.ExitCode)}
	if failure.ExitCode < 0 {
		f.Message = "a signal ended the build"
	}
	if failure.Tail == "" {
		f.Message += " and printed nothing"
	}
	if m != nil && len(m.Dev.Build) > 0 {
		f.Line, f.Column = m.Position("package", "metadata", "astrid-dev", "build")
	}
	return f
}

// built tells what a build made: its own findings, the smoke load's and the kernel's.
func (r *run) built(j *job, staged *builder.Staged, said []finding.Finding) {
	own := append(said, r.ownFindings(staged)...)
	var loads, kernel, described []finding.Finding
	ready := true
	manifest, _ := capsule.Load(r.copies.First.Of(j.dir)) // for places only
	for i, m := range staged.Modules {
		place(manifest, i, m.Report.Findings)
		place(manifest, i, m.Report.KernelFindings)
		j.capsule.Artifacts = append(j.capsule.Artifacts, report.Artifact{ID: m.ID, Path: m.File, Hash: m.Hash, Size: m.Size, Kind: string(m.Report.Kind)})
		loads = append(loads, m.Report.Findings...)
		kernel = append(kernel, m.Report.KernelFindings...)
		described = append(described, r.described(j, m.Report.ToolFindings)...)
		ready = ready && m.Report.KernelReady
	}
	if r.Changes {
		loads, kernel, described, ready = nil, nil, nil, true // told by what changed
	}
	if !r.Strict {
		for i := range kernel {
			kernel[i].Severity = max(kernel[i].Severity, finding.Warning)
		}
	}
	j.pass(report.StepBuild, staged.BuildTime, r.findings(r.copies.First.Mirror, own))
	j.pass(report.StepSmoke, staged.SmokeTime, r.findings(r.copies.First.Mirror, append(loads, described...)))
	j.pass(report.StepKernelReady, 0, r.findings(r.copies.First.Mirror, kernel))
	if r.Strict && !ready {
		j.capsule.Step(report.StepKernelReady).Verdict = report.Failed
	}
	if staged.Tests != nil {
		r.tested(j, staged.Tests)
	}
}

// described are findings about the tools that a module describes. What check has said already
// is left out.
func (r *run) described(j *job, list []finding.Finding) []finding.Finding {
	said := j.capsule.Step(report.StepCheck).Findings
	list = slices.DeleteFunc(slices.Clone(list), func(f finding.Finding) bool {
		return f.Code == finding.MissingPublish && (finding.Has(said, finding.ToolResultPublish) || finding.Has(said, finding.ToolDescribePublish))
	})
	if r.Strict {
		for i := range list {
			list[i].Severity = finding.Error
		}
	}
	return list
}

// tested tells what came of the capsule's tests.
func (r *run) tested(j *job, t *tests.Summary) {
	j.pass(report.StepTests, time.Duration(t.Millis)*time.Millisecond, r.findings(r.copies.First.Mirror, t.Findings()))
	s := j.capsule.Step(report.StepTests)
	s.Tail = r.copies.First.Text(t.Diffs())
	for _, one := range t.Ran {
		s.Cases = append(s.Cases, report.Case{Name: one.Name, File: one.File, Line: one.Line, DurationMS: int64(one.Millis), Findings: r.findings(r.copies.First.Mirror, one.Findings())})
	}
}

// ownFindings are those of the build: the others are told by the steps that they belong to.
func (r *run) ownFindings(staged *builder.Staged) (own []finding.Finding) {
	for _, f := range staged.Findings {
		other := f.Code == finding.DeclaredHashDiffers && r.CheckArtifact
		for _, m := range staged.Modules {
			other = other || slices.Contains(m.Report.Findings, f) || slices.Contains(m.Report.ToolFindings, f) || slices.Contains(m.Report.KernelFindings, f)
		}
		if !other {
			own = append(own, f)
		}
	}
	return own
}

// keep puts the modules aside for the comparison with a second build.
func (r *run) keep(j *job, staged *builder.Staged) bool {
	for i, m := range staged.Modules {
		to := filepath.Join(r.copies.Folder(), "modules", filepath.FromSlash(m.Hash), fmt.Sprint(i)+".wasm")
		err := os.MkdirAll(filepath.Dir(to), 0o755)
		if err == nil {
			err = os.Rename(m.Path, to)
		}
		if err != nil && !workspace.Exists(to) {
			j.pass(report.StepReproducible, 0, []finding.Finding{{Code: finding.SecondBuildFailed, Message: "keeping the first module: " + r.copies.First.Text(err.Error())}})
			return false
		}
		j.built = append(j.built, module{file: m.File, hash: m.Hash, path: to})
	}
	return len(j.built) > 0
}
