package verify

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/order"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// A capsule may take the module that another one publishes. Nothing is published here,
// and a clean checkout has no module: so the other one is built first, and what it makes
// is put into the copies, where the taker reads it.

// order is in which order capsules are built, by their originals' folders. What manifests
// say counts, and of those that were examined what their toolchains tell as well.
func (r *run) order(examined []*job) *order.Order {
	var parts []order.Part
	var published []string
	named := map[string]*tree.Reach{} // by those who name any
	for _, dir := range r.Dirs {
		m, err := capsule.Load(dir)
		if err != nil {
			continue
		}
		p := order.Part{Dir: dir}
		for _, c := range m.Components {
			p.Publishes = append(p.Publishes, filepath.Join(dir, filepath.FromSlash(c.File)))
		}
		if len(m.Dev.Inputs) > 0 {
			var inputs []string
			for _, pattern := range m.Dev.Inputs {
				inputs = append(inputs, fsys.Absolute(dir, pattern))
			}
			named[dir] = tree.NewReach(inputs, filepath.VolumeName(dir)+string(filepath.Separator))
		}
		parts, published = append(parts, p), append(published, p.Publishes...)
	}
	told := map[string][]string{}
	for _, j := range examined {
		if j.start == nil {
			continue
		}
		for _, path := range j.start.Takes() {
			original, _ := r.copies.First.Original(path)
			told[j.dir] = append(told[j.dir], original)
		}
	}
	for i := range parts {
		p := &parts[i]
		p.Takes = told[p.Dir]
		if reach := named[p.Dir]; reach != nil {
			p.Takes = append(p.Takes, slices.DeleteFunc(slices.Clone(published), func(path string) bool { return !reach.Holds(path, false) })...)
		}
	}
	return order.Of(parts)
}

// help keeps, of the capsules that were not selected, those whose modules the selected
// ones take: they are built for them, and reported only when that fails. all are the
// jobs that there were before the selection.
func (r *run) help(o *order.Order, all []*job) {
	wanted := map[string]bool{}
	var want func(dir string)
	want = func(dir string) {
		if wanted[dir] {
			return
		}
		wanted[dir] = true
		for _, up := range slices.Concat(o.Needs[dir], o.Ring(dir)) {
			want(up)
		}
	}
	for _, j := range r.jobs {
		want(j.dir)
	}
	for _, j := range all {
		if wanted[j.dir] && !slices.Contains(r.jobs, j) {
			j.helper = true
			for _, name := range []report.StepName{report.StepReproducible, report.StepPublishedArtifact} {
				if slices.Contains(r.steps(), name) {
					j.skip(name, "it was built only because others take its module")
				}
			}
			r.helpers = append(r.helpers, j)
		}
	}
}

// arrange tells every job which others it waits for, and names circles. In a circle
// nobody can be first, so that its capsules are built by their names.
func (r *run) arrange(o *order.Order) {
	byDir := map[string]*job{}
	for _, j := range r.building() {
		byDir[j.dir] = j
	}
	for dir, j := range byDir {
		j.needs, j.feeds = nil, len(o.Feeds[dir]) > 0
		for _, up := range o.Needs[dir] {
			if other := byDir[up]; other != nil {
				j.needs = append(j.needs, other)
			}
		}
	}
	for _, list := range o.Cycles {
		var before *job
		for _, dir := range list {
			j := byDir[dir]
			if j == nil {
				continue
			}
			j.capsule.Step(report.StepCheck).Findings = append(j.capsule.Step(report.StepCheck).Findings, r.circle(list))
			if before != nil {
				j.needs = append(j.needs, before)
			}
			before = j
		}
	}
}

func (r *run) circle(list []string) finding.Finding {
	names := make([]string, len(list))
	for i, dir := range list {
		names[i] = r.relative(dir)
	}
	message, hint := order.Warning(names)
	return finding.Finding{Code: finding.CapsuleCycle, Severity: finding.Warning, File: tree.ManifestName, Message: message, Hint: hint}
}

// lacks names the capsule whose module j takes and which could not be built; "" when
// there is none. j is not built then: what lies there, if anything does, is of an earlier build.
func (r *run) lacks(j *job) string {
	for _, up := range j.needs {
		if !up.made {
			return up.capsule.Dir
		}
	}
	return ""
}

// hand puts j's modules where those read them that take them, in all copies.
func (r *run) hand(j *job, staged *builder.Staged) {
	j.made = true
	if !j.feeds {
		return
	}
	for _, m := range staged.Modules {
		if m.Found {
			continue // it stands there already
		}
		for _, c := range r.copies.All() {
			if err := c.Put(m.Path, filepath.Join(c.Of(j.dir), filepath.FromSlash(m.File))); err != nil {
				j.made = false
				s := j.capsule.Step(report.StepBuild)
				s.Verdict = report.Failed
				s.Findings = append(s.Findings, finding.Finding{Code: finding.StageFailed, Message: c.Text(fmt.Sprintf("its module cannot be put where others take it: %v", err)),
					Hint: "let the component's file lie in the capsule, and see that TMPDIR has room"})
				return
			}
		}
		r.mu.Lock()
		r.handed[filepath.Join(r.copies.First.Of(j.dir), filepath.FromSlash(m.File))] = m.Hash
		r.mu.Unlock()
	}
}

// isHanded reports whether what lies at a path of the first copy is what we put there. A
// pattern among the inputs is a path that is there no longer once something matches it.
func (r *run) isHanded(path string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	reach := tree.NewReach([]string{path}, r.copies.First.Top())
	for handed, hash := range r.handed {
		if reach.Holds(handed, false) {
			is, err := tree.HashFile(handed)
			return err == nil && is == hash
		}
	}
	return false
}
