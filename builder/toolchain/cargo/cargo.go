// Package cargo reads what cargo's files say of a crate: its manifest and workspace, the
// configuration files that count, the target, the target folder, the compiler's flags, the
// toolchain file. It is the only reader of them, so that what is found wrong without a build
// and what a build does cannot disagree. Cargo itself is not asked: that would cost more than
// a whole examination may.
//
// The files call one way, from top to bottom:
//
//	flags.go      the flags that rustc is given
//	rustup.go     the toolchain that rustup is asked for
//	cargo.go      a crate: everything that the files say of it
//	config.go     the configuration files that count
//	cfg.go        which target a table is for
//	workspace.go  the workspace that a crate is of
//	manifest.go   one Cargo.toml
//	read.go       a file, and a variable
package cargo

import (
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// UnknownTarget is the ecosystem's canonical Rust target.
const UnknownTarget = "wasm32-unknown-unknown"

// Crate is what cargo's files say of the crate in a folder. A file that cannot be read says
// nothing: cargo will complain of it.
type Crate struct {
	Dir       string
	Manifest  *Manifest
	Workspace string // the folder of the workspace's Cargo.toml, Dir where there is none
	Shared    *Manifest
	Configs   []Config // the strongest first

	env Env
}

// Read reads the files of the crate in dir, which is absolute.
func Read(dir string, env Env) *Crate {
	c := &Crate{Dir: dir, Manifest: ReadManifest(dir), Configs: configs(dir, env), env: env}
	c.Workspace = workspaceRoot(dir, c.Manifest)
	c.Shared = c.Manifest
	if c.Workspace != dir {
		c.Shared = ReadManifest(c.Workspace)
	}
	return c
}

// Targets are what cargo builds for when nothing else is asked for: by the environment, else
// by the strongest configuration that says. where is that configuration, nil for the
// environment and for nothing.
func (c *Crate) Targets() (list []string, where *Config) {
	if target := c.env.get("CARGO_BUILD_TARGET"); target != "" {
		return []string{target}, nil
	}
	for i := range c.Configs {
		if list := c.Configs[i].Doc.Strings("build", "target"); len(list) > 0 {
			return list, &c.Configs[i]
		}
	}
	return nil, nil
}

// Target is the triple, or the path of a target specification, that a capsule is built for:
// of several the first for WebAssembly. "" is this machine's.
func (c *Crate) Target() string {
	list, _ := c.Targets()
	for _, target := range list {
		if IsWasm(target) {
			return target
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return ""
}

// IsWasm reports whether a target is WebAssembly: a target specification by its file's name.
func IsWasm(target string) bool { return strings.HasPrefix(filepath.Base(target), "wasm") }

// TargetDir is cargo's target folder, by cargo's order of precedence.
func (c *Crate) TargetDir() string {
	for _, name := range []string{"CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"} {
		if dir := c.env.get(name); dir != "" {
			return fsys.Absolute(c.Dir, dir)
		}
	}
	for _, config := range c.Configs {
		if dir := config.Doc.String("build", "target-dir"); dir != "" {
			return fsys.Absolute(config.Base, dir)
		}
	}
	return filepath.Join(c.Workspace, "target")
}

// BuildsStd reports whether the standard library is built with the crate.
func (c *Crate) BuildsStd() bool {
	if c.env.get("CARGO_UNSTABLE_BUILD_STD") != "" {
		return true
	}
	for _, config := range c.Configs {
		if config.Doc.Has("unstable", "build-std") {
			return true
		}
	}
	return false
}

// Inherited is a value of [package], looked up in the workspace when it says so.
func (c *Crate) Inherited(name string) (string, bool) {
	value, ok := c.Manifest.Value("package", name)
	if !ok {
		return "", false
	}
	if _, table := value.(map[string]any); table {
		value, _ = c.Shared.Value("workspace", "package", name)
	}
	text, ok := value.(string)
	return text, ok
}
