package builder

import (
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
