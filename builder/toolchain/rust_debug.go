package toolchain

import (
	"fmt"
	"path/filepath"
)

// DebugTarget is the folder below cargo's target folder in which debug builds have their products:
// what the user's own builds left stays as it is, and neither waits for the other's lock.
const DebugTarget = "astrid-dev-debug"

// debugSettings are what a debug build changes in the crate's profile. Everything else stays as the
// author wrote it, such as panic and overflow-checks, so that the module does the same.
// docs/performance.md has what each of them is worth.
var debugSettings = []string{
	"opt-level=1",
	`lto="off"`,
	"codegen-units=16",
	"incremental=true",
	`debug="line-tables-only"`,
	`strip="none"`,
	`package."*".debug=false`, // those of the author's own crates are what a trap is looked up in
}

// hasDebugForm reports whether the profile is one that is made for what is released.
func (c *crate) hasDebugForm() bool {
	switch c.cargoProfile() {
	case "dev", "test":
		return false
	}
	return true
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
