package workspace

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// workspaceOf is the folder that must be copied for the capsule in dir to
// build: the git repository's top, else the workspace of cargo, go or npm, else
// the module or crate it lies in, else dir itself.
func workspaceOf(dir, home string) string {
	if top := tree.Repository(dir, home); top != "" {
		return top
	}
	found := dir
	for folder := dir; ; folder = filepath.Dir(folder) {
		if folder == home || filepath.Dir(folder) == folder {
			return found // whoever keeps a package.json in his home does not mean all of it
		}
		if folder != dir && isWorkspace(folder) {
			found = folder
		}
	}
}

// smallFile is the largest file that is read whole which a person writes.
const smallFile = 64 << 20

var cargoWorkspace = regexp.MustCompile(`(?m)^\s*\[workspace[\].]`)

func isWorkspace(folder string) bool {
	for _, name := range []string{"go.work", "go.mod", "pnpm-workspace.yaml"} {
		if Exists(filepath.Join(folder, name)) {
			return true
		}
	}
	cargo, _ := fsys.Read(filepath.Join(folder, "Cargo.toml"), smallFile)
	npm, _ := fsys.Read(filepath.Join(folder, "package.json"), smallFile)
	return cargoWorkspace.Match(cargo) || strings.Contains(string(npm), `"workspaces"`)
}

// Roots are the folders to copy for dirs: sorted, none inside another.
func Roots(dirs []string) []string {
	home := homeFolder()
	var list []string
	for _, dir := range dirs {
		list = append(list, workspaceOf(dir, home))
	}
	slices.Sort(list)
	var out []string
	for _, folder := range slices.Compact(list) {
		if !slices.ContainsFunc(out, func(o string) bool { return fsys.Inside(o, folder) }) {
			out = append(out, folder)
		}
	}
	return out
}

func homeFolder() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(home); err == nil {
		return real
	}
	return home
}

// Common is the deepest folder that all of list lie in.
func Common(list []string) string {
	if len(list) == 0 {
		return ""
	}
	top := list[0]
	for _, path := range list[1:] {
		for !fsys.Inside(top, path) {
			top = filepath.Dir(top)
		}
	}
	return top
}

// Exists reports whether something stands at path, be it a link that leads nowhere.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Resolved are dirs without symbolic links, sorted, each once: a link to a
// capsule is that capsule, and its workspace is found above the real one.
func Resolved(dirs []string) []string {
	var list []string
	for _, dir := range dirs {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		list = append(list, dir)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Owner is the deepest of dirs that path lies in, "" for none.
func Owner(path string, dirs []string) string {
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		if _, ok := slices.BinarySearch(dirs, folder); ok {
			return folder
		}
		if folder == filepath.Dir(folder) {
			return ""
		}
	}
}
