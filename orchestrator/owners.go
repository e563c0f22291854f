package orchestrator

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

const sep = string(filepath.Separator)

// owners maps a path to the capsules that it concerns. It is immutable.
type owners struct {
	dirs    map[string]*counted // capsule folder -> what its newest examination counts; nil: there was none
	sorted  []string            // the capsule folders
	outside map[string][]string // outside input -> the capsules that depend on it
	inputs  []string            // the outside inputs, sorted
}

// counted is what inputs say of paths. It lives as long as the watcher goes by it, and the inputs, which list every file, do not.
type counted struct {
	skip, reads func(path string, dir bool) bool // as in the inputs; reads may be nil
	governs     func(path string) bool
	publishes   []string
}

func newOwners(capsules map[string]*capsule) *owners {
	o := &owners{dirs: map[string]*counted{}, outside: map[string][]string{}}
	for dir, c := range capsules {
		o.sorted = append(o.sorted, dir)
		if c.in == nil {
			o.dirs[dir] = nil
			continue
		}
		o.dirs[dir] = &counted{c.in.Skip, c.in.Reads, c.in.Governs, c.in.Publishes}
		for _, path := range c.in.Outside {
			o.outside[path] = append(o.outside[path], dir)
		}
	}
	for path := range o.outside {
		o.inputs = append(o.inputs, path)
	}
	slices.Sort(o.sorted)
	slices.Sort(o.inputs)
	return o
}

// of lists the capsules that a change of path concerns: the deepest capsule
// at or above it, every capsule below it, and those that named it as an input.
// A manifest concerns the capsule around its own as well, whose sources end there.
func (o *owners) of(path string) []string {
	var found []string
	if dir := o.above(path); dir != "" {
		found = append(found, dir)
		if path == filepath.Join(dir, tree.ManifestName) {
			if outer := o.above(filepath.Dir(dir)); outer != "" {
				found = append(found, outer)
			}
		}
		found = append(found, o.readers(dir, path, false)...)
	}
	found = append(found, below(o.sorted, path)...)
	for at := path; ; at = filepath.Dir(at) {
		found = append(found, o.outside[at]...)
		if at == filepath.Dir(at) {
			break
		}
	}
	for _, input := range below(o.inputs, path) {
		found = append(found, o.outside[input]...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// readers lists the capsules around the one in dir that have path, in it, as an
// input, or may find one below it when it is a folder.
func (o *owners) readers(dir, path string, isDir bool) (found []string) {
	for outer := o.above(filepath.Dir(dir)); outer != ""; outer = o.above(filepath.Dir(outer)) {
		if in := o.dirs[outer]; in != nil && in.reads != nil && in.reads(path, isDir) {
			found = append(found, outer)
		}
		if outer == filepath.Dir(outer) {
			break
		}
	}
	return found
}

// above is the deepest capsule folder at or above path, or "".
func (o *owners) above(path string) string {
	for {
		if _, ok := o.dirs[path]; ok {
			return path
		}
		up := filepath.Dir(path)
		if up == path {
			return ""
		}
		path = up
	}
}

// below is the part of sorted that lies below path.
func below(sorted []string, path string) []string {
	prefix := strings.TrimSuffix(path, sep) + sep
	from, _ := slices.BinarySearch(sorted, prefix)
	to := from
	for to < len(sorted) && strings.HasPrefix(sorted[to], prefix) {
		to++
	}
	return sorted[from:to]
}

// reindex must follow every change of the capsules or of their outside inputs.
func (l *loop) reindex() { l.stale, l.graph.Order = true, nil }

// index is the owners of the capsules as they are now.
func (l *loop) index() *owners {
	if l.stale {
		l.owners, l.stale = newOwners(l.capsules), false
	}
	return l.owners
}

// replan asks for a new plan for the watcher. It is sent at the end of the
// round, and not before every capsule was examined: each would want its own.
func (l *loop) replan() { l.planStale = true }

// sendPlan tells the watcher what to watch.
func (l *loop) sendPlan() {
	l.planStale = false
	o := l.index()
	plan := watcher.Plan{Roots: slices.Clone(l.Roots), Outside: o.byPath(), Skip: l.ours(o)}
	for _, dir := range o.sorted {
		if o.hidden(dir) {
			plan.Roots = append(plan.Roots, dir)
		}
	}
	l.do(setPlan{plan})
}

// byPath lists what is watched by its path: outside inputs, and what is published, which
// is nobody's source.
func (o *owners) byPath() []string {
	list := slices.Clone(o.inputs)
	for _, in := range o.dirs {
		if in != nil {
			list = append(list, in.publishes...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ours is the skip of o, and leaves out the work trees that are not the roots' own,
// but those that a capsule's sources hold.
func (l *loop) ours(o *owners) func(path string, dir bool) bool {
	skip := o.skip(l.Roots)
	return func(path string, dir bool) bool {
		return skip(path, dir) || dir && o.above(path) == "" && l.Foreign(path)
	}
}

// elsewhere reports whether a capsule in dir would not be the roots' own: dir lies below none
// of them, in another work tree, or behind a link. Inputs lead there, and are watched.
func (l *loop) elsewhere(dir string) bool {
	for ; !slices.Contains(l.Roots, dir); dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) || l.Foreign(dir) || isLink(dir) {
			return true
		}
	}
	return false
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == os.ModeSymlink
}

// hidden reports whether the rules of the capsule around dir keep the watcher from reaching it.
func (o *owners) hidden(dir string) bool {
	outer := o.above(filepath.Dir(dir))
	if outer == "" || o.dirs[outer] == nil {
		return false
	}
	for at := filepath.Dir(dir); at != outer; at = filepath.Dir(at) {
		if o.dirs[outer].skip(at, true) {
			return true
		}
	}
	return false
}

// skip decides for the watcher which paths are nobody's source. A capsule's
// rules hold below it; a manifest anywhere else may be a new capsule.
func (o *owners) skip(roots []string) func(path string, dir bool) bool {
	var last atomic.Pointer[string] // the capsule of the path before: events come in rows
	return func(path string, dir bool) bool {
		if filepath.Base(path) == tree.ManifestName {
			return false
		}
		owner := ""
		if p := last.Load(); p != nil && strings.HasPrefix(path, *p+sep) && len(below(o.sorted, *p)) == 0 {
			owner = *p
		} else if owner = o.above(path); owner != "" {
			last.Store(&owner)
		}
		if in := o.dirs[owner]; owner != "" && in != nil {
			return path != owner && in.skip(path, dir) && !in.governs(path) && !(dir && isCapsule(path)) && len(o.readers(owner, path, dir)) == 0
		}
		return ignored(path, dir, roots)
	}
}

// ignored reports whether a folder name below a root is one that never holds sources.
func ignored(path string, dir bool, roots []string) bool {
	for _, root := range roots {
		rel, ok := strings.CutPrefix(path, strings.TrimSuffix(root, sep)+sep)
		if !ok {
			continue
		}
		names := strings.Split(rel, sep)
		if !dir {
			names = names[:len(names)-1]
		}
		return slices.ContainsFunc(names, tree.IgnoredFolder)
	}
	return false
}

// isCapsule reports whether dir is a capsule that nobody knows yet, inside another one.
func isCapsule(dir string) bool {
	return tree.IsCapsule(dir) && !tree.IgnoredFolder(filepath.Base(dir))
}

// governs reports whether a change of path can change what counts as a source.
func (c *capsule) governs(path string) bool {
	return c.in != nil && (slices.Contains(c.in.Outside, path) || c.in.Governs != nil && c.in.Governs(path))
}
