package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// outside lists what the crate is built from beside its own manifest: crates that
// it names by path, its workspaces' manifests and locks, configuration files,
// and whatever the compiler noted in its dep-info, include_str! among it.
func (c *crate) outside(ctx context.Context) ([]string, error) {
	crates, workspaces := pathDependencies(c.dir, c.workspace)
	list := slices.Clone(crates)
	for _, w := range workspaces {
		list = append(list, filepath.Join(w, "Cargo.toml"))
	}
	list = append(list, filepath.Join(c.workspace, "Cargo.lock"), filepath.Join(c.workspace, ".cargo", "config.toml"))
	for _, config := range c.configs {
		list = append(list, config.path)
	}
	list = append(list, toolchainFiles(c.dir)...)
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
	return !slices.ContainsFunc(strings.Split(filepath.ToSlash(rel), "/"), func(name string) bool {
		return slices.Contains([]string{"node_modules", "target", "dist", ".git"}, name)
	})
}

// noted reads the dep-info of the last build, finished or not. What cargo
// generates itself and what comes from a registry is left out: the lock file
// decides the latter.
func (c *crate) noted() []string {
	dir := filepath.Join(c.targetDir, strings.TrimSuffix(filepath.Base(c.target), ".json"), c.profileDir())
	var list []string
	for _, path := range c.depInfos(dir) {
		for _, source := range parseDepInfo(readAll(path)) {
			source = fsys.Absolute(c.workspace, source)
			if !fsys.Inside(c.targetDir, source) && !fsys.Inside(cargoHome(c.env), source) && (c.sysroot == "" || !fsys.Inside(c.sysroot, source)) {
				list = append(list, source)
			}
		}
	}
	return list
}

// depInfos lists cargo's own note beside the module, and the newest that the
// compiler wrote for the crate: it exists even when the build failed.
func (c *crate) depInfos(dir string) []string {
	name := c.manifest.libName()
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

// readLimit bounds manifests, lock files and lists of dependencies; the largest have a few megabytes.
const readLimit = 64 << 20

// readAll is a file's content, nil when it cannot be read.
func readAll(path string) []byte {
	data, err := fsys.Read(path, readLimit)
	if err != nil {
		return nil
	}
	return data
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
