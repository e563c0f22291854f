package orchestrator

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// The examinations before and after a build compare files. A file that came and
// went in between is in neither of them, and a folder that was moved away and
// back takes its files with it as they were. Of both only events tell.

// transientKept bounds what is remembered: more than so many is one burst, and
// one path of it is enough to build again.
const transientKept = 256

// notice remembers an event for the build under way. Files that stand at its
// end are compared anyway.
func (c *capsule) notice(path string) {
	j := c.work.job
	if j == nil || j.phase != running || len(j.noticed) >= transientKept {
		return
	}
	above := strings.HasPrefix(c.dir+sep, strings.TrimSuffix(path, sep)+sep) // it, or what it lies in, was moved
	if !above && (!strings.HasPrefix(path, c.dir+sep) || c.governs(path) || j.in.Skip(path, false)) {
		return
	}
	j.noticed = append(j.noticed, path)
}

// transient returns the folders, with a slash at the end, in which something
// came and went while c's build ran that after, the examination at its end, does
// not show.
func (l *loop) transient(c *capsule, after *builder.Inputs) []string {
	since := c.work.job.in.Taken.Add(-clockTick)
	var folders []string
	for _, path := range c.work.job.noticed {
		rel, err := filepath.Rel(c.dir, path)
		if rel = filepath.ToSlash(rel); err != nil || holds(after, rel) { // the very file was compared
			continue
		}
		if changed := l.LastChange(path); !changed.IsZero() {
			if holdsBelow(after, rel) && !changed.Before(since) { // moved away and back
				folders = append(folders, rel+"/")
			}
			continue
		}
		for l.LastChange(path).IsZero() && path != c.dir {
			path = filepath.Dir(path)
		}
		if !l.LastChange(path).Before(since) { // else the event is late: it was gone already
			folders = append(folders, filepath.ToSlash(filepath.Dir(rel))+"/")
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

func holds(in *builder.Inputs, rel string) bool {
	for _, f := range in.Sources.Files {
		if f.Path == rel {
			return true
		}
	}
	return false
}

func holdsBelow(in *builder.Inputs, rel string) bool {
	if !filepath.IsLocal(rel) || rel == "." { // the capsule's folder, or one above it
		return len(in.Sources.Files) > 0
	}
	for _, f := range in.Sources.Files {
		if strings.HasPrefix(f.Path, rel+"/") {
			return true
		}
	}
	return false
}
