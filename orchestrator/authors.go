package orchestrator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// namesKept bounds what is remembered of a capsule's files.
const namesKept = 1024

// authors is who wrote a capsule's files since the program runs.
type authors struct {
	hands   map[string]bool // files written while nothing was built: somebody edits them
	others  map[string]bool // files written while the capsule's own build did not run: that is not their only author
	newborn map[string]bool // files that were not there at first; true: a build or a command of --on-reload made them
}

// saw notes who wrote the file name: a build or a command, and whether the capsule's own build.
func (a *authors) saw(name string, byBuild, byOwn, isNew bool) {
	if len(a.hands)+len(a.others)+len(a.newborn) >= namesKept {
		return
	}
	if !byBuild {
		a.hands = with(a.hands, name, true)
	}
	if !byOwn {
		a.others = with(a.others, name, true)
	}
	if isNew {
		a.newborn = with(a.newborn, name, byBuild)
	}
}

// witness compares in with the examination before it: who wrote what is new?
func (l *loop) witness(c *capsule, in *builder.Inputs) {
	if c.in == nil || c.in == in {
		return
	}
	before := map[string]bool{}
	changes := c.in.Sources.Diff(in.Sources)
	if len(changes) == 0 {
		return
	}
	for _, f := range c.in.Sources.Files {
		before[f.Path] = true
	}
	times := writtenIn(in.Sources, changes)
	for _, name := range changes {
		if at, there := times[name]; there {
			byBuild, byOwn := l.builtThen(c.moment(at, c.in, l.now), c.dir)
			c.authors.saw(name, byBuild, byOwn, !before[name])
		}
	}
}

// writtenIn tells when the files that names names were last written.
func writtenIn(s *tree.Snapshot, names []string) map[string]time.Time {
	wanted, times := map[string]bool{}, map[string]time.Time{}
	for _, name := range names {
		wanted[name] = true
	}
	for _, f := range s.Files {
		if wanted[f.Path] {
			times[f.Path] = time.Unix(0, f.Ctime)
		}
	}
	return times
}

// builtThen reports whether a build, or a command that a reload started, ran at
// that moment, and whether it was one of the capsule's in dir.
func (l *loop) builtThen(at time.Time, dir string) (any, own bool) {
	runs := l.runsWithin(at, at, l.now)
	return len(runs) > 0, slices.ContainsFunc(runs, func(r span) bool { return r.builds() == dir })
}

func with(m map[string]bool, name string, value bool) map[string]bool {
	if m == nil {
		m = map[string]bool{}
	}
	m[name] = value
	return m
}

func names(m map[string]bool) []string { return slices.Collect(maps.Keys(m)) }

// ignoreHint proposes ignore for files that no person ever needs: those that a
// build made. What was there at first, or what somebody edits, is a source, and
// who ignored it would lose every later edit. unbroken: what came meanwhile and
// is written without pause is no source either, whoever writes it; and so is, unless
// somebody was seen to edit it, what lies where builds write and counts for another reason.
func (c *capsule) ignoreHint(files []string, otherwise string, unbroken bool) string {
	if len(files) > 0 && !slices.ContainsFunc(files, func(name string) bool { return c.authors.hands[name] || c.in == nil || !c.in.LeftOut(name) }) {
		return "such files count only because git tracks them, or because the build said that it reads them: if it makes them, take them out of git (git rm --cached " +
			strings.Join(files, " ") + "), or add to [package.metadata.astrid-dev]: " + ignoreLine(files)
	}
	var made []string
	for _, name := range files {
		if byBuild, born := c.authors.newborn[name]; born && (unbroken || byBuild && !c.authors.hands[name]) {
			made = append(made, name)
		}
	}
	if len(made) == 0 {
		return otherwise
	}
	return otherwise + ", or add to [package.metadata.astrid-dev]: " + ignoreLine(made)
}

func ignoreLine(files []string) string {
	quoted := make([]string, len(files))
	for i, file := range files {
		quoted[i] = fmt.Sprintf("%q", "/"+file)
	}
	return "ignore = [" + strings.Join(quoted, ", ") + "]"
}
