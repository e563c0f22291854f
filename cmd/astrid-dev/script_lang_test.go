package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdNpmDeps gives a capsule the packages that its lock file names: npmdeps DIR.
// They are installed once, into a cache folder, and taken from there ever after.
func cmdNpmDeps(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	modules, err := npmModules(dir)
	ts.Check(err)
	ts.Check(os.Symlink(modules, filepath.Join(dir, "node_modules")))
}

// npmModules is a node_modules folder for dir's lock file.
func npmModules(dir string) (string, error) {
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "astrid-dev-test")
	kept := filepath.Join(home, fmt.Sprintf("%.16x", sha256.Sum256(lock)))
	if _, err := os.Stat(kept); err == nil {
		return filepath.Join(kept, "node_modules"), nil
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(home, "new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(fresh, name), data, 0o644); err != nil {
			return "", err
		}
	}
	npm := exec.Command("npm", "install", "--no-audit", "--no-fund")
	npm.Dir = fresh
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install: %w\n%s", err, out)
	}
	if err := os.Rename(fresh, kept); err != nil && !os.IsExist(err) { // another test may have been quicker
		if _, statErr := os.Stat(kept); statErr != nil {
			return "", err
		}
	}
	return filepath.Join(kept, "node_modules"), nil
}

// rustPath is a PATH whose first cargo can build for wasm32-unknown-unknown: that of
// the user's rustc, or of the system's behind it. The folder is the toolchain's own, and
// not that of rustup's stand-ins, which look for their toolchains in the script's HOME.
// "" is none.
func rustPath(path string) string {
	for _, candidate := range []string{path, "/usr/bin"} {
		for _, folder := range filepath.SplitList(candidate) {
			rustc := filepath.Join(folder, "rustc")
			if _, err := os.Stat(rustc); err != nil {
				continue
			}
			out, err := exec.Command(rustc, "--print", "sysroot").Output()
			sysroot := strings.TrimSpace(string(out))
			if _, missing := os.Stat(filepath.Join(sysroot, "lib", "rustlib", "wasm32-unknown-unknown")); err == nil && missing == nil {
				return filepath.Join(sysroot, "bin") + string(os.PathListSeparator) + path
			}
			break // the first one in a PATH is the one that counts
		}
	}
	return ""
}

// cmdRust puts a cargo that can build capsules first in the script's PATH.
func cmdRust(ts *testscript.TestScript, _ bool, _ []string) {
	path := rustPath(ts.Getenv("PATH"))
	if path == "" {
		ts.Fatalf("no Rust with wasm32-unknown-unknown; a script says [!tool:rust-wasm] skip first")
	}
	ts.Setenv("PATH", path)
	ts.Setenv("CARGO_HOME", cargoHome())
	for _, v := range os.Environ() { // start hands them on; exec must do the same, or their builds have two keys
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
	cache, err := os.UserCacheDir()
	ts.Check(err)
	dir := filepath.Join(cache, "astrid-dev-test", "cargo-"+args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Setenv("CARGO_TARGET_DIR", dir)
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

// hasSDK reports whether the crates of examples/hello-sdk are here, or can be had.
var hasSDK = sync.OnceValue(func() bool {
	cmd := exec.Command("cargo", "fetch", "--locked", "--target", "wasm32-unknown-unknown")
	cmd.Dir = filepath.Join("..", "..", "examples", "hello-sdk")
	path := rustPath(os.Getenv("PATH"))
	if path == "" {
		return false
	}
	cmd.Path = filepath.Join(filepath.SplitList(path)[0], "cargo")
	cmd.Env = append(os.Environ(), "PATH="+path)
	return cmd.Run() == nil
})

// hasTool reports whether a script's [tool:NAME] is there: a program, or one of
// the things that are more than a program.
func hasTool(name string) bool {
	switch name {
	case "rust-wasm":
		return rustPath(os.Getenv("PATH")) != ""
	case "astrid-sdk":
		return hasSDK()
	case "wasi-libc":
		return exec.Command("clang", "--target=wasm32-wasi", "-x", "c", "-E", "-include", "stdlib.h", "-o", os.DevNull, os.DevNull).Run() == nil
	case "mounts": // a mount namespace of one's own, for a small or a read-only disk
		return exec.Command("unshare", "-rm", "true").Run() == nil
	}
	_, err := exec.LookPath(name)
	return err == nil
}
