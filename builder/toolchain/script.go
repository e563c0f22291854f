package toolchain

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// packageJSON is what we read of package.json.
type packageJSON struct {
	dir                  string
	Scripts              map[string]string `json:"scripts"`
	Dependencies         map[string]string `json:"dependencies"`
	DevDependencies      map[string]string `json:"devDependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
}

// readPackage reads dir/package.json. What cannot be read is empty: the
// package manager will complain of it.
func readPackage(dir string) packageJSON {
	p := packageJSON{dir: dir}
	_ = json.Unmarshal(readAll(filepath.Join(dir, "package.json")), &p)
	return p
}

func isScript(dir string) bool { return readPackage(dir).Scripts["build"] != "" }

// managers of packages by the lock files that each writes, in the order in
// which they are looked for.
var managers = []struct{ lock, program, install string }{
	{"pnpm-lock.yaml", "pnpm", "pnpm install --frozen-lockfile"},
	{"yarn.lock", "yarn", "yarn install --immutable"},
	{"bun.lock", "bun", "bun install --frozen-lockfile"},
	{"bun.lockb", "bun", "bun install --frozen-lockfile"},
	{"package-lock.json", "npm", "npm install"},
	{"npm-shrinkwrap.json", "npm", "npm install"},
}

// manager tells which package manager the project uses: the one that the
// manifest names, or the one whose lock file is closest. lock is "" when there is none.
func manager(dir, named string) (program, install, lock string) {
	for _, folder := range fsys.Upward(dir) {
		for _, m := range managers {
			if path := filepath.Join(folder, m.lock); isFile(path) && (m.program == named || !isManager(named)) {
				return m.program, m.install, path
			}
		}
		if isDir(filepath.Join(folder, ".git")) {
			break // what lies above the repository is another project's
		}
	}
	if isManager(named) {
		return named, named + " install", ""
	}
	return "npm", "npm install", ""
}

func isManager(name string) bool {
	return name == "npm" || name == "pnpm" || name == "yarn" || name == "bun"
}

func planScript(ctx context.Context, j *job) (*Recipe, error) {
	p := readPackage(j.dir)
	if p.Scripts["build"] == "" {
		return nil, manifestProblem(finding.Finding{Code: finding.NpmNoBuildScript, File: "package.json", Message: `package.json has no script called "build"`,
			Hint: `add "build" to "scripts"; it writes the module to $CAPSULE_OUT, or to dist/`})
	}
	name, _, _ := manager(j.dir, j.Manifest.Dev.Toolchain)
	program, err := j.tool(name)
	if err != nil {
		return nil, err
	}
	if p.needsInstall() {
		return nil, toolchainProblem(p.notInstalled(j, "the project's packages are not installed: there is no node_modules", ""))
	}
	node := lookPath("node", j.dir, j.env)
	env := j.env.unlessSet("NO_UPDATE_NOTIFIER", "1", "npm_config_update_notifier", "false") // no calls home from a build
	return &Recipe{
		argv: fixed(program, "run", "build"), env: env,
		Identity: p.identity(ctx, j, node, program),
		Outside:  func(context.Context) ([]string, error) { return j.beyond(p.outside(j)), nil },
		ByTime:   true,
	}, nil
}

// needsInstall reports whether there are dependencies and nowhere that they could come from.
func (p packageJSON) needsInstall() bool {
	if len(p.Dependencies)+len(p.DevDependencies) == 0 {
		return false
	}
	for _, folder := range fsys.Upward(p.dir) {
		if isDir(filepath.Join(folder, "node_modules")) || isFile(filepath.Join(folder, ".pnp.cjs")) {
			return false
		}
	}
	return true
}

// notInstalled is the finding about packages that are not there. otherwise is
// what to run when they are not even asked for, "" for the same as always.
func (p packageJSON) notInstalled(j *job, message, otherwise string) finding.Finding {
	_, install, _ := manager(j.dir, j.Manifest.Dev.Toolchain)
	if otherwise != "" && len(p.Dependencies)+len(p.DevDependencies) == 0 {
		install = otherwise
	}
	return finding.Finding{Code: finding.PackagesMissing, Message: message, Hint: fmt.Sprintf("run in the capsule's folder: %s", install)}
}

// identity is the versions of node and of what is installed: npm, pnpm and yarn each
// leave a file in node_modules that changes with every installation.
func (p packageJSON) identity(ctx context.Context, j *job, node, program string) Identity {
	id := Identity{Local: []string{stamp(resolved(program))}, Portable: []string{contentOf(program)}}
	if node != "" {
		version := "node " + versionOf(ctx, j, node, "--version")
		id.Local, id.Portable = append(id.Local, version), append(id.Portable, version)
	}
	for _, folder := range fsys.Upward(p.dir) {
		if modules := filepath.Join(folder, "node_modules"); isDir(modules) {
			for _, file := range []string{".package-lock.json", ".modules.yaml", ".yarn-state.yml", ".yarn-integrity"} {
				if path := filepath.Join(modules, file); isFile(path) {
					id.Local, id.Portable = append(id.Local, stamp(path)), append(id.Portable, contentOf(path))
				}
			}
			break
		}
	}
	local, portable := j.steering(func(name string) bool { return name == "NODE_ENV" || name == "NODE_OPTIONS" || name == "NODE_PATH" })
	return Identity{Local: append(id.Local, local...), Portable: append(id.Portable, portable...)}
}

// outside lists what the project reads from elsewhere: its lock file and the
// workspace's manifest, packages that are links to folders, and the files that
// tsconfig.json extends.
func (p packageJSON) outside(j *job) []string {
	var list []string
	if _, _, lock := manager(p.dir, j.Manifest.Dev.Toolchain); lock != "" {
		list = append(list, lock, filepath.Join(filepath.Dir(lock), "package.json"))
	}
	for _, table := range []map[string]string{p.Dependencies, p.DevDependencies, p.OptionalDependencies} {
		for _, name := range sortedKeys(table) {
			if folder := p.linked(name, table[name]); folder != "" {
				list = append(list, folder)
			}
		}
	}
	return append(list, extended(filepath.Join(p.dir, "tsconfig.json"))...)
}

// linked is the folder that a dependency really lies in, "" for an installed one.
func (p packageJSON) linked(name, spec string) string {
	for _, prefix := range []string{"file:", "link:", "portal:"} {
		if path, ok := strings.CutPrefix(spec, prefix); ok {
			return fsys.Absolute(p.dir, path)
		}
	}
	for _, folder := range fsys.Upward(p.dir) {
		path := filepath.Join(folder, "node_modules", filepath.FromSlash(name))
		info, err := os.Lstat(path)
		if err != nil {
			continue
		}
		real, err := filepath.EvalSymlinks(path)
		if info.Mode()&fs.ModeSymlink == 0 || err != nil || slices.Contains(strings.Split(filepath.ToSlash(real), "/"), "node_modules") {
			return ""
		}
		return real
	}
	return ""
}

var extends = regexp.MustCompile(`"extends"\s*:\s*"(\.[^"]*)"`)

// extended follows the "extends" of a tsconfig.json, which may have comments
// and is therefore not read as JSON.
func extended(path string) []string {
	var list []string
	for range 10 { // a circle ends too; nobody nests deeper
		m := extends.FindStringSubmatch(readSmall(path))
		if m == nil {
			break
		}
		path = fsys.Absolute(filepath.Dir(path), filepath.FromSlash(m[1]))
		if filepath.Ext(path) == "" {
			path += ".json"
		}
		list = append(list, path)
	}
	return list
}
