package watcher

import (
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

const sep = string(filepath.Separator)

// targetKey tells targets apart: one path may be a root and an outside input.
type targetKey struct {
	path string
	root bool
}

// target is one root or outside path of the plan. It belongs to the loop's goroutine.
type target struct {
	targetKey
	own  bool                             // it is the plan's Own
	skip func(path string, dir bool) bool // the plan's, for a root; may be nil

	now     resolution // where the path leads, as far as known
	holds   []hold     // registered for now
	top     *folder    // what is watched of now.real; nil unless that is a folder
	touched bool       // an event named the path itself since the last look
	retired bool       // no plan names it any more
}

// skips reports whether path, at or below t's real path, is of no interest to t.
func (t *target) skips(path string, dir bool) bool {
	if t.skip != nil {
		return t.skip(t.spell(path), dir)
	}
	return dir && tree.IgnoredFolder(filepath.Base(path))
}

// spell is path, which begins with t's real path, as the plan's maker knows it.
func (t *target) spell(path string) string {
	if t.path == t.now.real {
		return path
	}
	return join(t.path, strings.TrimPrefix(path[len(t.now.real):], sep))
}

// join is filepath.Join without cleaning: "" stands for the folder itself.
func join(folder, rel string) string {
	switch {
	case rel == "":
		return folder
	case strings.HasSuffix(folder, sep):
		return folder + rel
	}
	return folder + sep + rel
}

// split is the folder and the name of an absolute path.
func split(path string) (dir, name string) {
	i := strings.LastIndexByte(path, filepath.Separator)
	if dir = path[:max(i, 0)]; dir == filepath.VolumeName(path) {
		dir = path[:i+1] // the top keeps its separator
	}
	return dir, path[i+1:]
}

// below reports whether path lies below folder.
func below(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, folder)
	return ok && rest != "" && (rest[0] == filepath.Separator || strings.HasSuffix(folder, sep))
}
