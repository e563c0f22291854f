package verify

import (
	"bytes"
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
	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

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

// firstBuild does all steps but the reproducible one, and reports whether that is left.
func (r *run) firstBuild(ctx context.Context, b *builder.Builder, j *job) (again bool) {
	r.began(j)
	defer r.paused(j)
	if up := r.lacks(j); up != "" {
		j.capsule.Reason = "it takes the module of " + up + ", which could not be built"
		j.withhold(j.capsule.Reason)
		return false
	}
	dir := r.first.of(j.dir)
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
	staged, err := b.Build(ctx, in, nil)
	if err != nil {
		r.buildFailed(ctx, j, err)
		r.unchanged(ctx, b, j, in)
		j.withhold("there is no module")
		return false
	}
	defer staged.Discard()
	r.built(j, staged, r.words(dir))
	r.unchanged(ctx, b, j, in)
	if r.CheckArtifact && !j.helper {
		r.published(ctx, j, staged)
	}
	r.installed(ctx, j, staged)
	r.hand(j, staged)
	if !r.Repro || j.helper || ctx.Err() != nil {
		return false
	}
	return r.keep(j, staged)
}

// examined looks at the copy of j's sources. A source that could not be copied is a fault.
func (r *run) examined(ctx context.Context, b *builder.Builder, j *job) (*builder.Inputs, bool) {
	start := time.Now()
	in, err := b.Examine(ctx, r.first.of(j.dir))
	if ctx.Err() != nil {
		return nil, false
	}
	var list []finding.Finding
	for _, unreadable := range r.first.unreadable {
		var at *fs.PathError
		if !errors.As(unreadable, &at) || owner(at.Path, r.Dirs) != j.dir || in != nil && in.Skip(r.first.of(at.Path), false) {
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
		list = append(list, finding.Finding{Code: finding.SourceUnreadable, Message: r.first.text(err.Error()), Hint: "make the sources readable, and keep them as they are while they are verified"})
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

// words are what the builder said about the capsule in dir beside its findings.
func (r *run) words(dir string) []finding.Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.said[dir]
	delete(r.said, dir)
	return slices.DeleteFunc(list, func(f finding.Finding) bool { return f.Code == finding.WaitingForLock })
}

// buildFailed spreads a failure over the steps.
func (r *run) buildFailed(ctx context.Context, j *job, err error) {
	if ctx.Err() != nil {
		return
	}
	took := time.Since(j.began)
	var failure *finding.Failure
	if !errors.As(err, &failure) {
		j.pass(report.StepBuild, took, []finding.Finding{{Code: finding.BuildFailed, Message: r.first.text(err.Error())}})
		return
	}
	name := report.StepBuild
	if failure.Step == finding.StepSmoke {
		j.pass(report.StepBuild, took, nil)
		name = report.StepSmoke
	}
	list := r.findings(r.first.mirror, failure.Findings)
	manifest, _ := capsule.Load(r.first.of(j.dir)) // for places only
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
	s.Verdict, s.DurationMS, s.Findings, s.Tail = report.Failed, took.Milliseconds(), list, r.first.text(failure.Tail)
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

// findings are list with the mirror's paths as the originals'.
func (r *run) findings(m mirror, list []finding.Finding) []finding.Finding {
	out := slices.Clone(list)
	for i := range out {
		f := &out[i]
		if original, ok := m.original(f.File); ok {
			f.File = original
		}
		f.Message, f.Hint = m.text(f.Message), m.text(f.Hint)
	}
	return out
}

// built tells what a build made: its own findings, the smoke load's and the kernel's.
func (r *run) built(j *job, staged *builder.Staged, said []finding.Finding) {
	own := append(said, r.ownFindings(staged)...)
	var loads, kernel []finding.Finding
	ready := true
	manifest, _ := capsule.Load(r.first.of(j.dir)) // for places only
	for i, m := range staged.Modules {
		place(manifest, i, m.Report.Findings)
		place(manifest, i, m.Report.KernelFindings)
		j.capsule.Artifacts = append(j.capsule.Artifacts, report.Artifact{ID: m.ID, Path: m.File, Hash: m.Hash, Size: m.Size, Kind: string(m.Report.Kind)})
		loads = append(loads, m.Report.Findings...)
		kernel = append(kernel, m.Report.KernelFindings...)
		ready = ready && m.Report.KernelReady
	}
	if !r.Strict {
		for i := range kernel {
			kernel[i].Severity = max(kernel[i].Severity, finding.Warning)
		}
	}
	j.pass(report.StepBuild, staged.BuildTime, r.findings(r.first.mirror, own))
	j.pass(report.StepSmoke, staged.SmokeTime, r.findings(r.first.mirror, loads))
	j.pass(report.StepKernelReady, 0, r.findings(r.first.mirror, kernel))
	if r.Strict && !ready {
		j.capsule.Step(report.StepKernelReady).Verdict = report.Failed
	}
}

// installed asks the real runtime. That it could not be asked is no fault of the capsule, and
// no proof that it is sound: the step was not run then.
func (r *run) installed(ctx context.Context, j *job, staged *builder.Staged) {
	if r.Isolated == nil || j.helper || ctx.Err() != nil {
		return
	}
	begun := time.Now()
	m, err := capsule.Load(r.first.of(j.dir))
	var list []finding.Finding
	if err == nil {
		list, err = r.Isolated(ctx, m, staged.Modules[0].Path)
	}
	if err != nil {
		j.capsule.Reason = "the real runtime could not be asked: " + r.first.text(err.Error())
		j.capsule.Step(report.StepRuntime).Reason = j.capsule.Reason
		return
	}
	j.pass(report.StepRuntime, time.Since(begun), r.findings(r.first.mirror, list))
}

// ownFindings are those of the build: the others are told by the steps that they belong to.
func (r *run) ownFindings(staged *builder.Staged) (own []finding.Finding) {
	for _, f := range staged.Findings {
		other := f.Code == finding.DeclaredHashDiffers && r.CheckArtifact
		for _, m := range staged.Modules {
			other = other || slices.Contains(m.Report.Findings, f) || slices.Contains(m.Report.KernelFindings, f)
		}
		if !other {
			own = append(own, f)
		}
	}
	return own
}

// place gives findings about module i the line that names it, so that reviews
// can show them. A negative i is the manifest as a whole.
func place(m *capsule.Manifest, i int, list []finding.Finding) {
	for k := range list {
		f := &list[k]
		if f.File != "" {
			continue
		}
		f.File = tree.ManifestName
		if m != nil && i >= 0 {
			f.Line, f.Column = m.Position(fmt.Sprintf("component[%d]", i), "file")
		}
	}
}

// unchanged compares the inputs after a build, failed or not, with those before it.
func (r *run) unchanged(ctx context.Context, b *builder.Builder, j *job, before *builder.Inputs) {
	start := time.Now()
	after, err := b.Examine(ctx, before.Dir)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		j.pass(report.StepNoMutation, time.Since(start), []finding.Finding{{Code: finding.BuildChangesInput, Hint: mutationHint,
			Message: "after the build its sources cannot be read any more: " + r.first.text(err.Error())}})
		return
	}
	if j.capsule.Step(report.StepBuild).Verdict == report.NotRun {
		return // nothing was run that could have changed anything
	}
	var list []finding.Finding
	for _, name := range before.Changed(after) {
		list = append(list, r.mutation(j, before, after, name))
	}
	if sameContent(before, after) {
		for i := range list {
			list[i].Code, list[i].Severity, list[i].Message = finding.BuildTouchesInput, finding.Note, "the build wrote this input again with the same bytes"
			list[i].Hint = "write it only when it changes: watch builds such a capsule once more"
		}
	} else if slices.ContainsFunc(list, func(f finding.Finding) bool { return f.Severity == finding.Error }) {
		list = slices.DeleteFunc(list, func(f finding.Finding) bool { return f.Severity != finding.Error })
	}
	j.pass(report.StepNoMutation, time.Since(start), list)
}

func sameContent(before, after *builder.Inputs) bool {
	return before.SourceHash == after.SourceHash && before.Others.Digest == after.Others.Digest && before.Recipe == after.Recipe
}

const mutationHint = "commit what the build makes there, let it write elsewhere, or name it in ignore in [package.metadata.astrid-dev]"

// mutation is the finding about one input. What has the original's bytes was only touched.
func (r *run) mutation(j *job, before, after *builder.Inputs, name string) finding.Finding {
	f := finding.Finding{Code: finding.BuildChangesInput, File: name, Message: "the build changed this input", Hint: mutationHint}
	if r.Jobs > 1 && len(r.jobs) > 1 {
		f.Hint += "; should a build beside it have done it, --jobs 1 names that one"
	}
	path := fsys.Absolute(before.Dir, name)
	original, _ := r.first.original(path)
	if filepath.IsAbs(name) {
		f.File = original
	}
	was, is := has(before, name), has(after, name)
	switch {
	case is && !was:
		f.Message = "the build made this file, which is an input of the next one"
	case was && !is:
		f.Message = "the build removed this input"
	case sameBytes(path, original):
		f.Severity = finding.Note
	}
	return f
}

// has reports whether in knew name as a file that was there.
func has(in *builder.Inputs, name string) bool {
	list, path := in.Sources, func(f tree.File) string { return f.Path }
	if filepath.IsAbs(name) {
		list, path = in.Others, func(f tree.File) string { return fsys.Absolute(in.Dir, f.Path) }
	}
	return list != nil && slices.ContainsFunc(list.Files, func(f tree.File) bool { return f.Size != tree.Absent && path(f) == name })
}

func sameBytes(a, b string) bool {
	x, errX := fsys.Read(a, anyFile)
	y, errY := fsys.Read(b, anyFile)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// keep puts the modules aside for the comparison with a second build.
func (r *run) keep(j *job, staged *builder.Staged) bool {
	for i, m := range staged.Modules {
		to := filepath.Join(r.temp.Dir, "modules", filepath.FromSlash(m.Hash), fmt.Sprint(i)+".wasm")
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err == nil {
			err = os.Rename(m.Path, to)
			if err != nil && !exists(to) {
				j.pass(report.StepReproducible, 0, []finding.Finding{{Code: finding.SecondBuildFailed, Message: "keeping the first module: " + r.first.text(err.Error())}})
				return false
			}
		}
		j.built = append(j.built, module{file: m.File, hash: m.Hash, path: to})
	}
	return len(j.built) > 0
}
