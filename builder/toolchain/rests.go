package toolchain

import (
	"debug/buildinfo"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// What a tool says of its version outlives this process (builder/answers) only where it is known which
// files decide it. A program that starts another, as those of version managers do, says what that
// one says, and that may change while the program itself stays. So it takes proof that a program
// speaks of itself; without one it is asked by each process.

// restsOnSystem is for a program that a system's package manager installed under the name that it is called by: no link
// that leads to a program of another name, and no script.
func restsOnSystem(program string) func(string) []string {
	return func(string) []string {
		real := resolved(program)
		name := filepath.Base(real)
		inSystem := strings.HasPrefix(real, "/usr/bin/") || strings.HasPrefix(real, "/usr/lib/")
		ownName := strings.HasPrefix(name, filepath.Base(program)) || name == "lld" // wasm-ld is a link to it
		if !inSystem || !ownName || !isNative(real) {
			return nil
		}
		return []string{program}
	}
}

// isNative reports whether a file is code for this machine, in the format of systems that have /usr.
func isNative(path string) bool {
	begins, err := fsys.Begins(path, "\x7fELF")
	return err == nil && begins
}

// restsOnGo is for the go command, which holds its own version. Where another toolchain answers, as go.mod may
// ask for, the versions differ.
func restsOnGo(program string) func(string) []string {
	return func(answer string) []string {
		info, err := buildinfo.ReadFile(resolved(program))
		if err != nil || info.Path != "cmd/go" || !strings.HasPrefix(answer, "go version "+info.GoVersion+" ") {
			return nil
		}
		return []string{program}
	}
}

// restsOnRust is for cargo and rustc, called name, at program: the one in the sysroot that rustc names. It is asked itself,
// or by rustup, which chooses by steers and by the toolchains that it has.
func (c *crate) restsOnRust(program, name string) func(string) []string {
	return func(answer string) []string {
		if c.toolchainByPath() {
			return nil
		}
		sysroot := c.sysroot
		if sysroot == "" && isDir(answer) {
			sysroot = answer // it is what was asked for
		}
		itself := filepath.Join(sysroot, "bin", name)
		compiler, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(sysroot), "lib", "librustc_driver*")) // rustc itself is but a beginning
		files := append([]string{program, filepath.Join(sysroot, "lib")}, compiler...)
		switch {
		case sysroot == "" || !isNative(resolved(itself)):
			return nil
		case samePlace(itself, program):
			return files
		case isRustupItself(program):
			toolchains := filepath.Join(rustupHome(c.env), "toolchains")
			linked, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(toolchains), "*")) // each may be a link, and lead through others
			return append(append(files, itself, toolchains), linked...)
		}
		return nil
	}
}

// isRustupItself reports whether program is the same file as rustup, under another name.
func isRustupItself(program string) bool {
	return strings.HasPrefix(filepath.Base(resolved(program)), "rustup") || samePlace(program, filepath.Join(filepath.Dir(program), "rustup"))
}

// samePlace reports whether two paths are of one file.
func samePlace(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// rustupSteers is all but the toolchains by which rustup chooses one: its variables, its settings, and toolchain files. Its
// settings may say it for a folder, and a file may name a toolchain by a path from itself.
func (c *crate) rustupSteers() []string {
	list := c.env.matching(func(name string) bool { return strings.HasPrefix(name, "RUSTUP_") })
	settings := readSmall(filepath.Join(rustupHome(c.env), "settings.toml"))
	list = append(list, settings, readSmall("/etc/rustup/settings.toml"))
	if _, overrides, _ := strings.Cut(settings, "[overrides]"); strings.TrimSpace(overrides) != "" {
		list = append(list, c.dir)
	}
	for _, path := range cargo.ToolchainFiles(c.dir) {
		text := readSmall(path)
		if strings.Contains(text, "path") {
			list = append(list, path)
		}
		list = append(list, text)
	}
	return list
}

// toolchainByPath reports whether rustup may be told of a toolchain by a path, which may lead through links that nobody looks at.
func (c *crate) toolchainByPath() bool {
	if strings.ContainsAny(c.env.get("RUSTUP_TOOLCHAIN"), `/\`) {
		return true
	}
	return slices.ContainsFunc(cargo.ToolchainFiles(c.dir), func(path string) bool { return strings.Contains(readSmall(path), "path") })
}

func rustupHome(env environ) string {
	if home := env.get("RUSTUP_HOME"); home != "" {
		return home
	}
	return filepath.Join(cargo.UserHome(env.lookup), ".rustup")
}
