package tree

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// repository is a git repository that a folder lies in.
type repository struct {
	top   string // absolute, links resolved
	dir   string // the git dir: of a worktree or submodule its own
	rules string // the info/exclude of the common git dir
	index *index // what is tracked, read when first asked
}

// gitScope is what git says of the names in one folder. The zero value is a
// folder in no repository.
type gitScope struct {
	repo   *repository
	prefix string // of the folder, relative to repo.top: "" or "a/b/"
	lists  *chain // the nearest folder's first
	lost   bool   // the folder is ignored: only what is tracked counts
}

// chain is a list of patterns whose head has the last word.
type chain struct {
	*patterns
	next *chain
}

func (c *chain) with(ps *patterns) *chain {
	if ps == nil {
		return c
	}
	return &chain{ps, c}
}

// skips reports whether git ignores name and nothing else makes it count.
func (g *gitScope) skips(name string, dir bool) bool {
	if g.repo == nil || !g.lost && g.lists == nil {
		return false
	}
	if !g.ignores(name, dir) {
		return false
	}
	if dir {
		return !g.repo.index.holds(g.prefix + name)
	}
	return (g.lost || !isLock(name)) && !g.repo.index.tracks(g.prefix+name)
}

func (g *gitScope) ignores(name string, dir bool) bool {
	if g.lost {
		return true
	}
	path := g.prefix + name
	for c := g.lists; c != nil; c = c.next {
		if p := c.match(path, name, dir); p != nil {
			return !p.negative
		}
	}
	return false
}

// enterGit is git's scope of the folder rel, which is below up or, when up is nil, the root.
func (o *defaults) enterGit(up *scope, rel string, l listing) gitScope {
	g := o.top
	if up != nil {
		g = up.git
		_, name := split(rel)
		if l.git {
			if repo := openRepository(o.inside(rel), o.cache); repo != nil {
				o.nested.Store(true)
				g = repo.scope()
				return g.withIgnoreFile(o.inside(rel), l.gitignore)
			}
		}
		if g.repo == nil {
			return g
		}
		g.lost = g.lists != nil && g.ignores(name, true) || g.lost
		g.prefix += name + "/"
	}
	if g.lost {
		return g // git reads no patterns in a folder that it ignores
	}
	return g.withIgnoreFile(o.inside(rel), l.gitignore)
}

// gitListing is what git wants to know of the entries of folder, which is not being walked.
func gitListing(folder string) listing {
	return listing{
		gitignore: fsys.Lstat(fsys.Join(folder, ".gitignore")).Kind == fsys.File,
		git:       fsys.Lstat(fsys.Join(folder, ".git")).Kind != fsys.Missing,
	}
}

// inside is the absolute path of the folder rel.
func (o *defaults) inside(rel string) string {
	return filepath.Join(o.root, filepath.FromSlash(rel))
}

// withIgnoreFile adds the patterns of the .gitignore in folder, if exists says that there is one.
func (g gitScope) withIgnoreFile(folder string, exists bool) gitScope {
	if exists && g.repo != nil {
		g.lists = g.lists.with(g.repo.index.cache.patternsOf(fsys.Join(folder, ".gitignore"), g.prefix, false))
	}
	return g
}

// scope is what holds in the repository's top folder without its .gitignore.
func (r *repository) scope() gitScope {
	return gitScope{repo: r, lists: (*chain)(nil).with(r.index.cache.patternsOf(r.rules, "", true))}
}

// findRepository fills o.top and o.outside for the repository that root lies
// in, if any. It fails only when root cannot be resolved.
func (o *defaults) findRepository() error {
	real, err := fsys.Real(o.root)
	if err != nil {
		return err
	}
	top := real
	var repo *repository
	for ; ; top = filepath.Dir(top) {
		if repo = openRepository(top, o.cache); repo != nil {
			break
		}
		if top == filepath.Dir(top) {
			return nil
		}
	}
	o.top = repo.scope()
	o.outside = []string{repo.rules}
	rel, err := filepath.Rel(top, real)
	if err != nil || rel == "." {
		return err
	}
	folder := top
	for name := range strings.SplitSeq(rel, string(filepath.Separator)) {
		file := fsys.Join(folder, ".gitignore")
		o.outside = append(o.outside, file)
		o.top = o.top.withIgnoreFile(folder, true)
		o.top.disregard(name)
		o.top.prefix += name + "/"
		folder = fsys.Join(folder, name)
	}
	return nil
}

// disregard takes the patterns away by which git ignores the folder name, so
// that a capsule in an ignored folder is judged as if it were not.
func (g *gitScope) disregard(name string) {
	path := g.prefix + name
	for c := g.lists; c != nil; {
		p := c.match(path, name, true)
		if p == nil {
			c = c.next
			continue
		}
		if p.negative {
			return
		}
		kept := make([]*pattern, 0, len(c.list)-1)
		for _, other := range c.list {
			if other != p {
				kept = append(kept, other)
			}
		}
		c.patterns = &patterns{base: c.base, list: kept}
	}
}

// openRepository returns the repository whose top is folder, or nil.
func openRepository(folder string, cache *Cache) *repository {
	dotGit := fsys.Join(folder, ".git")
	kind := fsys.Stat(dotGit).Kind
	if kind == fsys.Missing {
		return nil
	}
	dir := dotGit
	if kind != fsys.Folder {
		if dir = pointer(dotGit, "gitdir: "); dir == "" {
			return nil
		}
	}
	if fsys.Lstat(fsys.Join(dir, "HEAD")).Kind == fsys.Missing {
		return nil // not a repository: git looks further up too
	}
	common := dir
	if c := pointer(fsys.Join(dir, "commondir"), ""); c != "" {
		common = c
	}
	return &repository{
		top: folder, dir: dir,
		rules: filepath.Join(common, "info", "exclude"),
		index: &index{path: fsys.Join(dir, "index"), cache: cache},
	}
}

// Index reads the index of the repository that r's root lies in, unless it is in r's Cache. Who judges by r needs it.
func (r *Rules) Index() {
	if r.own != nil && r.own.top.repo != nil {
		r.own.top.repo.index.load()
	}
}

// pointer reads the path that file holds after prefix, relative to the folder of file; "" for none.
func pointer(file, prefix string) string {
	content, err := fsys.Read(file, maxRules)
	if err != nil {
		return ""
	}
	path, ok := strings.CutPrefix(string(content), prefix)
	path = strings.TrimRight(path, "\r\n")
	if !ok || path == "" {
		return ""
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(file), path)
	}
	return path
}

// patternsOf is what file says, in a folder with the prefix base; nil when the file is not there or cannot be read: git
// goes on without it, and where it is a source, Take names it. A file above many capsules is read once while it stays as it is.
func (c *Cache) patternsOf(file, base string, follow bool) *patterns {
	look := fsys.Lstat
	if follow { // as git does at info/exclude, but not at a .gitignore
		look = fsys.Stat
	}
	now, info := time.Now(), look(file)
	if info.Kind != fsys.File || info.Size > maxRules {
		return nil
	}
	stat := fileOf(base, info)
	if ps, known := c.parsed(file, stat); known {
		return ps
	}
	content, err := fsys.Read(file, maxRules)
	if err != nil {
		return nil
	}
	ps := parsePatterns(base, content)
	if ps != nil {
		ps.file = file
	}
	if stat.Settled(now) {
		c.parse(file, stat, ps)
	}
	return ps
}

// maxRules is the size beyond which git, too, refuses a file of patterns: 100 MB.
const maxRules = 100 << 20
