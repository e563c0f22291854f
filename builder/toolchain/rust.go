package toolchain

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// unknownTarget is the ecosystem's canonical Rust target.
const unknownTarget = "wasm32-unknown-unknown"

// crate is what a Rust build needs to know of its capsule. Everything is read
// from files, since asking cargo costs more than a whole examination may.
type crate struct {
	*job
	manifest  *cargoManifest
	workspace string // the folder of the workspace's Cargo.toml
	configs   []cargoConfig
	target    string // triple, or the path of a target specification
	targetDir string
	sysroot   string
}

func planRust(ctx context.Context, j *job) (*Plan, error) {
	c := readCrate(j)
	cargo, err := j.tool("cargo")
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(filepath.Base(c.target), "wasm") {
		return nil, c.noWasmTarget()
	}
	rustc, version := c.rustc(ctx)
	if err := c.hasTarget(rustc); err != nil {
		return nil, err
	}
	env := c.flags()
	format := "json"
	if env.wantsColour() {
		format = "json-diagnostic-rendered-ansi"
	}
	argv := []string{cargo, "build", "--message-format=" + format}
	if p := c.cargoProfile(); p == "release" {
		argv = append(argv, "--release")
	} else {
		argv = append(argv, "--profile", p)
	}
	return &Plan{
		Argv: argv, Env: env, Group: "cargo " + c.targetDir, Outside: c.outside, live: renderCargo,
		Identity: strings.Join(append([]string{"rust", version, stamp(cargo), c.target}, env.matching(steersCargo)...), "\n"),
		Diagnose: func(stdout, stderr []byte) []finding.Finding {
			return append(c.messages(stdout), c.complaints(stderr)...)
		},
		Collect: func(_ context.Context, start time.Time, stdout []byte) ([]Artifact, error) {
			return c.artifacts(start, stdout)
		},
	}, nil
}

func readCrate(j *job) *crate {
	c := &crate{job: j, manifest: readCargoManifest(j.dir), configs: cargoConfigs(j.dir, j.env)}
	c.workspace = workspaceRoot(j.dir, c.manifest)
	c.target = buildTarget(c.configs, j.env)
	c.targetDir = c.findTargetDir()
	return c
}

// cargoProfile is the profile's name as cargo's command line takes it.
func (c *crate) cargoProfile() string {
	switch c.profile {
	case "":
		return "release"
	case "debug":
		return "dev"
	}
	return c.profile
}

// profileDir is the folder below the target's that the profile writes to.
func (c *crate) profileDir() string {
	switch p := c.cargoProfile(); p {
	case "dev", "test":
		return "debug"
	case "bench":
		return "release"
	default:
		return p
	}
}

// findTargetDir is cargo's target folder, by cargo's order of precedence.
func (c *crate) findTargetDir() string {
	for _, name := range []string{"CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"} {
		if dir := c.env.get(name); dir != "" {
			return fsys.Absolute(c.dir, dir)
		}
	}
	for _, config := range c.configs {
		if dir := config.Build.TargetDir; dir != "" {
			return fsys.Absolute(config.base, dir)
		}
	}
	return filepath.Join(c.workspace, "target")
}

// steersCargo accepts the variables that change what cargo makes of the same sources.
func steersCargo(name string) bool {
	switch name {
	case "CARGO_BUILD_JOBS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR":
		return false
	case "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_INCREMENTAL", "CARGO_NET_OFFLINE", "CC", "CFLAGS", "AR",
		"RUSTUP_TOOLCHAIN", "RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_BOOTSTRAP":
		return true
	}
	// These name a table or a target of the user's choice after them.
	for _, prefix := range []string{"CARGO_BUILD_", "CARGO_TARGET_", "CARGO_PROFILE_", "CARGO_UNSTABLE_", "CC_", "CFLAGS_", "AR_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// rustc finds the compiler that cargo will use and sets c.sysroot. version
// names it exactly: what it says of itself, and the stamp of the toolchain that
// stands behind a rustup proxy.
func (c *crate) rustc(ctx context.Context) (path, version string) {
	path = c.env.get("RUSTC")
	if path == "" {
		path = "rustc"
	}
	if path = lookPath(path, c.dir, c.env); path == "" {
		return "", "no rustc"
	}
	steers := append(c.rustupSteers(), c.env.get("RUSTUP_TOOLCHAIN"))
	query := c.env.with("RUSTUP_AUTO_INSTALL", "0") // a question must not begin a download
	version = ask(ctx, c.dir, query, []string{path, "-vV"}, steers...)
	c.sysroot, _ = asked(ctx, c.dir, query, []string{path, "--print", "sysroot"}, steers...)
	if !isDir(c.sysroot) {
		c.sysroot = "" // no rustc that we know: nothing can be said of its targets
	} else {
		version += "\n" + stamp(filepath.Join(c.sysroot, "bin", "rustc"))
	}
	return path, version
}

// rustupSteers is the content of the files by which rustup chooses a toolchain.
func (c *crate) rustupSteers() []string {
	home := c.env.get("RUSTUP_HOME")
	if home == "" {
		home = filepath.Join(homeDir(c.env), ".rustup")
	}
	list := []string{stamp(filepath.Join(home, "settings.toml"))}
	for _, path := range toolchainFiles(c.dir) {
		list = append(list, readSmall(path))
	}
	return list
}

// toolchainFiles lists the rust-toolchain files at and above dir, the closest first.
func toolchainFiles(dir string) []string {
	var list []string
	for _, folder := range fsys.Upward(dir) {
		for _, name := range []string{"rust-toolchain", "rust-toolchain.toml"} {
			if path := filepath.Join(folder, name); isFile(path) {
				list = append(list, path)
			}
		}
	}
	return list
}

// hasTarget checks that the compiler has a standard library for the target.
func (c *crate) hasTarget(rustc string) error {
	if c.sysroot == "" || strings.HasSuffix(c.target, ".json") || c.buildsStd() || isDir(filepath.Join(c.sysroot, "lib", "rustlib", c.target)) {
		return nil
	}
	f := finding.Finding{Code: finding.RustTargetMissing,
		Message: fmt.Sprintf("the Rust at %s has no standard library for %s", filepath.Dir(rustc), c.target), Hint: c.targetHint(rustc)}
	return toolchainProblem(f)
}

// targetHint says how the target is installed for rustc, or which other
// compiler in PATH has it.
func (c *crate) targetHint(rustc string) string {
	hint := "add the target with the package manager that installed this Rust, or install Rust from https://rustup.rs"
	if isRustup(rustc, c.env) {
		hint = "run: rustup target add " + c.target
	} else if lookPath("apt-get", "", c.env) != "" {
		hint = "run: sudo apt-get install libstd-rust-dev-wasm32"
	}
	if other := otherRust(rustc, c.target, c.env); other != "" {
		hint += fmt.Sprintf("; or put %s, whose Rust has it, before %s in PATH", other, filepath.Dir(rustc))
	}
	return hint
}

// buildsStd reports whether the standard library is built with the crate.
func (c *crate) buildsStd() bool {
	return c.env.get("CARGO_UNSTABLE_BUILD_STD") != "" ||
		slices.ContainsFunc(c.configs, func(config cargoConfig) bool { return config.Unstable["build-std"] != nil })
}

// noWasmTarget tells which lines make cargo build for wasm.
func (c *crate) noWasmTarget() error {
	f := finding.Finding{Code: finding.RustNoWasmTarget, File: ".cargo/config.toml",
		Message: "no wasm target is configured, so cargo would build a library for this machine",
		Hint:    "write into .cargo/config.toml beside Cargo.toml:\n[build]\ntarget = \"" + unknownTarget + "\""}
	if c.target != "" {
		f.Message = fmt.Sprintf("the configured target %s is not a wasm target", c.target)
	}
	return toolchainProblem(f)
}
