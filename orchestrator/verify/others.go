package verify

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// All builds of a run share one copy, so one may damage what another is built
// from: before it is built, and then other sources than the committed ones were
// verified, or after it. Neither may pass.

// notOthers holds every capsule's inputs, after the last build, against those
// before the first, and fails whose inputs differ. What a capsule was found to do
// to its own is not told again.
func (r *run) notOthers(ctx context.Context, b *builder.Builder) {
	known := r.mutated()
	for _, j := range r.jobs { // helpers have a report of their own elsewhere
		if j.start == nil || !j.start.Buildable {
			continue
		}
		after, err := b.Examine(ctx, j.start.Dir)
		if ctx.Err() != nil {
			return
		}
		list := j.early
		if err != nil {
			list = append(list, finding.Finding{Code: finding.BuildChangesInput, File: j.dir, Hint: mutationHint,
				Message: "after all builds its sources cannot be read any more: " + r.copies.First.Text(err.Error())})
		} else {
			list = append(list, r.damage(j, after)...)
		}
		list = slices.DeleteFunc(list, func(f finding.Finding) bool {
			path := fsys.Absolute(j.dir, f.File)
			told := known[path]
			known[path] = true
			return told
		})
		s := j.capsule.Step(report.StepNoMutation)
		if len(list) > 0 {
			s.Verdict, s.Reason, s.Findings = report.Failed, "", append(s.Findings, list...)
		}
	}
}

// mutated are the inputs, by their original's path, that a capsule's own build was seen to change.
func (r *run) mutated() map[string]bool {
	known := map[string]bool{}
	for _, j := range r.jobs {
		for _, f := range j.capsule.Step(report.StepNoMutation).Findings {
			if f.Severity == finding.Error {
				known[fsys.Absolute(j.dir, f.File)] = true
			}
		}
	}
	return known
}

// damage is how now differs in content from what j was before anything was built.
func (r *run) damage(j *job, now *builder.Inputs) (list []finding.Finding) {
	if j.start == nil || j.start.SameContent(now) {
		return nil
	}
	for _, name := range j.start.Changed(now) {
		if r.isHanded(fsys.Absolute(j.start.Dir, name)) {
			continue
		}
		f := r.mutation(j, j.start, now, name)
		if f.Severity != finding.Error {
			continue
		}
		f.Message = strings.Replace(f.Message, "the build ", r.culprit(j, fsys.Absolute(j.start.Dir, name))+" ", 1)
		f.Hint = "let every build write into its own capsule only"
		list = append(list, f)
	}
	return list
}

// slack is by how much a file's time may lie before the moment at which it was
// written: the kernel's clock for it ticks every 4 to 10 ms.
const slack = 10 * time.Millisecond

// culprit says whose build changed the copy's path, as far as its time tells.
func (r *run) culprit(victim *job, path string) string {
	info, err := os.Lstat(path)
	for err != nil && filepath.Dir(path) != path {
		path = filepath.Dir(path) // it was removed, which is a change of its folder
		info, err = os.Lstat(path)
	}
	var names []string
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range r.building() {
		if err == nil && j != victim && !j.began.IsZero() && info.ModTime().After(j.began.Add(-slack)) && (j.until.IsZero() || info.ModTime().Before(j.until)) {
			names = append(names, j.capsule.Dir)
		}
	}
	switch len(names) {
	case 0:
		return "the build of another capsule"
	case 1:
		return "the build of " + names[0]
	}
	return "the build of one of " + strings.Join(names, ", ")
}
