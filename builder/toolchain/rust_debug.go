package toolchain

import (
	"fmt"
	"path/filepath"
)

// DebugTarget is the folder below cargo's target folder in which debug builds have their products:
// what the user's own builds left stays as it is, and neither waits for the other's lock.
const DebugTarget = "astrid-dev-debug"

// debugSettings are what a debug build changes in the crate's profile. Everything else stays as the
// author wrote it, such as opt-level, panic and overflow-checks, so that the module does the same. One
// unit, because only within one equal functions become one, by which the kernel knows the exports that
// the SDK filled in: with more it would call an empty run.
// docs/performance.md has what each of them is worth.
var debugSettings = []string{
	`lto="off"`,
	"codegen-units=1",
	"incremental=true",
	`debug="line-tables-only"`,
	`strip="none"`,
	`package."*".debug=false`, // those of the author's own crates are what a trap is looked up in
}

// hasDebugForm reports whether the profile is one that is made for what is released, and takes its time for it. Without
// optimization across crates it is compiled sooner as it is: several units at once are worth more than what one unit keeps of an earlier build.
func (c *crate) hasDebugForm() bool {
	switch c.cargoProfile() {
	case "dev", "test":
		return false
	}
	return c.files.OptimizesLinks(c.cargoProfile(), c.files.Rustflags(c.target))
}

// debug is c as a debug build has it.
func (c *crate) debug() *crate {
	job := *c.job
	debug := *c
	debug.job = &job
	debug.targetDir = filepath.Join(c.targetDir, DebugTarget)
	debug.env = c.env.with("CARGO_TARGET_DIR", debug.targetDir)
	for _, setting := range debugSettings {
		debug.overrides = append(debug.overrides, fmt.Sprintf("profile.%s.%s", c.cargoProfile(), setting))
	}
	return &debug
}
