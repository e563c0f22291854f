package verify

import (
	"cmp"
	"context"
	"path"
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/orchestrator/order"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// copy makes the copies that builds run in.
func (r *run) copy(ctx context.Context) (err error) {
	r.copies, err = workspace.Make(ctx, workspace.Plan{Dirs: r.Dirs, Named: r.named(), Packages: r.packages, Twice: r.Repro})
	return err
}

// named are the inputs that the settings of capsules name, absolute.
func (r *run) named() (list []string) {
	for _, dir := range r.Dirs {
		m, err := capsule.Load(dir)
		if err != nil {
			continue
		}
		for _, pattern := range m.Dev.Inputs {
			list = append(list, fsys.Absolute(dir, pattern))
		}
	}
	return list
}

// packages copies the node_modules of capsules that are verified, and those that
// belong to no capsule.
func (r *run) packages(folder string) workspace.Packages {
	capsule := workspace.Owner(folder, r.Dirs)
	switch {
	case capsule == "" || r.selected(capsule) && r.ChangedSince == "":
		return workspace.Copied
	case r.ChangedSince != "" && filepath.Dir(folder) == capsule:
		return workspace.Linked // who is verified is known later
	case r.ChangedSince != "":
		return workspace.Copied
	}
	return workspace.Left
}

func (r *run) selected(dir string) bool {
	return slices.ContainsFunc(r.building(), func(j *job) bool { return j.dir == dir })
}

// maxRounds bounds how far inputs lead to further inputs: crates by path have
// been seen to go four deep.
const maxRounds = 10

// examine asks what every capsule is built from, completes the copies by what
// lies outside the workspaces, and keeps what --changed-since selects.
func (r *run) examine(ctx context.Context) error {
	var found []*builder.Inputs
	for range maxRounds {
		// A new builder each time: one remembers what it learned of a tree that was not whole.
		b := r.builder(r.Env)
		jobs := r.building()
		found = make([]*builder.Inputs, len(jobs))
		var outside []string
		for i, j := range jobs {
			in, err := b.Examine(ctx, r.copies.First.Of(j.dir))
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				continue // told when it is built
			}
			found[i], j.start, j.group = in, in, in.Group
			outside = append(outside, in.Outside...)
		}
		more, err := r.copies.Complete(ctx, outside)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if r.ChangedSince == "" {
		r.removeOutputs()
		return nil
	}
	if err := r.keepChanged(ctx, found); err != nil {
		return err
	}
	r.removeOutputs()
	return r.copies.Install(ctx, r.Dirs, r.selected)
}

// keepChanged drops the jobs that no change since the merge base touches.
func (r *run) keepChanged(ctx context.Context, found []*builder.Inputs) error {
	changed, err := workspace.Changes(ctx, r.Dirs, r.ChangedSince)
	if err != nil {
		return err
	}
	all, o := r.jobs, r.order(r.jobs)
	why := map[string]string{}
	b := r.builder(r.Env)
	for i, j := range all {
		c := r.candidate(j, found[i])
		if found[i] != nil {
			for _, path := range b.Told(ctx, j.dir, found[i]) {
				original, _ := r.copies.First.Original(path)
				c.Outside = append(c.Outside, original)
			}
		}
		if because := c.Touched(changed, r.Dirs, r.report.Root); because != "" {
			why[j.dir] = because
		}
	}
	for _, j := range all {
		if why[j.dir] != "" {
			r.touch(o, j.dir, why)
		}
	}
	for _, j := range all {
		j.capsule.Changed = why[j.dir]
	}
	r.jobs = slices.DeleteFunc(slices.Clone(all), func(j *job) bool { return why[j.dir] == "" })
	r.share()
	r.help(o, all)
	return nil
}

// touch gives those that take the modules of the capsule in dir, themselves or by way of others,
// their reason, where they have none of their own.
func (r *run) touch(o *order.Order, dir string, why map[string]string) {
	for _, other := range o.Feeds[dir] {
		if why[other] == "" {
			why[other] = "it takes the module of " + r.relative(dir)
			r.touch(o, other, why)
		}
	}
}

// candidate is j as changes are held against it. A capsule that could not be
// examined is touched by anything in its folder.
func (r *run) candidate(j *job, in *builder.Inputs) workspace.Candidate {
	c := workspace.Candidate{Dir: j.dir}
	if in == nil {
		return c
	}
	c.Skip = func(path string, dir bool) bool { return in.Skip(r.copies.First.Of(path), dir) }
	for _, path := range append(in.Outside, workspace.Included(r.copies.First.Of(j.dir), in.Sources.Files)...) {
		original, _ := r.copies.First.Original(path)
		c.Outside = append(c.Outside, original)
	}
	if m, err := capsule.Load(j.dir); err == nil {
		c.Command = len(m.Dev.Build) > 0
		for _, component := range m.Components {
			if r.CheckArtifact {
				c.Files = append(c.Files, filepath.Join(j.dir, filepath.FromSlash(component.File)))
			}
		}
	}
	return c
}

// removeOutputs takes out of the copies what a build command would leave where
// `output` says, or in dist, so that a build that makes nothing is not taken for one that did.
func (r *run) removeOutputs() {
	for _, j := range r.building() {
		m, err := capsule.Load(j.dir)
		if err != nil {
			continue
		}
		for _, component := range m.Components {
			output := cmp.Or(component.Output, "dist/"+path.Base(component.File))
			if path.Clean(output) == path.Clean(component.File) {
				continue
			}
			for _, c := range r.copies.All() {
				c.Remove(filepath.Join(c.Of(j.dir), filepath.FromSlash(output)))
			}
		}
	}
}

// share keeps this shard's jobs.
func (r *run) share() {
	var names []string
	for _, j := range r.jobs {
		names = append(names, j.capsule.Dir)
	}
	mine := r.Shard.of(names, r.Times)
	r.jobs = slices.DeleteFunc(slices.Clone(r.jobs), func(j *job) bool { return !slices.Contains(mine, j.capsule.Dir) })
}
