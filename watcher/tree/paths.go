package tree

import "path/filepath"

// Absolute is path, in which / stands between folders, as seen from the folder base: itself
// when it is absolute. The result is clean, and a pattern stays one.
func Absolute(base, path string) string {
	path = filepath.FromSlash(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	return filepath.Clean(path)
}

// Inside reports whether path is folder or lies below it.
func Inside(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}
