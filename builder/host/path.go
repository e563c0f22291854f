package host

import (
	"path"
	"slices"
	"strings"
)

// place is where a path of a guest leads to.
type place struct {
	tree   *tree
	rel    string // slash path in the tree; "" is the tree itself
	gate   string // the path as capabilities are held against it: workspace://a, home://a, tmp://a
	prefix string // of what an unknown error names
}

// resolve finds the place of a path (host/fs/resolve.rs).
func (w *World) resolve(raw string) (place, error) {
	if len(raw) > maxPath {
		return place{}, fail("invalid-path")
	}
	if rest, ok := strings.CutPrefix(raw, "home://"); ok {
		if !canonicalPath(rest) {
			return place{}, fail("invalid-path")
		}
		return place{&w.home, rest, "home://" + rest, "home/"}, nil
	}
	if raw == "/tmp" || strings.HasPrefix(raw, "/tmp/") {
		return w.resolveTmp(strings.TrimPrefix(raw, "/tmp"))
	}
	rest := strings.TrimLeft(strings.TrimPrefix(raw, "cwd://"), "/")
	steps := slices.DeleteFunc(strings.Split(rest, "/"), func(step string) bool { return step == "." })
	if rest = strings.Join(steps, "/"); !canonicalPath(rest) {
		return place{}, fail("invalid-path")
	}
	return place{&w.cwd, rest, "workspace://" + rest, ""}, nil
}

// resolveTmp is for the one folder that is a native one in the runtime too: there .. is
// resolved, and must not lead out.
func (w *World) resolveTmp(rest string) (place, error) {
	if strings.ContainsRune(rest, 0) {
		return place{}, fail("invalid-path")
	}
	rel := path.Clean(strings.TrimLeft(rest, "/"))
	switch {
	case rel == "..", strings.HasPrefix(rel, "../"):
		return place{}, fail("boundary-escape")
	case rel == ".":
		rel = ""
	}
	return place{&w.tmp, rel, "tmp://" + rel, ""}, nil
}

// canonicalPath is FilesystemPath::new of the crate astrid-storage.
func canonicalPath(p string) bool {
	if p == "" {
		return true
	}
	for step := range strings.SplitSeq(p, "/") {
		if step == "" || step == "." || step == ".." {
			return false
		}
	}
	return !strings.ContainsRune(p, 0)
}
