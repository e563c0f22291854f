package inputs

import (
	"path/filepath"
	"slices"

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
