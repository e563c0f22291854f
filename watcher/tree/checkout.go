package tree

import (
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Checkout tells what a checkout of a folder would have, with the user's edits in it:
// what git tracks, and what it does not ignore. Below a folder that lies in no
// repository the .gitignore files count all the same. It belongs to one goroutine.
type Checkout struct {
	own    *defaults
	scopes map[string]*scope // by path relative to the root
}

// NewCheckout reads what lies above root, an absolute path.
func NewCheckout(root string) (*Checkout, error) {
	own := &defaults{root: root}
	if err := own.findRepository(); err != nil {
		return nil, err
	}
	if own.top.repo == nil {
		git := fsys.Join(root, ".git")
		own.top = (&repository{top: root, rules: fsys.Join(git, "exclude"), index: &index{path: fsys.Join(git, "index")}}).scope()
	}
	return &Checkout{own: own, scopes: map[string]*scope{}}, nil
}

// Leaves reports that a checkout would not have path, at or below the root.
func (c *Checkout) Leaves(path string, dir bool) bool {
	rel, ok := (&Rules{root: c.own.root}).relative(path)
	if !ok || rel == "" {
		return false
	}
	up, name := split(rel)
	return c.scopeOf(up).git.skips(name, dir)
}

// Holds reports whether git tracks something at or below path. An index that cannot be
// read holds everything.
func (c *Checkout) Holds(path string) bool {
	rel, ok := (&Rules{root: c.own.root}).relative(path)
	if !ok || rel == "" {
		return ok
	}
	up, name := split(rel)
	g := c.scopeOf(up).git
	return g.repo != nil && g.repo.index.holds(g.prefix+name)
}

// OnlyTracked makes what git does not track in folder count as ignored.
func (c *Checkout) OnlyTracked(folder string) {
	if rel, ok := (&Rules{root: c.own.root}).relative(folder); ok && rel != "" {
		sc := *c.scopeOf(rel)
		sc.git.lost = true
		c.scopes[rel] = &sc
	}
}

func (c *Checkout) scopeOf(rel string) *scope {
	if sc := c.scopes[rel]; sc != nil {
		return sc
	}
	var up *scope
	if rel != "" {
		above, _ := split(rel)
		up = c.scopeOf(above)
	}
	folder := c.own.inside(rel)
	sc := &scope{rel: rel, git: c.own.enterGit(up, rel, gitListing(folder))}
	c.scopes[rel] = sc
	return sc
}
