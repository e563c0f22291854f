package tree

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Entry is one source file, or one folder that may hold sources. It is valid
// only until the function it was handed to returns.
type Entry struct {
	Path string // slash-joined raw bytes relative to the root; "" is the root itself
	Dir  bool

	in   *fsys.Dir // the folder it lies in; nil for the root
	name string
	root string
}

// Walk calls fn for every source file and every folder that may hold one, the
// root first, in the order of the digest: a folder, all that is below it, the
// next name. A folder is handed to fn before it is read, so that a watch placed
// by fn misses nothing. fn may return fs.SkipDir for a folder; any other error
// ends the walk and is returned. fn is called from the calling goroutine.
//
// Rules that are bound to a folder above root judge as they would in a walk of
// that folder; if they skip root, fn is not called.
//
// What vanishes during the walk is left out. What cannot be read is left out
// too, and the walk returns a *PartialError that names it once all the rest was
// delivered. A root that cannot be read is an *fs.PathError.
func Walk(ctx context.Context, root string, r *Rules, fn func(Entry) error) error {
	return walk(ctx, root, r, nil, fn)
}

func walk(ctx context.Context, root string, r *Rules, known *Outline, fn func(Entry) error) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return fmt.Errorf("walking %q: %w", root, err)
	}
	w := walker{ctx: ctx, rules: r.At(root), root: root, known: known, fn: fn}
	if !w.rules.covers(root) {
		return fmt.Errorf("walking %q: the rules are for %q", root, w.rules.root)
	}
	w.failed = func(err error) error {
		if !gone(err) {
			w.errs = append(w.errs, err)
		}
		return nil
	}
	if err := w.walk(); err != nil {
		return err
	}
	return partial(w.errs)
}

// Folders calls fn for each folder that Walk would hand to its fn by rules that leave out what skip does,
// which is asked about no files. Of a folder that is as known has it only the stat is asked for.
func Folders(ctx context.Context, root string, skip func(path string) bool, known *Outline, fn func(Entry)) error {
	return walk(ctx, root, Func(func(path string, dir bool) bool { return !dir || skip(path) }), known, func(e Entry) error {
		fn(e)
		return nil
	})
}

// walker is one walk. Its fields belong to the goroutine that walks.
type walker struct {
	ctx    context.Context // of the one call that the walker lives in
	rules  *Rules
	root   string
	known  *Outline // which has no files, so that nobody may ask for any; nil: there is none
	fn     func(Entry) error
	failed func(error) error // what to do when a folder cannot be read; nil goes on
	errs   []error
	notes  *notes // what a later look goes by, links that the rules do not leave out among it; nil: there is none

	// filesOnly hands no folders to fn, which saves asking twice whether a
	// folder is a capsule of its own.
	filesOnly bool

	// shallow is told of folders that would be walked, which are not then; nil: they are.
	shallow func(path string)

	// Where the root lies below the root of the rules.
	prefix string // "" or "a/b/"
	above  *scope // of the folder that the root lies in; nil when it is the rules' own root
}

func (w *walker) walk() error {
	d, err := fsys.OpenDir(w.root)
	if err != nil {
		return err
	}
	defer d.Release()
	if rel, _ := w.rules.relative(w.root); rel != "" {
		if w.rules.Skip(w.root, true) {
			return nil
		}
		up, _ := split(rel)
		w.prefix, w.above = rel+"/", w.rules.scopeOf(up)
	}
	if !w.filesOnly {
		if err := w.fn(Entry{Dir: true, root: w.root}); err != nil {
			return skipDir(err)
		}
	}
	return w.folder(d, "", w.above)
}

// folder walks the open folder d. up is the scope of the folder above it.
func (w *walker) folder(d *fsys.Dir, rel string, up *scope) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	w.notes.folder(d, rel)
	list, err := w.known.entries(d)
	if err != nil {
		if rel == "" {
			return err
		}
		return w.failed(err)
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	l := look(list)
	if l.gitignore {
		w.notes.gitignore(d, rel)
	}
	sc := w.rules.enter(up, strings.TrimSuffix(w.prefix+rel, "/"), l)
	if sc.nested {
		return nil
	}
	for _, e := range list {
		if err := w.entry(d, sc, rel, e); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) entry(d *fsys.Dir, sc *scope, rel string, e fs.DirEntry) error {
	name := e.Name()
	mode := e.Type()
	isLink := mode == fs.ModeSymlink && w.notes != nil
	if mode != 0 && mode != fs.ModeDir && !isLink {
		return nil
	}
	isDir := mode == fs.ModeDir
	if w.rules.judge(sc, name, isDir) || isLink && name != "dist" && IgnoredFolder(name) {
		return nil
	}
	path := name
	if rel != "" {
		path = rel + "/" + name
	}
	if isLink {
		w.notes.links = append(w.notes.links, path)
		return nil
	}
	if !isDir {
		return w.fn(Entry{Path: path, in: d, name: name})
	}
	return w.below(d, sc, path, name)
}

// below walks the folder name in d. One in which the outline has no folders is not opened.
func (w *walker) below(d *fsys.Dir, sc *scope, path, name string) error {
	if w.shallow != nil {
		w.shallow(path)
		return nil
	}
	if w.known.isLeaf(d, name) {
		if err := w.fn(Entry{Path: path, Dir: true, in: d, name: name}); err != nil {
			return skipDir(err)
		}
		if w.known.same(d, name) { // asked for after fn, which may have placed a watch
			return nil
		}
		return w.open(d, sc, path, name, true)
	}
	return w.open(d, sc, path, name, w.filesOnly)
}

// open opens and walks the folder name in d; told: fn was told of it, or is not.
func (w *walker) open(d *fsys.Dir, sc *scope, path, name string, told bool) error {
	sub, err := d.Open(name)
	if err != nil {
		return w.failed(err)
	}
	defer sub.Release()
	if !told {
		if w.rules.nests(sub) {
			return nil
		}
		if err := w.fn(Entry{Path: path, Dir: true, in: d, name: name}); err != nil {
			return skipDir(err)
		}
	}
	return w.folder(sub, path, sc)
}

func skipDir(err error) error {
	if err == fs.SkipDir {
		return nil
	}
	return err
}

// listing is what the rules want to know of a folder's entries.
type listing struct{ manifest, gitignore, git bool }

func look(list []fs.DirEntry) (l listing) {
	for _, e := range list {
		switch e.Name() {
		case ManifestName:
			l.manifest = e.Type().IsRegular()
		case ".gitignore":
			l.gitignore = e.Type().IsRegular()
		case ".git":
			l.git = true
		}
	}
	return l
}
