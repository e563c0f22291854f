package toolchain

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
)

// crate is what a Rust build needs to know of its capsule. Everything is read
// from files, since asking cargo costs more than a whole examination may.
type crate struct {
	*job
	files     *cargo.Crate
	target    string // triple, or the path of a target specification
	targetDir string
	sysroot   string
	overrides []string // of the profile, as cargo's --config takes them
	fold      bool     // exports that do the same are to be one function
}

func planRust(ctx context.Context, j *job) (*Recipe, error) {
	c := readCrate(j)
	program, err := j.tool("cargo")
	if err != nil {
		return nil, err
	}
	if !cargo.IsWasm(c.target) {
		return nil, c.noWasmTarget()
	}
	rustc, version := c.rustc(ctx)
	if err := c.hasTarget(rustc); err != nil {
		return nil, err
	}
	identity := c.identity(ctx, version, program)
	recipe := c.recipe(program, identity)
	if c.hasDebugForm() {
		recipe.Debug = c.debug().recipe(program, identity)
		recipe.Debug.Group = recipe.Group // one of the two at a time, so that both need no more processors
	}
	return recipe, nil
}

// recipe runs program, which is cargo, with c's profile.
func (c *crate) recipe(program string, identity Identity) *Recipe {
	env := c.flags()
	format := "json"
	if env.wantsColour() {
		format = "json-diagnostic-rendered-ansi"
	}
	argv := []string{program, "build", "--message-format=" + format}
	if p := c.cargoProfile(); p == "release" {
		argv = append(argv, "--release")
	} else {
		argv = append(argv, "--profile", p)
	}
	for _, setting := range c.overrides {
		argv = append(argv, "--config", setting)
	}
	return &Recipe{
		argv: fixed(argv...), env: env, Group: "cargo " + c.targetDir, Products: c.likely(), Wants: c.files.Members, Outside: c.outside, live: renderCargo,
		Identity: identity, Fold: c.fold, StripNames: c.target == cargo.UnknownTarget && c.files.DropsNames(c.cargoProfile(), c.files.Rustflags(c.target)),
		diagnose: func(stdout, stderr []byte) []finding.Finding {
			return append(c.messages(stdout), c.complaints(stderr)...)
		},
		collect: func(w *work, start time.Time, stdout []byte) ([]Artifact, error) {
			return c.artifacts(w, start, stdout)
		},
	}
}

// identity is the versions, the target, and what steers cargo. The flags that we add are
// among the variables, and in both parts.
func (c *crate) identity(ctx context.Context, version compilerVersion, program string) Identity {
	itself := c.asks("cargo", program, "-V").ask(ctx)
	steered := *c.job
	steered.env = c.flags()
	local, portable := steered.steering(steersCargo)
	return Identity{
		Local:    append([]string{version.says, version.stamp, stamp(program), c.target}, local...),
		Portable: append([]string{version.says, itself, c.seenFromCapsule(c.target)}, portable...),
	}
}

// compilerVersion names a compiler exactly.
type compilerVersion struct {
	says  string // of itself
	stamp string // of the program that stands behind a rustup proxy
}

func readCrate(j *job) *crate {
	files := cargo.Read(j.dir, j.env.lookup)
	return &crate{job: j, files: files, target: files.Target(), targetDir: files.TargetDir()}
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

// rustc finds the compiler that cargo will use and sets c.sysroot.
func (c *crate) rustc(ctx context.Context) (path string, version compilerVersion) {
	path = c.env.get("RUSTC")
	if path == "" {
		path = "rustc"
	}
	if path = lookPath(path, c.dir, c.env); path == "" {
		return "", compilerVersion{says: "no rustc"}
	}
	c.sysroot, _ = c.asks("rustc", path, "--print", "sysroot").asked(ctx)
	if !isDir(c.sysroot) {
		c.sysroot = "" // no rustc that we know: nothing can be said of its targets
	} else {
		version.stamp = stamp(filepath.Join(c.sysroot, "bin", "rustc"))
	}
	version.says = c.asks("rustc", path, "-vV").ask(ctx)
	return path, version
}

// asks is a question to program, which is name of Rust's. Once the sysroot is known the stamp of that name there is in it: rustup
// puts a new release where the old one was.
func (c *crate) asks(name, program string, args ...string) question {
	steers := c.rustupSteers()
	if c.sysroot != "" {
		steers = append(steers, stamp(filepath.Join(c.sysroot, "bin", name)))
	}
	return question{dir: c.dir, env: c.question(), argv: append([]string{program}, args...), steers: steers, rests: c.restsOnRust(program, name)}
}

// question is the environment to ask in: a question must not begin a download.
func (c *crate) question() environ { return c.env.with("RUSTUP_AUTO_INSTALL", "0") }

// hasTarget checks that the compiler has a standard library for the target.
func (c *crate) hasTarget(rustc string) error {
	if c.sysroot == "" || strings.HasSuffix(c.target, ".json") || c.files.BuildsStd() || isDir(filepath.Join(c.sysroot, "lib", "rustlib", c.target)) {
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

// noWasmTarget tells which lines make cargo build for wasm.
func (c *crate) noWasmTarget() error {
	f := finding.Finding{Code: finding.RustNoWasmTarget, File: ".cargo/config.toml",
		Message: "no wasm target is configured, so cargo would build a library for this machine",
		Hint:    "write into .cargo/config.toml beside Cargo.toml:\n[build]\ntarget = \"" + cargo.UnknownTarget + "\""}
	if c.target != "" {
		f.Message = fmt.Sprintf("the configured target %s is not a wasm target", c.target)
	}
	return toolchainProblem(f)
}
