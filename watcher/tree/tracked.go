package tree

import (
	"path/filepath"
	"strings"
)

// Tracked reports whether git tracks the file at an absolute path: whether it is in the
// index of the repository around it. An index that cannot be read tracks everything.
func Tracked(file string) bool {
	folder, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return false
	}
	for top := folder; ; top = filepath.Dir(top) {
		if repo := openRepository(top, nil); repo != nil {
			rel, err := filepath.Rel(top, filepath.Join(folder, filepath.Base(file)))
			return err == nil && repo.index.tracks(filepath.ToSlash(rel))
		}
		if top == filepath.Dir(top) {
			return false
		}
	}
}

// Committed lists the files below the root, relative to it, that git tracks and that
// these rules leave out for their name or their folder's: a committed dist, a module
// that is no artifact. What Options.Ignore matches, and what lies in a capsule of its
// own, is not among them, nor what lies in a folder called target, which is a tool's
// even when somebody committed it. Empty without a repository.
func (r *Rules) Committed() (list []string) {
	if r.own == nil || r.own.top.repo == nil {
		return nil
	}
	below := r.own.top.prefix
	nested := map[string]bool{}
	for _, path := range r.own.top.repo.index.load().below(below) {
		rel := path[len(below):]
		up, name := split(rel)
		if name == ManifestName && up != "" {
			nested[up] = true
		}
		if counts(rel, false) || isDropping(name) || strings.HasSuffix(rel, "/") || strings.Contains("/"+rel, "/target/") || r.own.artifacts[rel] || r.Ignored(rel) {
			continue
		}
		list = append(list, rel)
	}
	kept := list[:0]
	for _, rel := range list {
		if !liesIn(nested, rel) {
			kept = append(kept, rel)
		}
	}
	return kept
}

// liesIn reports whether rel lies in one of folders.
func liesIn(folders map[string]bool, rel string) bool {
	for up, _ := split(rel); up != "" && len(folders) > 0; up, _ = split(up) {
		if folders[up] {
			return true
		}
	}
	return false
}

// Ignored reports whether Options.Ignore matches the file rel, which is relative to
// the root, or a folder that it lies in.
func (r *Rules) Ignored(rel string) bool {
	if r.own == nil || r.own.ignore == nil {
		return false
	}
	for at, dir := rel, false; at != ""; dir = true {
		up, name := split(at)
		if p := r.own.ignore.match(at, name, dir); p != nil && (!p.negative || !dir) {
			return !p.negative
		}
		at = up
	}
	return false
}
