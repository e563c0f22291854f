package check

import (
	"path/filepath"
	"sort"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// cargo is what a capsule's Rust files say, as far as they could be read.
type cargo struct {
	doc          *capsule.Document // Cargo.toml
	workspace    *capsule.Document // the workspace's Cargo.toml, nil when it was not found
	workspaceDir string            // "" when it was not found
	configs      []config          // nearest first
}

// config is a .cargo/config.toml in the capsule or above it.
type config struct {
	path string
	doc  *capsule.Document
}

// readCargo returns nil when cargo does not build the capsule.
func (c *capsuleFiles) readCargo() *cargo {
	dev := c.m.Dev
	if !c.m.Buildable() || len(dev.Build) > 0 || dev.Toolchain != "" && dev.Toolchain != "rust" && dev.Toolchain != "cargo" {
		return nil
	}
	doc := document(filepath.Join(c.dir, "Cargo.toml"))
	if doc == nil {
		return nil
	}
	if _, ok := doc.Value("package", "name"); !ok {
		return nil
	}
	found := &cargo{doc: doc}
	found.findWorkspace(c.dir)
	seen := map[string]bool{}
	for _, folder := range c.cargoFolders() {
		for _, name := range []string{"config", "config.toml"} { // cargo prefers the old name
			path := filepath.Join(folder, name)
			if doc := document(path); doc != nil && !seen[path] {
				seen[path] = true
				found.configs = append(found.configs, config{path, doc})
				break
			}
		}
	}
	return found
}

// cargoFolders are the folders in which cargo looks for its configuration,
// the strongest first; the user's own only where the environment names it.
func (c *capsuleFiles) cargoFolders() []string {
	var list []string
	for _, dir := range fsys.Upward(c.dir) {
		list = append(list, filepath.Join(dir, ".cargo"))
	}
	if home := c.env("CARGO_HOME"); home != "" {
		return append(list, home)
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home := c.env(name); home != "" {
			return append(list, filepath.Join(home, ".cargo"))
		}
	}
	return list
}

func (k *cargo) findWorkspace(dir string) {
	dirs := fsys.Upward(dir)
	if named, ok := k.doc.Value("package", "workspace"); ok {
		text, _ := named.(string)
		dirs = []string{filepath.Join(dir, filepath.FromSlash(text))}
	}
	for _, at := range dirs {
		doc := k.doc
		if at != dir {
			doc = document(filepath.Join(at, "Cargo.toml"))
		}
		if doc == nil {
			continue
		}
		if _, ok := doc.Value("workspace"); ok {
			k.workspace, k.workspaceDir = doc, at
			return
		}
	}
}

// inherited is a value of [package], looked up in the workspace when it says so.
func (k *cargo) inherited(name string) (string, bool) {
	value, ok := k.doc.Value("package", name)
	if !ok {
		return "", false
	}
	if _, table := value.(map[string]any); table && k.workspace != nil {
		value, _ = k.workspace.Value("workspace", "package", name)
	}
	text, ok := value.(string)
	return text, ok
}

// text is a string in a document, or "".
func text(doc *capsule.Document, key ...string) string {
	value, _ := doc.Value(key...)
	s, _ := value.(string)
	return s
}

// texts is an array of strings in a document, or the words of a string.
func texts(doc *capsule.Document, key ...string) []string {
	value, _ := doc.Value(key...)
	switch v := value.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var list []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// modules are the files that cargo makes of the crate, the library's first.
func (k *cargo) modules(dir string) []string {
	name := text(k.doc, "package", "name")
	var list []string
	kinds := append(texts(k.doc, "lib", "crate-type"), texts(k.doc, "lib", "crate_type")...)
	if contains(kinds, "cdylib") {
		lib := text(k.doc, "lib", "name")
		if lib == "" {
			lib = name
		}
		list = append(list, strings.ReplaceAll(lib, "-", "_")+".wasm")
	}
	for _, bin := range k.programs(dir, name) {
		list = append(list, bin+".wasm")
	}
	return list
}

// programs are the crate's binary targets, declared and found by their files.
func (k *cargo) programs(dir, name string) []string {
	found := map[string]bool{}
	bins, _ := k.doc.Value("bin")
	if list, ok := bins.([]map[string]any); ok {
		for _, bin := range list {
			if s, ok := bin["name"].(string); ok {
				found[s] = true
			}
		}
	}
	if exists(filepath.Join(dir, "src", "main.rs")) {
		found[name] = true
	}
	files, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(dir), "src", "bin", "*.rs"))
	mains, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(dir), "src", "bin", "*", "main.rs"))
	for _, path := range files {
		found[strings.TrimSuffix(filepath.Base(path), ".rs")] = true
	}
	for _, path := range mains {
		found[filepath.Base(filepath.Dir(path))] = true
	}
	var list []string
	for name := range found {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

// targets are what cargo is told to build for: by the environment, else by
// the nearest config that says. where is that config, nil for the environment.
func (c *capsuleFiles) targets() (list []string, where *config) {
	if env := c.env("CARGO_BUILD_TARGET"); env != "" {
		return []string{env}, nil
	}
	for i := range c.cargo.configs {
		if list := texts(c.cargo.configs[i].doc, "build", "target"); len(list) > 0 {
			return list, &c.cargo.configs[i]
		}
	}
	return nil, nil
}

// rustflags are the flags that reach the compiler for a target: cargo takes
// the environment's, else those of the target, else those of [build].
func (c *capsuleFiles) rustflags(target string) []string {
	if flags := c.env("CARGO_ENCODED_RUSTFLAGS"); flags != "" {
		return strings.Split(flags, "\x1f")
	}
	if flags := c.env("RUSTFLAGS"); flags != "" {
		return strings.Fields(flags)
	}
	list := strings.Fields(c.env("CARGO_TARGET_" + strings.ToUpper(strings.ReplaceAll(target, "-", "_")) + "_RUSTFLAGS"))
	for _, cfg := range c.cargo.configs {
		for _, name := range cfg.doc.Keys("target") {
			if name == target || strings.HasPrefix(name, "cfg(") {
				list = append(list, texts(cfg.doc, "target", name, "rustflags")...)
			}
		}
	}
	if len(list) > 0 {
		return list
	}
	list = strings.Fields(c.env("CARGO_BUILD_RUSTFLAGS"))
	for _, cfg := range c.cargo.configs {
		list = append(list, texts(cfg.doc, "build", "rustflags")...)
	}
	return list
}
