package cargo

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// workspaceRoot is the folder of the workspace that dir's crate belongs to, dir
// itself when there is none, found as cargo finds it.
func workspaceRoot(dir string, m *Manifest) string {
	if m.Has("workspace") {
		return dir
	}
	if path := m.String("package", "workspace"); path != "" { // a path; newer keys inherit with tables
		return fsys.Absolute(dir, path)
	}
	for _, folder := range fsys.Upward(dir)[1:] {
		if !isFile(filepath.Join(folder, "Cargo.toml")) {
			continue
		}
		if w := ReadManifest(folder); w.Has("workspace") {
			if listed(folder, dir, w.Strings("workspace", "exclude")) && !listed(folder, dir, w.Strings("workspace", "members")) {
				return dir
			}
			return folder
		}
	}
	return dir
}

// listed reports whether dir is, or lies below, one of the workspace's patterns.
func listed(root, dir string, patterns []string) bool {
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return false
	}
	rel = filepath.ToSlash(rel)
	return slices.ContainsFunc(patterns, func(p string) bool {
		p = strings.TrimSuffix(p, "/")
		match, _ := doublestar.Match(p, rel)
		return match || strings.HasPrefix(rel, p+"/")
	})
}

// PathDependencies lists the folders of the crates that c is built from, at any depth, and
// the workspaces that they belong to, both sorted. c's own folder is not in the first.
func (c *Crate) PathDependencies() (crates, workspaces []string) {
	seen := map[string]bool{c.Dir: true}
	roots := []string{c.Workspace}
	for queue := []string{c.Dir}; len(queue) > 0; queue = queue[1:] {
		folder := queue[0]
		m := ReadManifest(folder)
		home := workspaceRoot(folder, m)
		roots = append(roots, home)
		for _, next := range m.paths(folder, home) {
			if !seen[next] {
				seen[next] = true
				crates = append(crates, next)
				queue = append(queue, next)
			}
		}
	}
	slices.Sort(crates)
	slices.Sort(roots)
	return crates, slices.Compact(roots)
}

// paths lists the folders that m, in folder, takes crates from.
func (m *Manifest) paths(folder, workspace string) []string {
	shared := ReadManifest(workspace)
	tables := []map[string]any{m.Table("dependencies"), m.Table("build-dependencies")}
	for name := range m.Table("target") {
		tables = append(tables, m.Table("target", name, "dependencies"), m.Table("target", name, "build-dependencies"))
	}
	var list []string
	for _, table := range tables {
		for name, value := range table {
			dependency, _ := value.(map[string]any)
			if path, ok := dependency["path"].(string); ok {
				list = append(list, fsys.Absolute(folder, path))
			} else if dependency["workspace"] == true {
				inherited, _ := shared.Value("workspace", "dependencies", name)
				list = append(list, pathsOf(workspace, map[string]any{name: inherited})...)
			}
		}
	}
	for registry := range shared.Table("patch") {
		list = append(list, pathsOf(workspace, shared.Table("patch", registry))...)
	}
	list = append(list, pathsOf(workspace, shared.Table("replace"))...)
	slices.Sort(list)
	return slices.Compact(list)
}

func pathsOf(folder string, table map[string]any) []string {
	var list []string
	for _, value := range table {
		dependency, _ := value.(map[string]any)
		if path, ok := dependency["path"].(string); ok {
			list = append(list, fsys.Absolute(folder, path))
		}
	}
	return list
}

// Members are the files without which cargo does not take the workspace of c for one, though no build
// of c reads them: manifests of its members, and the files by which cargo finds what is in them.
func (c *Crate) Members() (files []string) {
	for _, pattern := range c.Shared.Strings("workspace", "members") {
		manifests, err := doublestar.FilepathGlob(filepath.Join(fsys.EscapeGlob(c.Workspace), filepath.FromSlash(pattern), "Cargo.toml"))
		if err != nil {
			continue // cargo will complain of it
		}
		for _, path := range manifests {
			folder, m := filepath.Dir(path), ReadManifest(filepath.Dir(path))
			files = append(files, path)
			for _, at := range []string{m.String("lib", "path"), m.String("package", "build"), "src/lib.rs", "src/main.rs", "build.rs"} {
				if file := fsys.Absolute(folder, at); at != "" && isFile(file) {
					files = append(files, file)
				}
			}
			for _, kind := range []string{"src/bin", "examples", "tests", "benches"} {
				found, _ := doublestar.FilepathGlob(filepath.Join(fsys.EscapeGlob(folder), filepath.FromSlash(kind), "**", "*.rs"))
				files = append(files, found...)
			}
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}
