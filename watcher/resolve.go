package watcher

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// hold is a name in a real folder on which a resolution depends: when it
// appears, vanishes or changes its kind, the path may lead elsewhere.
type hold struct{ dir, name string }

// resolution is where a path leads, links followed.
type resolution struct {
	real  string    // "" while it leads nowhere
	stat  fsys.Info // of real; kind missing while it leads nowhere
	holds []hold    // of the links on the way, and of the last name, or the first missing one
}

// same reports whether r and o lead to the same file or folder, whatever it holds.
func (r resolution) same(o resolution) bool {
	return r.real == o.real && r.stat.Kind == o.stat.Kind && r.stat.ID == o.stat.ID
}

// maxLinks is what Linux follows before it calls a path a loop.
const maxLinks = 40

// resolve follows path name by name. memo remembers what lstat said of each, so
// that 500 roots in one folder cost one look at the folders above them.
//
// A rename of a folder further up, when no link and nothing missing is
// involved, changes no hold; the loop's tick finds it.
func resolve(path string, memo map[string]fsys.Info) (r resolution) {
	top := filepath.VolumeName(path) + sep
	at, rest, links := top, names(path[len(top):]), 0
	var st fsys.Info
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		if name == ".." { // only a link's text has it
			at, _ = split(at)
			continue
		}
		next := join(at, name)
		st = recall(next, memo)
		switch {
		case st.Kind == fsys.Link && links < maxLinks:
			links++
			r.holds = append(r.holds, hold{at, name})
			text, err := os.Readlink(next)
			if err != nil {
				return r
			}
			if filepath.IsAbs(text) {
				at = top
			}
			rest = append(names(text), rest...)
			continue
		case st.Kind == fsys.Missing, st.Kind != fsys.Folder && len(rest) > 0, st.Kind == fsys.Link:
			r.holds = append(r.holds, hold{at, name})
			return r
		}
		at = next
	}
	if at == top { // the top of the file system has no name
		st = recall(at, memo)
	} else {
		dir, name := split(at)
		r.holds = append(r.holds, hold{dir, name})
	}
	r.real, r.stat = at, recall(at, memo)
	return r
}

func recall(path string, memo map[string]fsys.Info) fsys.Info {
	st, ok := memo[path]
	if !ok {
		st = fsys.Lstat(path)
		memo[path] = st
	}
	return st
}

// names are the parts of a path between separators.
func names(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
}
