package workspace

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Packages says what becomes of a node_modules folder.
type Packages int

const (
	Copied Packages = iota // it is an input, and builds write caches into it
	Linked                 // nobody builds with it yet: a link to the original, to be replaced or removed
	Left                   // nobody builds with it
)

// choice is what of some workspaces a copy starts with. The walk's goroutine alone asks it.
type choice struct {
	roots    []string                     // what is copied whole: links between them stay in the copy
	packages func(folder string) Packages // what becomes of this node_modules
	checkout map[string]*tree.Checkout    // what git would check out, by root
	named    []*tree.Reach                // what settings name as inputs
}

// outputs are what stands beside a folder called target or dist when builds
// write there. Elsewhere it is a folder like any other: src/target may be a module.
var outputs = []string{"Cargo.toml", tree.ManifestName, "package.json", "go.mod", "asconfig.json", "Makefile", "build.zig"}

// wants reports whether the copy starts with path: what git would check out with the
// user's edits, what is installed or vendored, and what settings name.
func (c *choice) wants(path string, dir bool) bool {
	if filepath.Base(path) == "node_modules" || c.isOthers(path) || c.isNamed(path, dir) {
		return true
	}
	root := c.rootOf(path)
	return root == "" || c.checkout[root] == nil || !c.checkout[root].Leaves(path, dir)
}

func (c *choice) isNamed(path string, dir bool) bool {
	return slices.ContainsFunc(c.named, func(r *tree.Reach) bool { return r.Holds(path, dir) })
}

// partly reports whether a folder of products holds something that git tracks or
// settings name. Only that of it is copied.
func (c *choice) partly(folder string) bool {
	root := c.rootOf(folder)
	if root == "" || c.checkout[root] == nil || !c.checkout[root].Holds(folder) && !c.isNamed(folder, true) {
		return false
	}
	c.checkout[root].OnlyTracked(folder)
	return true
}

// rootOf is the root that path lies in, "" for none.
func (c *choice) rootOf(path string) string {
	for _, root := range c.roots {
		if fsys.Inside(root, path) {
			return root
		}
	}
	return ""
}

// isOthers reports whether path lies in code that was installed or vendored:
// what is called dist there was built by somebody else, and is what is used.
// Only names below what is copied count.
func (c *choice) isOthers(path string) bool {
	for _, root := range c.roots {
		if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
			names := strings.Split(rel, string(filepath.Separator))
			return slices.Contains(names, "node_modules") || slices.Contains(names, "vendor")
		}
	}
	return false
}

// isOutput knows what builds write: target and dist beside what describes a
// build, and every folder that calls itself a cache. Other version controls'
// stores are left behind too; git's is copied without its objects.
func isOutput(folder string) bool {
	switch filepath.Base(folder) {
	case "target", "dist":
		for _, name := range outputs {
			if Exists(filepath.Join(filepath.Dir(folder), name)) {
				return true
			}
		}
	case ".hg", ".jj", ".svn":
		return true
	}
	return Exists(filepath.Join(folder, "CACHEDIR.TAG"))
}
