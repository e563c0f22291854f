package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/orchestrator/order"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// otherTimes is how much older the files of the second copy are: a build that
// writes its sources' times into the module, even as days in any time zone, shows.
const otherTimes = -50 * time.Hour

// copy makes the copies that builds run in.
func (r *run) copy(ctx context.Context) error {
	var err error
	if r.temp, err = fsys.MakeScratch("", "astrid-dev-verify-"); err != nil {
		return err
	}
	temp := r.temp.Dir
	if real, err := filepath.EvalSymlinks(temp); err == nil {
		temp = real // builds see real paths; what they print must be known again
	}
	if r.first, err = r.copyTo(ctx, mirror{top: filepath.Join(temp, "1")}, temp); err != nil {
		return err
	}
	if r.Repro {
		r.second, err = r.copyTo(ctx, mirror{top: filepath.Join(temp, "another", "place"), shift: otherTimes}, temp)
	}
	return err
}

func (r *run) copyTo(ctx context.Context, m mirror, own string) (*copier, error) {
	c := &copier{mirror: m, own: own, home: homeFolder(), packages: r.packages, roots: workspaces(r.Dirs), checkout: map[string]*tree.Checkout{}}
	named := r.named()
	for _, root := range c.roots {
		var err error
		if c.checkout[root], err = tree.NewCheckout(root); err != nil {
			return c, err
		}
		c.named = append(c.named, tree.NewReach(named, root))
	}
	if err := c.folders(ctx, c.roots...); err != nil {
		return c, err
	}
	return c, c.settings(ctx)
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
func (r *run) packages(folder string) packages {
	capsule := owner(folder, r.Dirs)
	switch {
	case capsule == "" || r.selected(capsule) && r.ChangedSince == "":
		return copied
	case r.ChangedSince != "" && filepath.Dir(folder) == capsule:
		return linked // who is verified is known later
	case r.ChangedSince != "":
		return copied
	}
	return left
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
			in, err := b.Examine(ctx, r.first.of(j.dir))
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				continue // told when it is built
			}
			found[i], j.start, j.group = in, in, in.Group
			outside = append(outside, in.Outside...)
		}
		more, err := r.complete(ctx, outside)
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
	return errors.Join(r.realPackages(ctx, r.first), r.realPackages(ctx, r.second))
}

// complete adds outside inputs, given by their paths in the first copy, to all copies.
func (r *run) complete(ctx context.Context, outside []string) (more bool, err error) {
	more, err = r.first.outside(ctx, outside)
	if err != nil || !more || r.second == nil {
		return more, err
	}
	for i, path := range outside {
		if original, ok := r.first.original(path); ok {
			outside[i] = r.second.of(original)
		}
	}
	_, err = r.second.outside(ctx, outside)
	return more, err
}

// keepChanged drops the jobs that no change since the merge base touches.
func (r *run) keepChanged(ctx context.Context, found []*builder.Inputs) error {
	changed, err := r.changes(ctx)
	if err != nil {
		return err
	}
	all, o := r.jobs, r.order(r.jobs)
	touched := map[string]bool{}
	for i, j := range all {
		if r.candidate(j, found[i]).touched(changed, r.Dirs) {
			touch(o, j.dir, touched)
		}
	}
	r.jobs = slices.DeleteFunc(slices.Clone(all), func(j *job) bool { return !touched[j.dir] })
	r.share()
	r.help(o, all)
	return nil
}

// touch notes a changed capsule, and those that take its modules, themselves or by way of others.
func touch(o *order.Order, dir string, touched map[string]bool) {
	if touched[dir] {
		return
	}
	touched[dir] = true
	for _, other := range o.Feeds[dir] {
		touch(o, other, touched)
	}
}

// changes are the changed files of all repositories that capsules lie in.
func (r *run) changes(ctx context.Context) (changed []string, err error) {
	asked := map[string]bool{} // tops of repositories, and of what they are submodules of
	home := homeFolder()
	for _, dir := range r.Dirs {
		top := repositoryOf(dir, home)
		if top == "" {
			return nil, &SetupError{fmt.Errorf("--changed-since %q: %s lies in no git repository", r.ChangedSince, dir), "leave --changed-since out"}
		}
		if asked[top] {
			continue
		}
		asked[top] = true
		if top = superproject(ctx, top); asked["above "+top] {
			continue
		}
		asked["above "+top] = true
		files, err := changedFiles(ctx, top, r.ChangedSince)
		if err != nil {
			return nil, err
		}
		changed = append(changed, files...)
	}
	return changed, nil
}

// candidate is j as changes are held against it. A capsule that could not be
// examined is touched by anything in its folder.
func (r *run) candidate(j *job, in *builder.Inputs) candidate {
	c := candidate{dir: j.dir}
	if in == nil {
		return c
	}
	c.skip = func(path string, dir bool) bool { return in.Skip(r.first.of(path), dir) }
	for _, path := range append(in.Outside, included(r.first.of(j.dir), in)...) {
		original, _ := r.first.original(path)
		c.outside = append(c.outside, original)
	}
	if m, err := capsule.Load(j.dir); err == nil {
		c.command = len(m.Dev.Build) > 0
		for _, component := range m.Components {
			if r.CheckArtifact {
				c.files = append(c.files, filepath.Join(j.dir, filepath.FromSlash(component.File)))
			}
		}
	}
	return c
}

// realPackages replaces the links that stood for node_modules folders: copies
// for what is verified, nothing for the rest.
func (r *run) realPackages(ctx context.Context, c *copier) error {
	if c == nil {
		return nil
	}
	c.packages = func(string) packages { return copied }
	for _, dir := range r.Dirs {
		folder := filepath.Join(dir, "node_modules")
		target, err := os.Readlink(c.of(folder))
		if err != nil || target != folder {
			continue // there is none, or it is a link in the original as well
		}
		if err := os.Remove(c.of(folder)); err != nil {
			return err
		}
		if !r.selected(dir) {
			continue
		}
		if err := c.folders(ctx, folder); err != nil {
			return err
		}
	}
	return nil
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
			for _, c := range []*copier{r.first, r.second} {
				if c != nil {
					c.remove(filepath.Join(c.of(j.dir), filepath.FromSlash(output)))
				}
			}
		}
	}
}

// remove removes a file of the mirror, unless a link leads out of it there.
func (m mirror) remove(path string) {
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil && fsys.Inside(m.top, folder) {
		os.Remove(path)
	}
}
