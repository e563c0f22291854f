package fsys

import (
	"path/filepath"
	"strings"
)

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

// Related reports whether one of two paths is the other, or lies below it.
func Related(a, b string) bool { return Inside(a, b) || Inside(b, a) }

// Upward lists dir and every folder above it, dir first.
func Upward(dir string) []string {
	list := []string{dir}
	for parent := filepath.Dir(dir); parent != dir; parent = filepath.Dir(dir) {
		dir = parent
		list = append(list, dir)
	}
	return list
}

// Join is filepath.Join without cleaning: name is one entry of folder.
func Join(folder, name string) string {
	if strings.HasSuffix(folder, string(filepath.Separator)) {
		return folder + name
	}
	return folder + string(filepath.Separator) + name
}

// EscapeGlob makes a path stand for itself in a pattern of filepath.Glob. A backslash is an
// escape there only where it is no separator.
func EscapeGlob(path string) string {
	if filepath.Separator != '\\' {
		path = strings.ReplaceAll(path, `\`, `\\`)
	}
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(path)
}
