package tree

import (
	"cmp"
	"context"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
)

// FindCapsules returns the folders at or below roots that hold a regular file
// Capsule.toml, absolute, sorted, each once. Folders named node_modules, target,
// dist and .git below a root are not entered, links not followed, but a root
// may be a link. A capsule inside a capsule is found too.
//
// What could be found is returned also when err is a *PartialError: it names
// the roots and folders that could not be read; a root that does not exist is
// in it as fs.ErrNotExist. Any other err is ctx's, and nothing is returned.
func FindCapsules(ctx context.Context, roots []string) ([]string, error) {
	f := &finder{ctx: ctx}
	f.wake.L = &f.mu
	for _, root := range roots {
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
		return nil, err
	}
	slices.Sort(f.found)
	slices.SortFunc(f.errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return slices.Compact(f.found), partial(f.errs)
}

type folder struct {
	path string
	root bool
}

// finder is one search, shared by the goroutines that work at it.
type finder struct {
	ctx context.Context // of the one call that the finder lives in

	mu    sync.Mutex // guards all below
	wake  sync.Cond  // a folder was queued, or the last one is done
	queue []folder   // taken from its end, which keeps it short
	busy  int        // goroutines that may still queue more
	found []string
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
		below, capsule, err := readFolder(next)
		f.mu.Lock()
		f.busy--
		f.queue = append(f.queue, below...)
		if capsule {
			f.found = append(f.found, next.path)
		}
		if err != nil && (next.root || !gone(err)) {
			f.errs = append(f.errs, err)
		}
		if len(below) > 0 || f.busy == 0 {
			f.wake.Broadcast()
		}
	}
}

// readFolder lists the folders to enter in d, and whether d is a capsule.
func readFolder(d folder) (below []folder, capsule bool, err error) {
	open, err := openListed(d)
	if err != nil {
		return nil, false, err
	}
	defer open.release()
	list, err := open.read()
	for _, e := range list {
		switch {
		case e.IsDir() && !IgnoredFolder(e.Name()):
			below = append(below, folder{path: join(d.path, e.Name())})
		case e.Name() == ManifestName && e.Type().IsRegular():
			capsule = true
		}
	}
	return below, capsule, err
}
