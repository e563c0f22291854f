package toolchain

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// withPackages gives a copy of an example the packages of its lock file.
func withPackages(example string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		modules, err := testkit.NodeModules(filepath.Join("..", "..", "examples", example))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
	}
}

func asIs(*testing.T, string) {}

// needs skips where one of the programs is not in PATH.
func needs(t *testing.T, programs ...string) []string {
	t.Helper()
	for _, name := range programs {
		if lookPath(name, "", os.Environ()) == "" {
			missingTool(t, name)
		}
	}
	return os.Environ()
}

func TestRustBrokenAndMended(t *testing.T) {
	testkit.Long(t)
	brokenAndMended(t, "hello-rust", asIs, rustEnv(t), edit{file: "src/lib.rs", old: `words.join("-")`, broken: `wörds.join("-")`, mended: `words.join("_")`,
		want: "src/lib.rs:27:5: error: cannot find value `wörds` in this scope [E0425]"})
}

func TestRustManifestBroken(t *testing.T) {
	testkit.Long(t)
	brokenAndMended(t, "hello-rust", asIs, rustEnv(t), edit{file: "Cargo.toml", old: `opt-level = "z"`, broken: `opt-level = "q"`, mended: `opt-level = 1`,
		want: "Cargo.toml:12:13: error: must be `0`"})
}

func TestGoBrokenAndMended(t *testing.T) {
	brokenAndMended(t, "hello-go", asIs, needs(t, "go"), edit{file: "main.go", old: `"abort"`, broken: `undefinedName`, mended: `"stop"`,
		want: "main.go:45:10: error: undefined: undefinedName"})
}

func TestCommandBrokenAndMended(t *testing.T) {
	brokenAndMended(t, "custom-command", asIs, needs(t, "go"), edit{file: "assemble.go", old: `resultAt = 16`, broken: `resultAt == 16`, mended: `resultAt = 20`,
		want: "assemble.go:16:11: error: syntax error: unexpected == "})
}

func TestAssemblyScriptBrokenAndMended(t *testing.T) {
	testkit.Long(t)
	brokenAndMended(t, "hello-assemblyscript", withPackages("hello-assemblyscript"), needs(t, "node"), edit{file: "assembly/index.ts", old: `~crc;`, broken: `~crcx;`, mended: `crc;`,
		want: "assembly/index.ts:23:11: error: Cannot find name 'crcx'. [TS2304]"})
}

func TestJavaScriptBrokenAndMended(t *testing.T) {
	testkit.Long(t)
	brokenAndMended(t, "hello-js", withPackages("hello-js"), needs(t, "node", "npm"), edit{file: "capsule.js", old: `text.replace(`, broken: `text..replace(`, mended: `(text + "").replace(`,
		want: "capsule.js:20:10: error: Failed to evaluate user JavaScript module"})
}

func TestCBrokenAndMended(t *testing.T) {
	brokenAndMended(t, "hello-c", asIs, needs(t, "make", "clang", "wasm-ld"), edit{file: "capsule.c", old: `'#'`, broken: `hash`, mended: `'*'`,
		want: "capsule.c:12:58: error: use of undeclared identifier 'hash'"})
}

func TestZigBrokenAndMended(t *testing.T) {
	testkit.Long(t)
	kept, err := testkit.ZigCache()
	if err != nil {
		t.Fatal(err)
	}
	env := append(needs(t, "zig"), "ZIG_GLOBAL_CACHE_DIR="+kept)
	brokenAndMended(t, "hello-zig", asIs, env, edit{file: "src/capsule.zig", old: `words.items);`, broken: `wurds.items);`, mended: `words.items[0..0]);`,
		want: "src/capsule.zig:18:33: error: use of undeclared identifier 'wurds'"})
}

func TestCWithLibc(t *testing.T) {
	env := needs(t, "make", "clang", "wasm-ld")
	dir := copyExample(t, "hello-c")
	replace(t, filepath.Join(dir, "Capsule.toml"), "smoke =", `build = ["make", "wasm", "LIBC=1"]`+"\nsmoke =")
	if o := build(t, dir, env); o.err != nil && !isFile("/usr/lib/wasm32-wasi/libc.a") {
		missingTool(t, "wasi-libc")
	} else {
		o.sound(t)
	}
}
