package toolchain

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// language is one entry of the table: how a kind of capsule is recognised and built.
type language struct {
	name     string
	marker   string // what recognises it, in words
	found    func(dir string) bool
	plan     func(ctx context.Context, j *job) (*Recipe, error)
	syntaxes []syntax // how its tools write their complaints
}

// languages in the order in which they are recognised; the first that fits builds.
var languages = []language{
	{"rust", "Cargo.toml", has("Cargo.toml"), planRust, nil},
	{"go", "go.mod here, or above Go files", isGo, planGo, []syntax{goSyntax}},
	{"assemblyscript", "asconfig.json", has("asconfig.json"), planAssemblyScript, []syntax{assemblySyntax, nodeSyntax}},
	{"npm", `package.json with a "build" script`, isScript, planScript, []syntax{typescriptSyntax, assemblySyntax, esbuildSyntax, nodeSyntax, gnuSyntax}},
	{"zig", "build.zig", has("build.zig"), planZig, []syntax{gnuSyntax}},
	{"make", "Makefile with a wasm target", isMake, planMake, []syntax{gnuSyntax, pythonSyntax}},
	{"tinygo", "", never, planTinyGo, []syntax{goSyntax}},
}

// aliases are other names that `toolchain` may give.
var aliases = map[string]string{
	"cargo": "rust", "asc": "assemblyscript", "c": "make", "clang": "make",
	"js": "npm", "javascript": "npm", "ts": "npm", "typescript": "npm", "node": "npm", "pnpm": "npm", "yarn": "npm", "bun": "npm",
}

// command builds what the manifest's own `build` says. Any tool may stand
// behind it, so every syntax is tried.
var command = language{"command", "build = [...]", never, planCommand, []syntax{gnuSyntax, goSyntax, typescriptSyntax, assemblySyntax, esbuildSyntax, nodeSyntax, pythonSyntax}}

func has(name string) func(string) bool {
	return func(dir string) bool { return isFile(filepath.Join(dir, name)) }
}

func never(string) bool { return false }

// choose picks the language that builds j: the manifest's command, the one it
// names, or the first whose marker is there.
func choose(j *job) (language, error) {
	dev := j.Manifest.Dev
	if len(dev.Build) > 0 {
		return command, nil
	}
	if dev.Toolchain != "" {
		return named(j.Manifest, dev.Toolchain)
	}
	for _, l := range languages {
		if l.found(j.dir) {
			return l, nil
		}
	}
	return language{}, manifestProblem(finding.Finding{Code: finding.ToolchainUnknown, File: tree.ManifestName,
		Message: "nothing in the capsule's folder says how it is built",
		Hint:    "one of these must be there: " + markers() + `; or write build = ["make", "wasm"] in [package.metadata.astrid-dev]`})
}

func named(m *capsule.Manifest, name string) (language, error) {
	wanted := strings.ToLower(name)
	if alias, ok := aliases[wanted]; ok {
		wanted = alias
	}
	var names []string
	for _, l := range languages {
		if l.name == wanted {
			return l, nil
		}
		names = append(names, l.name)
	}
	line, column := m.Position("package", "metadata", "astrid-dev", "toolchain")
	return language{}, manifestProblem(finding.Finding{Code: finding.ToolchainUnknown, File: tree.ManifestName, Line: line, Column: column,
		Message: fmt.Sprintf("there is no toolchain %q", name), Hint: "the toolchains are " + strings.Join(names, ", ")})
}

func markers() string {
	var list []string
	for _, l := range languages {
		if l.marker != "" {
			list = append(list, l.marker+" ("+l.name+")")
		}
	}
	return strings.Join(list, ", ")
}
