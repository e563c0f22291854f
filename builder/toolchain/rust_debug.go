package toolchain

import (
	"fmt"
	"path/filepath"
)

// DebugTarget is the folder below cargo's target folder in which debug builds have their products:
// what the user's own builds left stays as it is, and neither waits for the other's lock.
const DebugTarget = "astrid-dev-debug"

// debugSettings are what a debug build changes in the crate's profile. Everything else stays as the
// author wrote it, such as opt-level, panic and overflow-checks, so that the module does the same.
// docs/performance.md has what each of them is worth.
var debugSettings = []string{
	`lto="off"`,
	"incremental=true",
	`debug="line-tables-only"`,
	`strip="none"`,
	`package."*".debug=false`, // those of the author's own crates are what a trap is looked up in
}

// Units of a debug build: an edit compiles those anew that it changed. Of equal functions the compiler makes one within a
// unit only, and the kernel knows by that the exports that the SDK filled in: with more than one unit it would call an empty run.
// So the exports of such a module are folded, where those of the release are one function, too.
const (
	manyUnits = "codegen-units=16"
	oneUnit   = "codegen-units=1"
)

// hasDebugForm reports whether the profile is one that is made for what is released, and takes its time for it. Without
// optimization across crates several units are compiled at once already, and what they leave of equal functions hangs on them.
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
	units := oneUnit
	if debug.fold = c.files.MergesFunctions(c.cargoProfile(), c.files.Rustflags(c.target)); debug.fold {
		units = manyUnits
	}
	for _, setting := range append([]string{units}, debugSettings...) {
		debug.overrides = append(debug.overrides, fmt.Sprintf("profile.%s.%s", c.cargoProfile(), setting))
	}
	return &debug
}
