package inputs

import (
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Takes are the files and folders outside the sources that in depends on, absolute, where
// other capsules may publish: those outside Dir, and those of capsules that lie in it.
func (in *Inputs) Takes() []string {
	list := slices.Clone(in.Outside)
	for _, pattern := range in.Within {
		list = append(list, tree.PatternFolder(in.Dir, pattern))
	}
	return list
}

// LeftOut reports whether the rules of the source hash leave out the input called name,
// a slash path below Dir: it counts because git tracks it, or because a tool reads it.
func (in *Inputs) LeftOut(name string) bool {
	return in.left != nil && filepath.IsLocal(filepath.FromSlash(name)) && in.left(filepath.Join(in.Dir, filepath.FromSlash(name)), false)
}

// Portably are paths, absolute, as another checkout has them: relative to the capsule, with
// slashes, where they lie in the checkout.
func (in *Inputs) Portably(paths []string) []string {
	list := make([]string, len(paths))
	for i, path := range paths {
		if rel, err := filepath.Rel(in.Dir, path); err == nil && (in.top == "" || fsys.Inside(in.top, path)) {
			path = rel
		}
		list[i] = filepath.ToSlash(path)
	}
	return list
}

// Here are the paths, absolute, of what Portably names in another checkout.
func (in *Inputs) Here(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fsys.Absolute(in.Dir, filepath.FromSlash(name))
	}
	return list
}

// Top is the folder of the checkout that the capsule lies in; without a repository the capsule's own.
func (in *Inputs) Top() string {
	if in.top == "" {
		return in.Dir
	}
	return in.top
}
