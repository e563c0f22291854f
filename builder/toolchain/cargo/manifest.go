package cargo

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Manifest is a Cargo.toml.
type Manifest struct{ *tomldoc.Document }

// ReadManifest reads dir/Cargo.toml. What cannot be read is empty.
func ReadManifest(dir string) *Manifest {
	return &Manifest{document(filepath.Join(dir, "Cargo.toml"))}
}

// Name is the package's, "" where the file describes none.
func (m *Manifest) Name() string { return m.String("package", "name") }

// LibName is the crate's name as its files have it.
func (m *Manifest) LibName() string {
	if name := m.String("lib", "name"); name != "" {
		return name
	}
	return strings.ReplaceAll(m.Name(), "-", "_")
}

// IsCdylib reports whether the library, or with at = "example[2]" that example, becomes a
// module of its own.
func (m *Manifest) IsCdylib(at string) bool {
	return slices.Contains(append(m.Strings(at, "crate-type"), m.Strings(at, "crate_type")...), "cdylib")
}

// Modules are the files that cargo makes of the crate in dir, the library's first.
func (m *Manifest) Modules(dir string) []string {
	var list []string
	if m.IsCdylib("lib") {
		list = append(list, strings.ReplaceAll(m.LibName(), "-", "_")+".wasm")
	}
	for _, bin := range m.programs(dir) {
		list = append(list, bin+".wasm")
	}
	return list
}

// programs are the crate's binary targets, declared and found by their files.
func (m *Manifest) programs(dir string) []string {
	var found []string
	bins, _ := m.Value("bin")
	for _, bin := range tomldoc.Elements(bins) {
		table, _ := bin.(map[string]any)
		if name, ok := table["name"].(string); ok {
			found = append(found, name)
		}
	}
	if isFile(filepath.Join(dir, "src", "main.rs")) {
		found = append(found, m.Name())
	}
	files, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(dir), "src", "bin", "*.rs"))
	for _, path := range files {
		found = append(found, strings.TrimSuffix(filepath.Base(path), ".rs"))
	}
	mains, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(dir), "src", "bin", "*", "main.rs"))
	for _, path := range mains {
		found = append(found, filepath.Base(filepath.Dir(path)))
	}
	slices.Sort(found)
	return slices.Compact(found)
}
