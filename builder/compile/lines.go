package compile

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/source"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// bare makes of the core module at path what is to be published: what tells of the source is taken out of it, and a trap is to
// name its line all the same. It returns the path of what is left, path itself where the module is as it should be;
// m.Lines is then a copy that still tells.
func (b *Build) bare(path string, m *Module) (string, error) {
	if m.Found {
		return path, nil
	}
	customs, ok := customsOf(path)
	if ok && !b.Recipe.Fold && !source.Tells(customs, b.Recipe.StripNames) {
		return path, nil
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		return "", b.refused(err)
	}
	folded := whole
	if b.Recipe.Fold {
		folded = source.Fold(whole)
	}
	stripped, told := source.Strip(folded, b.Recipe.StripNames)
	if bytes.Equal(stripped, whole) {
		return path, nil
	}
	module := m.Path + ".bare"
	if err := os.WriteFile(module, stripped, 0o666); err != nil {
		return "", b.refused(err)
	}
	if !told {
		return module, nil
	}
	m.Lines = m.Path + ".lines"
	if err := os.WriteFile(m.Lines, whole, 0o666); err != nil {
		return "", b.refused(err)
	}
	if ok && !slices.Contains(customs, source.MapSection) {
		return module, nil
	}
	return module, b.keepMap(whole, path, m.Lines)
}

// keepMap copies the source map that lies beside the module at path, where the module names one.
func (b *Build) keepMap(module []byte, path, lines string) error {
	m, err := source.Open(module)
	if err != nil || m.MapURL() == "" {
		return nil
	}
	name := filepath.FromSlash(m.MapURL())
	if !filepath.IsLocal(name) {
		return nil // an address, or somebody else's file
	}
	text, err := fsys.Read(filepath.Join(filepath.Dir(path), name), source.MaxMap)
	if err != nil {
		return nil // a map that is not there tells nothing
	}
	if err := os.WriteFile(lines+source.MapSuffix, text, 0o666); err != nil {
		return b.refused(err)
	}
	return nil
}
