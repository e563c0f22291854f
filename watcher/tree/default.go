package tree

import (
	"fmt"
	"path"
	"path/filepath"
	"sync/atomic"
)

// Options are what a capsule's manifest adds to the default rules.
type Options struct {
	// Ignore are gitignore lines, as in a .gitignore in the root. They leave out
	// tracked and lock files too, but not the root's Capsule.toml.
	Ignore []string
	// Artifacts are slash paths relative to root of component files and
	// outputs: never sources.
	Artifacts []string
	// Cache saves reading git's index again while it has not changed; nil: none.
	Cache *Cache
}

// Default returns the rules by which a capsule's sources are told: Astrid's,
// less what editors and systems drop, a file named .git, folders with a
// Capsule.toml of their own, the artifacts, what o.Ignore matches, and what git
// ignores (.gitignore from the repository's top down and info/exclude, not the
// user's own file, names compared byte by byte). Outside a repository a
// .gitignore has no say. Tracked files and dependency lock files are not ignored by
// git's patterns, and a pattern by which git ignores root itself, or a folder
// above it, has no say. The root's Capsule.toml is always a source.
//
// A folder that is left out is not looked into: a lock file in it is a source
// only when it is tracked. Default reads only what lies above root; it costs a
// few dozen microseconds, so make new rules before each Take.
func Default(root string, o Options) (*Rules, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("making rules for %q: %w", root, err)
	}
	own := &defaults{root: abs, ignore: newPatterns("", o.Ignore), cache: o.Cache}
	for _, a := range o.Artifacts {
		if a = path.Clean(filepath.ToSlash(a)); own.artifacts == nil {
			own.artifacts = map[string]bool{a: true}
		} else {
			own.artifacts[a] = true
		}
	}
	if err := own.findRepository(); err != nil {
		return nil, fmt.Errorf("making rules for %q: %w", root, err)
	}
	return &Rules{root: abs, own: own}, nil
}

// defaults is what Default's rules know beside each folder's scope.
type defaults struct {
	root      string
	artifacts map[string]bool // relative to root
	ignore    *patterns       // the manifest's
	cache     *Cache
	top       gitScope    // what holds in the root, without the root's own .gitignore
	outside   []string    // git's files of patterns that top was read from, existing or not
	nested    atomic.Bool // another repository was met below the root
}

// skips reports whether name in the folder of sc is left out.
func (o *defaults) skips(sc *scope, name string, dir bool) bool {
	if !dir && sc.rel == "" && name == ManifestName {
		return false
	}
	if sc.nested || astridSkips(name, dir) {
		return true
	}
	if !dir && (name == ".git" || isDropping(name)) {
		return true
	}
	rel := name
	if (o.artifacts != nil || o.ignore != nil) && sc.rel != "" {
		rel = sc.rel + "/" + name
	}
	if !dir && o.artifacts[rel] {
		return true
	}
	if p := o.ignore.match(rel, name, dir); p != nil && !p.negative {
		return true
	}
	return sc.git.skips(name, dir)
}
