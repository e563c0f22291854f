package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// outside lists what the crate is built from beside its own manifest: crates that
// it names by path, its workspaces' manifests and locks, configuration files,
// and whatever the compiler noted in its dep-info, include_str! among it.
func (c *crate) outside(ctx context.Context) ([]string, error) {
	crates, workspaces := c.files.PathDependencies()
	list := slices.Clone(crates)
	for _, w := range workspaces {
		list = append(list, filepath.Join(w, "Cargo.toml"))
	}
	list = append(list, filepath.Join(c.files.Workspace, "Cargo.lock"), filepath.Join(c.files.Workspace, ".cargo", "config.toml"))
	for _, config := range c.files.Configs {
		list = append(list, config.Path)
	}
	list = append(list, cargo.ToolchainFiles(c.dir)...)
	if strings.HasSuffix(c.target, ".json") {
		list = append(list, fsys.Absolute(c.dir, c.target))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	list = append(list, c.noted()...)
	return c.beyond(list), nil
}

// beyond keeps of list what is not found in a folder of list, sorted. What lies below
// the capsule stays: the rules of the source hash may leave it out, and who asks knows them.
func (j *job) beyond(list []string) []string {
	slices.Sort(list)
	var out []string
	for _, path := range slices.Compact(list) {
		if path == j.dir || slices.ContainsFunc(out, func(o string) bool { return foundIn(o, path) }) {
			continue
		}
		out = append(out, path)
	}
	return out
}

// foundIn reports whether folder, as an input, stands for path too: it does not
// for modules and for what lies in folders of products, by the rules of the source hash.
func foundIn(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	if err != nil || !filepath.IsLocal(rel) || filepath.Ext(path) == ".wasm" {
		return false
	}
	return !slices.ContainsFunc(strings.Split(filepath.ToSlash(rel), "/"), tree.IgnoredFolder)
}

// noted reads the dep-info of the last build, finished or not. What cargo
// generates itself and what comes from a registry is left out: the lock file
// decides the latter.
func (c *crate) noted() []string {
	dir := filepath.Join(c.targetDir, strings.TrimSuffix(filepath.Base(c.target), ".json"), c.profileDir())
	var list []string
	for _, path := range c.depInfos(dir) {
		for _, source := range parseDepInfo(readAll(path)) {
			source = fsys.Absolute(c.files.Workspace, source)
			if !fsys.Inside(c.targetDir, source) && !fsys.Inside(cargo.Home(c.env.lookup), source) && (c.sysroot == "" || !fsys.Inside(c.sysroot, source)) {
				list = append(list, source)
			}
		}
	}
	return list
}

// depInfos lists cargo's own note beside the module, and the newest that the
// compiler wrote for the crate: it exists even when the build failed.
func (c *crate) depInfos(dir string) []string {
	name := c.files.Manifest.LibName()
	list := []string{filepath.Join(dir, name+".d")}
	candidates, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(dir), "deps", name+"-*.d"))
	candidates = append(candidates, filepath.Join(dir, "deps", name+".d")) // a cdylib's has no hash in its name
	newest, at := "", int64(0)
	for _, path := range candidates {
		if info, err := os.Stat(path); err == nil && info.ModTime().UnixNano() >= at {
			newest, at = path, info.ModTime().UnixNano()
		}
	}
	return append(list, newest)
}

// parseDepInfo reads the right-hand sides of a makefile's rules. A blank in a
// name is written with a backslash before it.
func parseDepInfo(data []byte) []string {
	var list []string
	for _, line := range strings.Split(string(data), "\n") {
		_, names, ok := strings.Cut(line, ": ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for _, name := range strings.Split(strings.ReplaceAll(strings.TrimSuffix(names, "\r"), `\ `, "\x00"), " ") {
			if name != "" {
				list = append(list, strings.ReplaceAll(name, "\x00", " "))
			}
		}
	}
	return list
}
