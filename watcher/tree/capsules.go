package tree

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Search says where capsules are looked for.
type Search struct {
	Roots  []string
	Nested bool     // also in work trees, submodules and repositories inside the roots' own
	Known  *Outline // of an earlier search of the same roots, or an empty one for the first; nil: no other will follow
}

// Found is what a search came upon. Paths are absolute and sorted, each once.
type Found struct {
	Capsules []string // folders that hold a regular file Capsule.toml
	Linked   []string // links to such a folder, and manifests that are links: neither is a capsule
	Foreign  []string // other repositories' work trees, which were not entered
	Outline  *Outline // what was seen of the folders; nil without Known
}

// Find looks for capsules at or below the roots. Folders named node_modules, target,
// dist and .git below a root are not entered, links not followed, but a root
// may be a link. A capsule inside a capsule is found too. A repository inside the
// roots' own, or a work tree of one that is among them, is another workspace: see Foreign.
//
// What could be found is returned also when err is a *PartialError: it names
// the roots and folders that could not be read; a root that does not exist is
// in it as fs.ErrNotExist. Any other err is ctx's, and nothing is returned.
func Find(ctx context.Context, s Search) (Found, error) {
	f := &finder{ctx: ctx, known: s.Known}
	if s.Known != nil {
		f.seen = &Outline{dev: trustedAll(s.Roots), folders: make(map[string]outlined, len(s.Known.folders))}
		if f.known.dev != f.seen.dev {
			f.known = &Outline{}
		}
		f.seen.news = s.Known.news
	}
	if !s.Nested {
		f.foreign = NewForeign(s.Roots)
	}
	f.wake.L = &f.mu
	for _, root := range s.Roots {
		abs, err := filepath.Abs(root)
		if err != nil {
			f.errs = append(f.errs, &fs.PathError{Op: "find", Path: root, Err: err})
		} else if next := (folder{path: abs, root: true}); !slices.Contains(f.queue, next) {
			f.queue = append(f.queue, next)
		}
	}
	var running sync.WaitGroup
	for range max(2, runtime.GOMAXPROCS(0)) { // two: one can wait for the disk while the other works
		running.Go(f.run)
	}
	running.Wait()
	if err := ctx.Err(); err != nil {
		return Found{}, err
	}
	for _, list := range []*[]string{&f.found.Capsules, &f.found.Linked, &f.found.Foreign} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.SortFunc(f.errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	f.found.Outline = f.seen
	return f.found, partial(f.errs)
}

// trustedAll is the device on which all roots lie, if it is trusted.
func trustedAll(roots []string) (dev uint64) {
	for n, root := range roots {
		if is := trusted(root); n == 0 {
			dev = is
		} else if is != dev {
			return 0
		}
	}
	return dev
}

type folder struct {
	path string
	root bool
}

// finder is one search, shared by the goroutines that work at it.
type finder struct {
	ctx     context.Context // of the one call that the finder lives in
	foreign *Foreign        // nil: every repository is entered
	known   *Outline        // of an earlier search

	mu    sync.Mutex // guards all below
	wake  sync.Cond  // a folder was queued, or the last one is done
	queue []folder   // taken from its end, which keeps it short
	busy  int        // goroutines that may still queue more
	found Found
	seen  *Outline // nil: nobody asks for it
	errs  []error
}

// run works until no folder is left and none can come.
func (f *finder) run() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		for len(f.queue) == 0 && f.busy > 0 {
			f.wake.Wait()
		}
		if len(f.queue) == 0 || f.ctx.Err() != nil {
			f.queue = nil
			f.wake.Broadcast()
			return
		}
		last := len(f.queue) - 1
		next := f.queue[last]
		f.queue = f.queue[:last]
		f.busy++
		f.mu.Unlock()
		below, here, err := f.look(next)
		f.mu.Lock()
		f.busy--
		f.queue = append(f.queue, below...)
		f.found.Capsules = append(f.found.Capsules, here.Capsules...)
		f.found.Linked = append(f.found.Linked, here.Linked...)
		f.found.Foreign = append(f.found.Foreign, here.Foreign...)
		if err != nil && (next.root || !gone(err)) {
			f.errs = append(f.errs, err)
		}
		if len(below) > 0 || f.busy == 0 {
			f.wake.Broadcast()
		}
	}
}

// look lists the folders to enter in d, and what d is and holds.
func (f *finder) look(d folder) (below []folder, here Found, err error) {
	if f.known != nil && !d.root {
		if is, same := f.known.at(d.path, fsys.Lstat(d.path)); same {
			below, here = d.inside(is)
			f.note(d.path, is, false)
			return below, here, nil
		}
	}
	return f.readFolder(d)
}

// inside lists the folders to enter in d, which is is, and what d is.
func (d folder) inside(is outlined) (below []folder, here Found) {
	for _, name := range is.folders {
		if !IgnoredFolder(name) {
			below = append(below, folder{path: fsys.Join(d.path, name)})
		}
	}
	if is.capsule {
		here.Capsules = []string{d.path}
	}
	return below, here
}

// note keeps what was seen of the folder at path; news: it was not known.
func (f *finder) note(path string, is outlined, news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen.folders[path] = is
	f.seen.news = f.seen.news || news
}

func (f *finder) readFolder(d folder) (below []folder, here Found, err error) {
	openDir := fsys.OpenRealDir
	if d.root { // only a root may be a link
		openDir = fsys.OpenDir
	}
	open, err := openDir(d.path)
	if err != nil {
		return nil, here, err
	}
	defer open.Release()
	before := time.Now()
	i, unknown := open.Stat(".")
	list, err := open.Entries()
	is, plain := outlineOf(list)
	if plain && err == nil && unknown == nil && f.seen != nil && f.seen.tells(i, before) {
		is.stat = stampOf(i)
		_, same := f.known.at(d.path, i)
		f.note(d.path, is, !same)
	}
	if !d.root && f.foreign.holds(d.path, list) {
		return nil, Found{Foreign: []string{d.path}}, err
	}
	below, here = d.inside(is)
	for _, e := range list {
		if e.Type() == fs.ModeSymlink && leadsToCapsule(fsys.Join(d.path, e.Name()), e.Name()) {
			here.Linked = append(here.Linked, fsys.Join(d.path, e.Name()))
		}
	}
	return below, here, err
}

// leadsToCapsule reports whether the link at path is a manifest, or leads to a folder with one.
func leadsToCapsule(path, name string) bool {
	if name != ManifestName {
		path = fsys.Join(path, ManifestName)
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
