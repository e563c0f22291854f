package tree

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Others says what TakeOthers takes.
type Others struct {
	Patterns []string
	Base     string
	// Top is the folder of the checkout, absolute. What lies outside of it is called by its
	// absolute path: a checkout elsewhere sees the same file there. "" calls all by relative ones.
	Top string
	// Known are the files to leave out: what is counted elsewhere, or must not count. It is
	// asked with the paths that the snapshot would have. nil leaves none out.
	Known func(path string) bool
}

// TakeOthers takes the snapshot of inputs that lie outside a capsule. Each
// pattern is an absolute path or one relative to base, with slashes: a file, a
// folder, or, when nothing of that very name is there, a doublestar glob
// ("../wit/**/*.wit"). A folder, also one that a glob matches, stands for all
// that the Astrid rules find in it; a glob does not look into folders that those
// rules leave out, unless the folder's name is in the pattern before the first
// wildcard. What editors leave for a moment counts only where a pattern is its
// very name. Links are followed where a pattern names them, not below.
//
// Paths in the snapshot are relative to base, where that can be said, and may
// begin with "../", so that another checkout has the same ones. A pattern that stands for
// nothing is recorded by its path with Size Absent and is no error. Each file counts once.
func TakeOthers(ctx context.Context, o Others) (*Snapshot, error) {
	abs, err := filepath.Abs(o.Base)
	if err != nil {
		return nil, fmt.Errorf("reading inputs of %q: %w", o.Base, err)
	}
	o.Base = abs
	return again(ctx, func() (*Snapshot, error) {
		items, err := collect(ctx, o)
		if err != nil {
			return nil, err
		}
		if o.Known != nil {
			items = slices.DeleteFunc(items, func(it item) bool { return o.Known(it.path) })
		}
		return read(ctx, reading{list: func(_ context.Context, add func(item) error) error {
			for _, it := range items {
				if err := add(it); err != nil {
					return err
				}
			}
			return nil
		}})
	})
}

// collect lists what patterns stand for, in the order of their paths, each once.
func collect(ctx context.Context, o Others) ([]item, error) {
	var items []item
	for _, p := range o.Patterns {
		found, err := expand(ctx, p, o)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			continue
		}
		items = append(items, found...)
	}
	slices.SortStableFunc(items, func(a, b item) int { return compareRaw(a.path, b.path) })
	return slices.CompactFunc(items, func(a, b item) bool { return a.path == b.path }), nil
}

func expand(ctx context.Context, p string, o Others) ([]item, error) {
	full := fsys.Absolute(o.Base, p)
	list := &inputs{ctx: ctx, base: o.Base, top: o.Top}
	if err := list.add(full); err == nil || !gone(err) {
		return list.items, err
	}
	if err := list.glob(filepath.ToSlash(p)); err != nil {
		return nil, err
	}
	if len(list.items) == 0 && !list.empty {
		list.items = []item{{path: list.name(full), absent: true}}
	}
	return list.items, nil
}

// inputs collects the files that one pattern stands for.
type inputs struct {
	ctx   context.Context // of the one call
	base  string
	top   string // of the checkout; "" when nobody knows one
	items []item
	empty bool // a folder was matched, and there may be nothing in it
}

// name is what the snapshot calls the file full.
func (l *inputs) name(full string) string {
	if rel, err := filepath.Rel(l.base, full); err == nil && (l.top == "" || fsys.Inside(l.top, full)) {
		full = rel
	}
	return filepath.ToSlash(full)
}

// add takes a file, or all in a folder. A path that is neither is "not there".
func (l *inputs) add(full string) error {
	dir, err := isFolder(full)
	if err != nil {
		return err
	}
	if !dir {
		l.items = append(l.items, item{full: full, path: l.name(full)})
		return nil
	}
	l.empty = true
	return l.walk(full, Astrid(), func(string) bool { return true })
}

// walk adds the files below folder whose relative path want wants.
func (l *inputs) walk(folder string, r *Rules, want func(rel string) bool) error {
	w := walker{ctx: l.ctx, rules: r.At(folder), root: folder, filesOnly: true, failed: changed}
	w.fn = func(e Entry) error {
		if _, name := split(e.Path); !isDropping(name) && want(e.Path) {
			full := filepath.Join(folder, filepath.FromSlash(e.Path))
			l.items = append(l.items, item{full: full, path: l.name(full)})
		}
		return nil
	}
	return changed(w.walk())
}

// glob adds what pattern matches: files, and all in folders. Only the pattern is
// one; base may hold any character.
func (l *inputs) glob(pattern string) error {
	if !doublestar.ValidatePattern(pattern) {
		return nil
	}
	folder, rest := doublestar.SplitPattern(pattern)
	if !hasWildcard(rest) {
		return nil
	}
	folder = fsys.Absolute(l.base, folder)
	if dir, err := isFolder(folder); err != nil || !dir {
		if err != nil && !gone(err) {
			return err
		}
		return nil
	}
	onlyFolders := Func(func(path string, dir bool) bool { return dir && IgnoredFolder(filepath.Base(path)) })
	return l.walk(folder, onlyFolders, func(rel string) bool { return globs(rest, rel) })
}

// isFolder follows links; what is neither a file nor a folder is an error that means "not there".
func isFolder(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return false, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}
	return info.IsDir(), nil
}
