package tree

import (
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Reach tells of a path whether patterns, as TakeOthers takes them, stand for it,
// without asking the disk: of what is gone, and of what is still to come. It does
// not change once made. The nil Reach holds nothing.
type Reach struct {
	names   map[string]bool // files, or folders that stand for all in them; absolute
	leading map[string]bool // every folder above one of names or globs
	globs   []reachGlob
}

// reachGlob is a pattern below a folder.
type reachGlob struct{ folder, rest string }

// NewReach makes the Reach of the patterns that begin in base; nil when there is none.
func NewReach(patterns []string, base string) *Reach {
	r := &Reach{names: map[string]bool{}, leading: map[string]bool{}}
	for _, p := range patterns {
		full := fsys.Absolute(base, p)
		// A folder around base stands for what is in base, too.
		if !fsys.Inside(base, full) && !fsys.Inside(base, PatternFolder(base, p)) && !fsys.Inside(full, base) {
			continue
		}
		r.names[full] = true
		r.lead(full, base)
		if folder, rest := doublestar.SplitPattern(filepath.ToSlash(p)); hasWildcard(rest) && doublestar.ValidatePattern(rest) {
			folder = fsys.Absolute(base, folder)
			r.globs = append(r.globs, reachGlob{folder, rest})
			r.leading[folder] = true
			r.lead(folder, base)
		}
	}
	if len(r.names) == 0 {
		return nil
	}
	return r
}

// lead notes the folders between base and path.
func (r *Reach) lead(path, base string) {
	for up := filepath.Dir(path); fsys.Inside(base, up) && !r.leading[up]; up = filepath.Dir(up) {
		r.leading[up] = true
	}
}

// Holds reports whether path is, or when it is a folder may hold, what a pattern stands for.
func (r *Reach) Holds(path string, dir bool) bool {
	if r == nil {
		return false
	}
	if r.names[path] || dir && r.leading[path] {
		return true
	}
	for up := filepath.Dir(path); up != filepath.Dir(up); up = filepath.Dir(up) {
		if r.names[up] && counts(path[len(up)+1:], dir) {
			return true
		}
	}
	for _, g := range r.globs {
		if rel, ok := strings.CutPrefix(path, g.folder+string(filepath.Separator)); ok && g.holds(filepath.ToSlash(rel), dir) {
			return true
		}
	}
	return false
}

func (g reachGlob) holds(rel string, dir bool) bool {
	names := strings.Split(rel, "/")
	for i, name := range names {
		if (dir || i < len(names)-1) && IgnoredFolder(name) {
			return false
		}
	}
	return dir || !isDropping(names[len(names)-1]) && globs(g.rest, rel)
}

// counts reports whether a folder that is an input stands for rel below it.
func counts(rel string, dir bool) bool {
	rest := filepath.ToSlash(rel)
	for {
		name, below, inside := strings.Cut(rest, "/")
		if astridSkips(name, dir || inside) {
			return false
		}
		if !inside {
			return dir || !isDropping(name)
		}
		rest = below
	}
}

// PatternFolder is the deepest folder that pattern, seen from base, names without a wildcard:
// what is to be watched for it. A pattern without a wildcard is its own. A wildcard behind a
// backslash is none, and stands in the name as the disk has it.
func PatternFolder(base, pattern string) string {
	pattern = filepath.ToSlash(pattern)
	folder, rest := doublestar.SplitPattern(pattern)
	if hasWildcard(rest) {
		return fsys.Absolute(base, folder)
	}
	return fsys.Absolute(base, pattern)
}

// hasWildcard reports whether what follows a pattern's folder is to be matched. An escaped
// character is: no file has the name as it is written.
func hasWildcard(rest string) bool { return strings.ContainsAny(rest, `*?[{\`) }

// globs reports whether pattern matches rel, or a folder that rel lies in by the Astrid rules.
func globs(pattern, rel string) bool {
	if doublestar.MatchUnvalidated(pattern, rel) {
		return true
	}
	if _, name := split(rel); astridSkips(name, false) {
		return false
	}
	for i := len(rel) - 1; i > 0; i-- {
		if rel[i] == '/' && doublestar.MatchUnvalidated(pattern, rel[:i]) {
			return true
		}
	}
	return false
}
