package toolchain

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
)

const rustupVariable = "RUSTUP_TOOLCHAIN" // it wins over a toolchain file

// uninstalled is what rustup says, with a backtrace below it, instead of running a tool.
var uninstalled = regexp.MustCompile(`toolchain '([^']+)' is not installed`)

// uninstalledToolchain is the finding about what rustup said on stderr; false when it said
// nothing of a toolchain that is missing.
func (c *crate) uninstalledToolchain(stderr string) (finding.Finding, bool) {
	said := uninstalled.FindStringSubmatch(stderr)
	if said == nil {
		return finding.Finding{}, false
	}
	return rustupLacks(c.dir, said[1], c.env), true
}

// rustupLacks is the finding about the toolchain called name, which the capsule in dir asks for.
func rustupLacks(dir, name string, env environ) finding.Finding {
	f := finding.Finding{Code: finding.RustToolchainMissing}
	asks := rustupVariable
	if env.get(rustupVariable) == "" {
		f.File, f.Line, f.Column, asks = toolchainFile(dir)
	}
	f.Message = fmt.Sprintf("rustup has no toolchain %s, which %s names", name, asks)
	f.Hint = "run: rustup toolchain install " + name
	if list := installedToolchains(env); len(list) > 0 {
		f.Hint += fmt.Sprintf("; or set %s to one that is there: %s", rustupVariable, strings.Join(list, ", "))
	}
	return f
}

// toolchainFile is where the file that rustup obeys in dir names its toolchain, and how a
// person calls that file.
func toolchainFile(dir string) (file string, line, column int, called string) {
	if found := cargo.ToolchainFile(dir); found != nil {
		line, column = found.Doc.Position("toolchain", "channel")
		return relative(dir, dir, found.Path), line, column, filepath.Base(found.Path)
	}
	for _, path := range cargo.ToolchainFiles(dir) {
		return relative(dir, dir, path), 1, 1, filepath.Base(path)
	}
	return "", 0, 0, "rustup's own setting"
}

// askedToolchain is the toolchain that rustup is to use in dir, "" where nothing there says.
func askedToolchain(dir string, env environ) string {
	if name := env.get(rustupVariable); name != "" {
		return name
	}
	if found := cargo.ToolchainFile(dir); found != nil {
		return found.Doc.String("toolchain", "channel")
	}
	for _, path := range cargo.ToolchainFiles(dir) {
		return strings.TrimSpace(readSmall(path))
	}
	return ""
}

// installedToolchains are the names of rustup's toolchains, sorted.
func installedToolchains(env environ) []string {
	entries, err := os.ReadDir(filepath.Join(rustupHome(env), "toolchains"))
	if err != nil {
		return nil
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// Uninstalled is the finding about the capsule in dir when it asks rustup for a toolchain that
// rustup does not have; false when it does not. It is a warning: rustup may be set to install
// what is missing. Its file is relative to dir.
func Uninstalled(dir string, env []string) (finding.Finding, bool) {
	name, installed, program := askedToolchain(dir, env), installedToolchains(env), lookPath("cargo", "", environ(env))
	there := func(one string) bool { return one == name || strings.HasPrefix(one, name+"-") }
	if name == "" || len(installed) == 0 || program == "" || !isFile(filepath.Join(dir, "Cargo.toml")) || !isRustup(program, env) || slices.ContainsFunc(installed, there) {
		return finding.Finding{}, false
	}
	f := rustupLacks(dir, name, env)
	f.Severity = finding.Warning
	return f, true
}

// isRustup reports whether a program of Rust's is rustup's proxy: a link to
// rustup, or a program beside it.
func isRustup(program string, env environ) bool {
	if real, err := filepath.EvalSymlinks(program); err == nil && strings.HasPrefix(filepath.Base(real), "rustup") {
		return true
	}
	return runnable(filepath.Join(filepath.Dir(program), "rustup"), env) != ""
}
