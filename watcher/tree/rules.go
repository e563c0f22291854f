package tree

import (
	"path/filepath"
	"strings"
	"sync"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Rules say which paths below a root are sources. They do not change: what they
// learn of a folder (its .gitignore, whether it is a capsule of its own) is
// what was there when they first looked, so make new ones before each Take, and
// judge later events by the rules of the latest Take. A Rules may be used
// concurrently. Get one from Astrid, Default or Func.
type Rules struct {
	root string                           // absolute; "" while Astrid's or Func's rules are bound to none
	skip func(path string, dir bool) bool // Func's; nil for the others
	own  *defaults                        // Default's; nil for the others

	mu     sync.RWMutex      // guards scopes
	scopes map[string]*scope // by path relative to root, what Skip knows of folders; nil value: skipped
}

// Astrid returns the exact rules of the ecosystem's watcher: no links, no
// special files, no folders named node_modules, target, dist or .git below the
// root, no files with the extension wasm.
//
// They are bound to no root: Walk and Take bind them, and At does. Until then
// Skip judges a path by its last name alone.
func Astrid() *Rules { return &Rules{} }

// Func returns rules that leave out exactly what skip tells (links and special
// files are never delivered). skip is called with absolute paths below the
// root, parents first.
func Func(skip func(path string, dir bool) bool) *Rules { return &Rules{skip: skip} }

// At returns the rules bound to root, an absolute path. Default's rules stay
// bound to the root they were made for.
func (r *Rules) At(root string) *Rules {
	if r.root != "" {
		return r
	}
	return &Rules{root: filepath.Clean(root), skip: r.skip}
}

// Skip reports that neither path nor anything below it is a source. path is
// absolute, at or below the root as the root was spelled; dir says whether it
// is, or was, a folder. A path that is not below the root is not skipped. The
// answer for what Take returns, and for its folders, is always false; for every
// other regular file it is true. It asks the disk at most once for each folder.
func (r *Rules) Skip(path string, dir bool) bool {
	if r.skip != nil {
		return r.skip(path, dir)
	}
	if r.root == "" {
		return astridSkips(filepath.Base(path), dir)
	}
	rel, ok := r.relative(path)
	if !ok || rel == "" {
		return false
	}
	up, name := split(rel)
	sc := r.scopeOf(up)
	if sc == nil || sc.nested || r.judge(sc, name, dir) {
		return true
	}
	if dir && r.own != nil {
		sc = r.scopeOf(rel)
		return sc == nil || sc.nested
	}
	return false
}

// covers reports whether path is the root of these rules or lies below it.
func (r *Rules) covers(path string) bool {
	_, ok := r.relative(path)
	return ok
}

// relative is path below the root, slash-joined; false when it is not below it.
func (r *Rules) relative(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, r.root)
	if !ok {
		return "", false
	}
	if rest == "" {
		return "", true
	}
	if !strings.HasSuffix(r.root, string(filepath.Separator)) {
		if rest[0] != filepath.Separator {
			return "", false
		}
		rest = rest[1:]
	}
	return filepath.ToSlash(strings.TrimSuffix(rest, string(filepath.Separator))), true
}

// maxScopes bounds what Skip remembers: more folders than any capsule has in
// earnest, about 10 MB. Beyond it all is forgotten and learned again.
const maxScopes = 1 << 16

// scopeOf is the scope of a folder, from its parents down; nil when it is skipped.
func (r *Rules) scopeOf(rel string) *scope {
	r.mu.RLock()
	sc, known := r.scopes[rel]
	r.mu.RUnlock()
	if known {
		return sc
	}
	if rel == "" {
		sc = r.enter(nil, "", r.lookAt(""))
	} else {
		up, name := split(rel)
		above := r.scopeOf(up)
		if above != nil && (above.nested || !r.judge(above, name, true)) {
			sc = r.enter(above, rel, r.lookAt(rel))
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.scopes == nil || len(r.scopes) >= maxScopes {
		r.scopes = make(map[string]*scope)
	}
	r.scopes[rel] = sc
	return sc
}

// scope is what holds in one folder. It does not change once made.
type scope struct {
	rel    string // of the folder, relative to the root
	nested bool   // the folder, or one above it, is a capsule of its own: nothing below is a source
	git    gitScope
}

// enter makes the scope of the folder rel below up (nil: the root) that holds what l says.
func (r *Rules) enter(up *scope, rel string, l listing) *scope {
	sc := &scope{rel: rel}
	if r.own == nil {
		return sc
	}
	if up != nil {
		sc.nested = up.nested || l.manifest
	}
	if !sc.nested {
		sc.git = r.own.enterGit(up, rel, l)
	}
	return sc
}

// judge reports whether name in the folder of sc is left out.
func (r *Rules) judge(sc *scope, name string, dir bool) bool {
	switch {
	case r.skip != nil:
		return r.skip(fsys.Join(filepath.Join(r.root, filepath.FromSlash(sc.rel)), name), dir)
	case r.own != nil:
		return r.own.skips(sc, name, dir)
	}
	return astridSkips(name, dir)
}

// nests reports whether the open folder below the root is a capsule of its own.
func (r *Rules) nests(d *fsys.Dir) bool {
	if r.own == nil {
		return false
	}
	i, err := d.Stat(ManifestName)
	return err == nil && i.Kind == fsys.File
}

// lookAt is look for a folder that is not being walked.
func (r *Rules) lookAt(rel string) (l listing) {
	if r.own == nil {
		return l
	}
	folder := r.own.inside(rel)
	l = gitListing(folder)
	l.manifest = IsCapsule(folder)
	return l
}

// GitFiles returns the files of git's patterns that these rules were made from
// and that a watch on root does not see: every .gitignore above root up to the
// repository's top, and info/exclude of the git dir, existing or not, absolute,
// links resolved. Empty without a repository, and for Astrid and Func.
func (r *Rules) GitFiles() []string {
	if r.own == nil {
		return nil
	}
	return append([]string(nil), r.own.outside...)
}

// Top is the folder of the checkout that the root lies in, as the root is spelled; "" without
// a repository, and for Astrid and Func.
func (r *Rules) Top() string {
	if r.own == nil || r.own.top.repo == nil {
		return ""
	}
	top := r.own.root
	for range strings.Count(r.own.top.prefix, "/") {
		top = filepath.Dir(top)
	}
	return top
}

// Governs reports that a change at path, below the root, may change these rules
// even when Skip leaves path out: a .gitignore, a .git, a Capsule.toml. New rules
// and a new Take are due then.
func (r *Rules) Governs(path string) bool {
	if r.own == nil {
		return false
	}
	rel, ok := r.relative(path)
	if !ok || rel == "" {
		return false
	}
	up, name := split(rel)
	if name != ".gitignore" && name != ".git" && name != ManifestName {
		return false
	}
	if up == "" {
		return true
	}
	above, folder := split(up)
	sc := r.scopeOf(above)
	return sc != nil && !sc.nested && !r.judge(sc, folder, true)
}
