package toolchain

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/bmatcuk/doublestar/v4"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// cargoManifest is what we read of a Cargo.toml: its place in a workspace and
// the folders that it takes other crates from.
type cargoManifest struct {
	Package struct {
		Name      string `toml:"name"`
		Workspace any    `toml:"workspace"` // a path; newer keys inherit with tables
	} `toml:"package"`
	Lib struct {
		Name string `toml:"name"`
	} `toml:"lib"`
	Workspace *struct {
		Exclude      []string       `toml:"exclude"`
		Members      []string       `toml:"members"`
		Dependencies map[string]any `toml:"dependencies"`
	} `toml:"workspace"`
	Dependencies      map[string]any            `toml:"dependencies"`
	BuildDependencies map[string]any            `toml:"build-dependencies"`
	Target            map[string]map[string]any `toml:"target"`
	Patch             map[string]map[string]any `toml:"patch"`
	Replace           map[string]any            `toml:"replace"`
}

// readCargoManifest reads dir/Cargo.toml. What cannot be read is empty: cargo
// will complain of it.
func readCargoManifest(dir string) *cargoManifest {
	var m cargoManifest
	_, _ = toml.Decode(string(readAll(filepath.Join(dir, "Cargo.toml"))), &m)
	return &m
}

// libName is the crate's name as its files have it.
func (m *cargoManifest) libName() string {
	if m.Lib.Name != "" {
		return m.Lib.Name
	}
	return strings.ReplaceAll(m.Package.Name, "-", "_")
}

// workspaceRoot is the folder of the workspace that dir's crate belongs to, dir
// itself when there is none, found as cargo finds it.
func workspaceRoot(dir string, m *cargoManifest) string {
	if m.Workspace != nil {
		return dir
	}
	if path, ok := m.Package.Workspace.(string); ok {
		return fsys.Absolute(dir, path)
	}
	for _, folder := range fsys.Upward(dir)[1:] {
		if !isFile(filepath.Join(folder, "Cargo.toml")) {
			continue
		}
		if w := readCargoManifest(folder).Workspace; w != nil {
			if listed(folder, dir, w.Exclude) && !listed(folder, dir, w.Members) {
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

// pathDependencies lists the folders of the crates that dir's crate is built
// from, at any depth, and the workspaces that they belong to. dir is not in it.
func pathDependencies(dir, root string) (crates, workspaces []string) {
	seen := map[string]bool{dir: true}
	roots := map[string]bool{root: true}
	for queue := []string{dir}; len(queue) > 0; queue = queue[1:] {
		folder := queue[0]
		m := readCargoManifest(folder)
		home := workspaceRoot(folder, m)
		roots[home] = true
		for _, next := range m.paths(folder, home) {
			if !seen[next] {
				seen[next] = true
				crates = append(crates, next)
				queue = append(queue, next)
			}
		}
	}
	return crates, sortedKeys(roots)
}

// paths lists the folders that m, in folder, takes crates from.
func (m *cargoManifest) paths(folder, workspace string) []string {
	shared := readCargoManifest(workspace)
	var inherited map[string]any
	if shared.Workspace != nil {
		inherited = shared.Workspace.Dependencies
	}
	tables := []map[string]any{m.Dependencies, m.BuildDependencies}
	for _, target := range m.Target {
		for _, key := range []string{"dependencies", "build-dependencies"} {
			if table, ok := target[key].(map[string]any); ok {
				tables = append(tables, table)
			}
		}
	}
	var list []string
	for _, table := range tables {
		for name, value := range table {
			dependency, _ := value.(map[string]any)
			if path, ok := dependency["path"].(string); ok {
				list = append(list, fsys.Absolute(folder, path))
			} else if dependency["workspace"] == true {
				list = append(list, pathsOf(workspace, map[string]any{name: inherited[name]})...)
			}
		}
	}
	for _, table := range shared.Patch {
		list = append(list, pathsOf(workspace, table)...)
	}
	list = append(list, pathsOf(workspace, shared.Replace)...)
	slices.Sort(list)
	return slices.Compact(list)
}

func pathsOf(folder string, table map[string]any) []string {
	var list []string
	for _, value := range table {
		if dependency, ok := value.(map[string]any); ok {
			if path, ok := dependency["path"].(string); ok {
				list = append(list, fsys.Absolute(folder, path))
			}
		}
	}
	return list
}
