package script

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// cmdNpmDeps gives a capsule the packages that its lock file names: npmdeps DIR.
// They are installed once, into a cache folder, and taken from there ever after.
func cmdNpmDeps(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	modules, err := testkit.NodeModules(dir)
	ts.Check(err)
	ts.Check(os.Symlink(modules, filepath.Join(dir, "node_modules")))
}

// cmdJco puts jco, and what it needs, into a capsule's node_modules: jco DIR.
func cmdJco(ts *testscript.TestScript, _ bool, args []string) {
	modules, err := testkit.NodeModules(filepath.Join(testkit.Root(), "builder", "smoke", "testdata"))
	ts.Check(err)
	ts.Check(os.Symlink(modules, filepath.Join(ts.MkAbs(args[0]), "node_modules")))
}

// cmdRust puts a cargo that can build capsules first in the script's PATH.
func cmdRust(ts *testscript.TestScript, _ bool, _ []string) {
	path := testkit.RustPath(ts.Getenv("PATH"))
	if path == "" {
		ts.Fatalf("no Rust with wasm32-unknown-unknown; a script says [!tool:rust-wasm] skip first")
	}
	ts.Setenv("PATH", path)
	ts.Setenv("CARGO_HOME", cargoHome())
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if name != "CARGO_HOME" && (strings.HasPrefix(name, "CARGO_") || strings.HasPrefix(name, "RUST")) {
			ts.Setenv(name, value)
		}
	}
}

// cmdWarm gives cargo a target folder in the user's cache, so that ninety crates are
// compiled once a machine: warm NAME. Their build scripts write its path into what they
// make, so that it cannot be copied.
func cmdWarm(ts *testscript.TestScript, _ bool, args []string) {
	dir, err := testkit.Cache("cargo-" + args[0])
	ts.Check(err)
	ts.Setenv("CARGO_TARGET_DIR", dir)
}

// cmdZig keeps what Zig compiles of its own library from run to run: without that each first
// build takes minutes.
func cmdZig(ts *testscript.TestScript, _ bool, _ []string) {
	dir, err := testkit.ZigCache()
	ts.Check(err)
	ts.Setenv("ZIG_GLOBAL_CACHE_DIR", dir)
}

// cargoHome is where the user's cargo keeps the crates that it fetched. A script has a
// HOME of its own, and would fetch them again.
func cargoHome() string {
	if set := os.Getenv("CARGO_HOME"); set != "" {
		return set
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".cargo")
}
