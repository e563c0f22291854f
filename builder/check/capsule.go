package check

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// capsuleFiles is one capsule while it is checked.
type capsuleFiles struct {
	dir     string // absolute
	options Options
	m       *capsule.Manifest
	list    []finding.Finding
	cargo   *cargo.Crate // nil when cargo does not build the capsule
}

func open(dir string, options Options) (*capsuleFiles, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("checking %q: %w", dir, err)
	}
	path := filepath.Join(absolute, tree.ManifestName)
	data, err := capsule.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &capsuleFiles{dir: absolute, options: options}
	c.m, c.list = capsule.Parse(path, data)
	c.list = append(c.list, c.m.Doubts()...)
	c.cargo = c.readCargo()
	return c, nil
}

// place is where a fault stands. An empty file is the manifest.
type place struct {
	file         string
	line, column int
}

// add notes a fault at a place.
func (c *capsuleFiles) add(code finding.Code, at place, hint, format string, args ...any) {
	if at.file == "" {
		at.file = tree.ManifestName
	}
	rule, _ := code.Rule()
	c.list = append(c.list, finding.Finding{Code: code, Severity: rule.Severity, File: at.file, Line: at.line, Column: at.column,
		Message: fmt.Sprintf(format, args...), Hint: hint})
}

// addAt is add for a key of the manifest.
func (c *capsuleFiles) addAt(code finding.Code, key []string, hint, format string, args ...any) {
	at := place{}
	at.line, at.column = c.m.Position(key...)
	if value, ok := c.m.Document().Locate(key...); ok {
		at.line, at.column = value.Line, value.Column
	}
	c.add(code, at, hint, format, args...)
}

// addKey is addAt, pointing at the key instead of its value.
func (c *capsuleFiles) addKey(code finding.Code, key []string, hint, format string, args ...any) {
	at := place{}
	at.line, at.column = c.m.Position(key...)
	c.add(code, at, hint, format, args...)
}

// relative is how findings name a file.
func (c *capsuleFiles) relative(path string) string {
	if rel, err := filepath.Rel(c.dir, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil || !errors.Is(err, fs.ErrNotExist)
}

// lookup finds a variable of the build's environment; the last one wins.
func (c *capsuleFiles) lookup(name string) (value string, set bool) {
	for _, pair := range c.options.Env {
		if text, found := strings.CutPrefix(pair, name+"="); found {
			value, set = text, true
		}
	}
	return value, set
}

// readCargo returns nil when cargo does not build the capsule.
func (c *capsuleFiles) readCargo() *cargo.Crate {
	dev := c.m.Dev
	if !c.m.Buildable() || len(dev.Build) > 0 || dev.Toolchain != "" && dev.Toolchain != "rust" && dev.Toolchain != "cargo" {
		return nil
	}
	if crate := cargo.Read(c.dir, c.lookup); crate.Manifest.Has("package", "name") {
		return crate
	}
	return nil
}
