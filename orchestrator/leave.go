package orchestrator

import (
	"slices"
	"strings"
)

// leftAlone reports whether somebody holds c.
func (l *loop) leftAlone(c *capsule) bool {
	return slices.ContainsFunc(l.holds, func(h *Hold) bool { return concerns(h.Paths, c.dir) })
}

// concerns reports whether the capsule in dir lies at, around or below one of paths; none: all.
func concerns(paths []string, dir string) bool {
	return len(paths) == 0 || slices.ContainsFunc(paths, func(path string) bool { return under(path, dir) || under(dir, path) })
}

// under reports whether path is dir, or lies below it.
func under(dir, path string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, sep)+sep)
}
