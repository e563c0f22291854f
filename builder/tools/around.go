package tools

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// own are the topics on which every capsule answers for its tools: nobody is asked there.
var own = []string{"tool.v1.execute.*.result", "tool.v1.response.describe.*"}

// Around are the capsules beside m, in the folders that stand beside its own, that hear what m says: a
// topic that [publish] declares is one of their [subscribe]. Those that hear what they say are among them.
// They are in the order of their names. A folder whose manifest cannot be read is none.
func Around(m *capsule.Manifest) (list []*capsule.Manifest) {
	if !asks(m) {
		return nil
	}
	beside := siblings(m)
	found := []*capsule.Manifest{m}
	for i := 0; i < len(found); i++ {
		for _, other := range beside {
			if !slices.Contains(found, other) && hears(other, found[i]) {
				found = append(found, other)
			}
		}
	}
	list = found[1:]
	slices.SortFunc(list, func(a, b *capsule.Manifest) int { return slices.Index(beside, a) - slices.Index(beside, b) })
	return list
}

// asks reports whether a capsule says anything that another one might hear.
func asks(m *capsule.Manifest) bool {
	return slices.ContainsFunc(m.Publish, func(t capsule.Topic) bool { return !slices.Contains(own, t.Pattern) })
}

// siblings are the capsules in the folders beside m's, by name.
func siblings(m *capsule.Manifest) (list []*capsule.Manifest) {
	parent := filepath.Dir(m.Dir)
	entries, err := os.ReadDir(parent)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		dir := filepath.Join(parent, e.Name())
		if !e.IsDir() || dir == m.Dir {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "Capsule.toml")); err != nil {
			continue
		}
		if other, err := capsule.Load(dir); err == nil && len(other.Components) > 0 && other.Package.Name != m.Package.Name {
			list = append(list, other)
		}
	}
	return list
}

// hears reports whether a capsule subscribes to something that another one publishes.
func hears(m, from *capsule.Manifest) bool {
	for _, said := range from.Publish {
		if slices.Contains(own, said.Pattern) {
			continue
		}
		for _, heard := range m.Subscribe {
			if host.Overlap(said.Pattern, heard.Pattern) {
				return true
			}
		}
	}
	return false
}
