package watcher

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fsnotify/fsnotify"

	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

type seams struct{}

type loop struct {
	Config
	out  chan<- Batch
	w    *fsnotify.Watcher
	plan Plan
}

func newLoop(cfg Config, out chan<- Batch) *loop { return &loop{Config: cfg, out: out} }

func (l *loop) close() {
	if l.w != nil {
		l.w.Close()
	}
}

func (l *loop) run(ctx context.Context) (err error) {
	if l.w, err = fsnotify.NewWatcher(); err != nil {
		return err
	}
	var pending []string
	lost := false
	for {
		var out chan<- Batch
		batch := Batch{Paths: pending}
		if lost {
			batch = Batch{Lost: true}
		}
		if lost || len(pending) > 0 {
			out = l.out
		}
		select {
		case <-ctx.Done():
			return nil
		case p, ok := <-l.Plans:
			if !ok {
				l.Plans = nil
				continue
			}
			l.plan, lost = p, true
			for _, r := range append(p.Roots, p.Outside...) {
				l.add(r)
			}
		case e := <-l.w.Events:
			if info, err := os.Lstat(e.Name); err == nil && info.IsDir() {
				pending = append(pending, l.add(e.Name)...)
			}
			if !l.skip(e.Name, false) {
				pending = append(pending, e.Name)
			}
		case <-l.w.Errors:
			lost = true
		case out <- batch:
			pending, lost = nil, false
		}
	}
}

func (l *loop) skip(path string, dir bool) bool {
	if l.plan.Skip != nil {
		return l.plan.Skip(path, dir)
	}
	return dir && tree.IgnoredFolder(filepath.Base(path))
}

func (l *loop) add(root string) (files []string) {
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if d.IsDir() {
			if path != root && l.skip(path, true) {
				return fs.SkipDir
			}
			l.w.Add(path)
		} else if !l.skip(path, false) {
			files = append(files, path)
		}
		return nil
	})
	return files
}
