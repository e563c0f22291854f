package testkit

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// RustPath is a PATH whose first cargo can build for wasm32-unknown-unknown: that of
// the user's rustc, or of the system's behind it. The folder is the toolchain's own, and
// not that of rustup's stand-ins, which look for their toolchains in HOME. "" is none.
func RustPath(path string) string {
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

// HasSDK reports whether the crates of examples/hello-sdk are here; make toolchains fetches
// them.
var HasSDK = sync.OnceValue(func() bool {
	cmd := exec.Command("cargo", "fetch", "--offline", "--locked", "--target", "wasm32-unknown-unknown", "--target", "host-tuple")
	cmd.Dir = filepath.Join(Root(), "examples", "hello-sdk")
	path := RustPath(os.Getenv("PATH"))
	if path == "" {
		return false
	}
	cmd.Path = filepath.Join(filepath.SplitList(path)[0], "cargo")
	cmd.Env = append(os.Environ(), "PATH="+path)
	return cmd.Run() == nil
})

// Cache is a folder of the user's cache that the tests keep from run to run.
func Cache(elements ...string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(append([]string{cache, "astrid-dev-test"}, elements...)...)
	return dir, os.MkdirAll(dir, 0o755)
}

// ZigCache is where Zig keeps what it compiles of its own library: the user's folder, where one
// is named, as .ci/env does.
func ZigCache() (string, error) {
	if dir := os.Getenv("ZIG_GLOBAL_CACHE_DIR"); dir != "" {
		return dir, nil
	}
	return Cache("zig")
}

// NodeModules is a node_modules folder with the packages that dir's lock file names. They
// are installed once a machine.
func NodeModules(dir string) (string, error) {
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return "", err
	}
	cache, err := Cache()
	if err != nil {
		return "", err
	}
	kept := filepath.Join(cache, fmt.Sprintf("%.16x", sha256.Sum256(lock)))
	if _, err := os.Stat(kept); err == nil {
		return filepath.Join(kept, "node_modules"), nil
	}
	fresh, err := os.MkdirTemp(cache, "new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	if err := installPackages(dir, fresh); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, kept); err != nil {
		if _, statErr := os.Stat(kept); statErr != nil { // else another test was quicker
			return "", err
		}
	}
	return filepath.Join(kept, "node_modules"), nil
}

// installPackages installs in fresh what dir's package.json and lock file name.
func installPackages(dir, fresh string) error {
	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(fresh, name), data, 0o644); err != nil {
			return err
		}
	}
	npm := exec.Command("npm", "install", "--no-audit", "--no-fund")
	npm.Dir = fresh
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install: %w\n%s", err, out)
	}
	return nil
}
