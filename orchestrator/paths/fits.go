package paths

import (
	"path/filepath"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
)

// Pattern reports whether pattern is one for Fits.
func Pattern(pattern string) bool { return doublestar.ValidatePattern(pattern) && pattern != "" }

// Fits reports whether one of patterns fits the capsule in dir: its manifest's name, its folder's
// name, or its path below one of roots, with slashes. Without patterns each capsule fits.
func Fits(patterns, roots []string, dir string) bool {
	if len(patterns) == 0 {
		return true
	}
	names := []string{filepath.Base(dir)}
	for _, root := range roots {
		if rel, err := filepath.Rel(root, dir); err == nil {
			names = append(names, filepath.ToSlash(rel))
		}
	}
	if m, err := capsule.Load(dir); err == nil {
		names = append(names, m.Package.Name)
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			fits, err := doublestar.Match(pattern, name)
			return err == nil && fits
		})
	})
}
