package tree

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Foreign knows the work trees below roots that are not the roots' own: linked work
// trees, submodules and repositories inside the repository that a root lies in, and
// below a root that lies in none the work trees and submodules of repositories there.
// Repositories side by side below such a root are all its own. The nil Foreign knows
// of none. It may be used concurrently.
type Foreign struct {
	roots []foreignRoot
}

type foreignRoot struct {
	path string // absolute, as it was given
	real string // links resolved
	repo bool   // it lies in a repository
}

// NewForeign looks once at what the roots lie in. A repository that is the user's
// home (dotfiles) or the top of the disk holds no workspace.
func NewForeign(roots []string) *Foreign {
	home, _ := os.UserHomeDir()
	if real, err := filepath.EvalSymlinks(home); err == nil {
		home = real
	}
	f := &Foreign{}
	for _, root := range roots {
		abs, err := filepath.Abs(root)
		if err != nil {
			continue
		}
		r := foreignRoot{path: abs, real: abs}
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			r.real = real
		}
		for up := r.real; up != filepath.Dir(up) && up != home && !r.repo; up = filepath.Dir(up) {
			r.repo = openRepository(up, nil) != nil
		}
		f.roots = append(f.roots, r)
	}
	return f
}

// Is reports whether folder, an absolute path, is the top of a work tree that is not
// the roots' own. A root never is.
func (f *Foreign) Is(folder string) bool {
	if f == nil {
		return false
	}
	if _, err := os.Lstat(fsys.Join(folder, ".git")); err != nil {
		return false
	}
	repo := openRepository(folder, nil)
	if repo == nil || slices.ContainsFunc(f.roots, func(r foreignRoot) bool { return r.path == folder }) {
		return false
	}
	foreign := false
	for _, r := range f.roots {
		if !fsys.Inside(r.path, folder) {
			continue
		}
		// A git folder that lies elsewhere below the root is that of a repository there.
		if !r.repo && (fsys.Inside(folder, repo.dir) || !fsys.Inside(r.real, repo.dir)) {
			return false
		}
		foreign = true
	}
	return foreign
}

// holds is Is for a folder whose entries are known.
func (f *Foreign) holds(folder string, list []fs.DirEntry) bool {
	if f == nil {
		return false
	}
	return slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == ".git" }) && f.Is(folder)
}

// Repository is the top of the git repository that dir lies in, "" for none. A
// repository that is the user's home (dotfiles) or the root of the disk is none.
func Repository(dir, home string) string {
	for folder := dir; ; folder = filepath.Dir(folder) {
		if folder == home || filepath.Dir(folder) == folder {
			return ""
		}
		if _, err := os.Lstat(fsys.Join(folder, ".git")); err == nil {
			return folder
		}
	}
}
