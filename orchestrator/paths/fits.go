package paths

import (
	"path/filepath"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
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

// Chosen are those of dirs, folders of capsules, that fit one of patterns, and those whose modules they
// take (the manifests' inputs), themselves or by way of others: what one works on cannot be built
// without them. Without patterns all are.
func Chosen(patterns, roots, dirs []string) []string {
	if len(patterns) == 0 {
		return dirs
	}
	chosen := slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool { return !Fits(patterns, roots, dir) })
	if len(chosen) == 0 || len(chosen) == len(dirs) {
		return chosen
	}
	published := map[string][]string{} // modules, by the folder of their capsule
	inputs := map[string][]string{}    // what its manifest names as inputs, absolute
	for _, dir := range dirs {
		m, err := capsule.Load(dir)
		if err != nil {
			continue
		}
		for _, c := range m.Components {
			published[dir] = append(published[dir], fsys.Absolute(dir, c.File))
		}
		for _, pattern := range m.Dev.Inputs {
			inputs[dir] = append(inputs[dir], fsys.Absolute(dir, pattern))
		}
	}
	for next := 0; next < len(chosen); next++ { // chosen grows
		dir := chosen[next]
		if len(inputs[dir]) == 0 {
			continue
		}
		reach := tree.NewReach(inputs[dir], filepath.VolumeName(dir)+string(filepath.Separator))
		for _, other := range dirs {
			takes := slices.ContainsFunc(published[other], func(module string) bool { return reach.Holds(module, false) })
			if takes && !slices.Contains(chosen, other) {
				chosen = append(chosen, other)
			}
		}
	}
	slices.Sort(chosen)
	return chosen
}
