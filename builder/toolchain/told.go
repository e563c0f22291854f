package toolchain

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// A build may tell what it read in files that it leaves in $CAPSULE_OUT_DIR: rules as
// compilers write them for make (*.d), and metafiles as esbuild writes them (*.meta.json).
// Where the settings ask for it, its system calls tell (trace.go).
// What it says is an input, wherever it lies.

// Prepare writes what the tool itself needs in the build's folder. It comes before the tool runs.
func (c *Command) Prepare() error {
	for name, text := range c.recipe.beside {
		if err := os.WriteFile(filepath.Join(c.work.out, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Told lists the files that the build, which began at start, said that it read: absolute,
// sorted, as far as they are there. Packages that were installed are left out, because the
// recipe's identity knows their versions, and so is what the build itself has just written
// below the capsule.
func (c *Command) Told(start time.Time) []string {
	var names []string
	rules, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(c.work.out), "*.d"))
	for _, path := range rules {
		names = append(names, parseRules(readAll(path))...)
	}
	metafiles, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(c.work.out), "*.meta.json"))
	for _, path := range metafiles {
		names = append(names, parseMetafile(readAll(path))...)
	}
	names = append(names, c.traced()...)
	var list []string
	for _, name := range names {
		path := fsys.Absolute(c.Dir, filepath.FromSlash(name))
		if slices.Contains(strings.Split(filepath.ToSlash(path), "/"), "node_modules") {
			continue
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || fsys.Inside(c.work.dir, path) && !info.ModTime().Before(start) {
			continue
		}
		list = append(list, path)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// parseRules reads the right-hand sides of rules that compilers wrote for make.
func parseRules(data []byte) []string {
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	return parseDepInfo([]byte(strings.NewReplacer("\\\n", " ", "\t", " ", "$$", "$", `\#`, "#").Replace(text)))
}

// parseMetafile reads the inputs of an esbuild metafile; nil when it is none.
func parseMetafile(data []byte) []string {
	var meta struct {
		Inputs map[string]json.RawMessage `json:"inputs"`
	}
	if json.Unmarshal(data, &meta) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(meta.Inputs))
}
