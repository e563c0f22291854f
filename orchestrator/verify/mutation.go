package verify

import (
	"bytes"
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

const mutationHint = "commit what the build makes there, let it write elsewhere, or name it in ignore in [package.metadata.astrid-dev]"

// unchanged tells what a build, failed or not, did to its own inputs, as it saw itself.
func (r *run) unchanged(j *job, built *builder.Staged) {
	switch {
	case built == nil: // the run is given up
	case built.After == nil:
		j.pass(report.StepNoMutation, 0, []finding.Finding{{Code: finding.BuildChangesInput, Hint: mutationHint,
			Message: "after the build its sources cannot be read any more: " + r.copies.First.Text(built.Lost.Error())}})
	case j.capsule.Step(report.StepBuild).Verdict == report.NotRun: // nothing was run that could have changed anything
	default:
		j.pass(report.StepNoMutation, 0, r.mutations(j, built))
	}
}

// mutations are what a build did to its inputs. Bytes that it wrote again cost a build in
// watch, and are no fault of the capsule.
func (r *run) mutations(j *job, built *builder.Staged) (list []finding.Finding) {
	for _, name := range built.Moved() {
		list = append(list, r.mutation(j, built.Before, built.After, name))
	}
	if built.Before.SameContent(built.After) {
		for i := range list {
			list[i].Code, list[i].Severity, list[i].Message = finding.BuildTouchesInput, finding.Note, "the build wrote this input again with the same bytes"
			list[i].Hint = "write it only when it changes: watch builds such a capsule once more"
		}
		return list
	}
	if slices.ContainsFunc(list, func(f finding.Finding) bool { return f.Severity == finding.Error }) {
		list = slices.DeleteFunc(list, func(f finding.Finding) bool { return f.Severity != finding.Error })
	}
	return list
}

// mutation is the finding about one input. What has the original's bytes was only touched.
func (r *run) mutation(j *job, before, after *builder.Inputs, name string) finding.Finding {
	f := finding.Finding{Code: finding.BuildChangesInput, File: name, Message: "the build changed this input", Hint: mutationHint}
	if r.Jobs > 1 && len(r.jobs) > 1 {
		f.Hint += "; should a build beside it have done it, --jobs 1 names that one"
	}
	path := fsys.Absolute(before.Dir, name)
	original, _ := r.copies.First.Original(path)
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

// wholeFile is the largest file that is compared with another one.
const wholeFile = 4 << 30

func sameBytes(a, b string) bool {
	x, errX := fsys.Read(a, wholeFile)
	y, errY := fsys.Read(b, wholeFile)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
