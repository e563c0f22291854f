package toolchain

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// installer is a package manager: how to tell that it is there, and what installs with it.
type installer struct{ name, install string }

// recipe says how a tool is installed: a package for each installer, and
// the words for a system that has none of them.
type recipe struct {
	packages map[string]string
	words    string
}

// recipes by program name.
var recipes = map[string]recipe{
	"rustc": {map[string]string{"apt-get": "rustc libstd-rust-dev-wasm32", "brew": "rustup", "dnf": "rust rust-std-static-wasm32-unknown-unknown", "pacman": "rust rust-wasm", "apk": "rust"},
		"install Rust from https://rustup.rs and run: rustup target add wasm32-unknown-unknown"},
	"cargo": {map[string]string{"apt-get": "cargo libstd-rust-dev-wasm32", "brew": "rustup", "dnf": "cargo rust-std-static-wasm32-unknown-unknown", "pacman": "rust rust-wasm", "apk": "cargo"},
		"install Rust from https://rustup.rs and run: rustup target add wasm32-unknown-unknown"},
	"go":         {map[string]string{"apt-get": "golang-go", "brew": "go", "dnf": "golang", "pacman": "go", "apk": "go"}, "install Go 1.24 or newer from https://go.dev/dl"},
	"tinygo":     {map[string]string{"brew": "tinygo", "pacman": "tinygo"}, "install TinyGo as https://tinygo.org/getting-started/install says"},
	"node":       {map[string]string{"apt-get": "nodejs npm", "brew": "node", "dnf": "nodejs", "pacman": "nodejs npm", "apk": "nodejs npm"}, "install Node.js from https://nodejs.org"},
	"npm":        {map[string]string{"apt-get": "npm", "brew": "node", "dnf": "npm", "pacman": "npm", "apk": "npm"}, "install Node.js from https://nodejs.org"},
	"pnpm":       {nil, "run: npm install --global pnpm"},
	"yarn":       {nil, "run: npm install --global yarn"},
	"bun":        {nil, "run: npm install --global bun"},
	"zig":        {map[string]string{"brew": "zig", "pacman": "zig", "apk": "zig", "dnf": "zig"}, "install Zig from https://ziglang.org/download"},
	"make":       {map[string]string{"apt-get": "make", "brew": "make", "dnf": "make", "pacman": "make", "apk": "make"}, "install GNU make"},
	"clang":      {map[string]string{"apt-get": "clang lld wasi-libc", "brew": "llvm lld", "dnf": "clang lld", "pacman": "clang lld", "apk": "clang lld"}, "install clang and lld from https://llvm.org"},
	"wasm-tools": {map[string]string{"brew": "wasm-tools", "pacman": "wasm-tools", "apk": "wasm-tools"}, "run: cargo install wasm-tools"},
	"strace":     {map[string]string{"apt-get": "strace", "dnf": "strace", "pacman": "strace", "apk": "strace"}, "install strace from https://strace.io"},
	"jco":        {nil, "run in the capsule's folder: npm install --save-dev @bytecodealliance/jco"},
	"wasm-ld": {map[string]string{"apt-get": "lld", "brew": "lld", "dnf": "lld", "pacman": "lld", "apk": "lld"},
		"install lld from https://llvm.org"},
}

// installHint is the command that installs name on this system.
func installHint(name string, env environ) string {
	name = strings.TrimSuffix(filepath.Base(name), ".exe")
	r, ok := recipes[name]
	if !ok {
		return fmt.Sprintf("install %s, or put its folder into PATH", name)
	}
	for _, i := range installers {
		if pkg := r.packages[i.name]; pkg != "" && lookPath(i.name, "", env) != "" {
			return "run: " + i.install + " " + pkg
		}
	}
	return r.words
}

// missing is the finding about a program that is not there.
func missing(name string, env environ) finding.Finding {
	return finding.Finding{Code: finding.ToolMissing, Message: fmt.Sprintf("%s is not installed, or not in PATH", name), Hint: installHint(name, env)}
}

// tool finds a program that a capsule needs. The error is a *finding.Failure with the
// command that installs it.
func (j *job) tool(name string) (string, error) {
	if found := lookPath(name, j.dir, j.env); found != "" {
		return found, nil
	}
	return "", toolchainProblem(missing(name, j.env))
}
