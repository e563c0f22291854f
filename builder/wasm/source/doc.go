// Package source finds the lines of an author's source behind an instruction of a core module.
//
// A compiler that was told to keep debug information leaves it in the module, in one of two
// forms: DWARF in custom sections (C, Rust, Zig), or the address of a source map (AssemblyScript).
// Without either there are still the functions' names, in the section "name". What runs inside
// of an engine or of a runtime that keeps its own books (JavaScript in QuickJS, Go) has no lines
// here: these print theirs when they fail.
//
// The bytes may be anybody's: what is not as it should be has no places, and nothing panics. Made
// for it, they can cost much time and some ten times their size of memory: whoever reads a
// stranger's module does it where both are bounded.
//
// The layers of its files: bytes.go; module.go, the sections of a module; rows.go and
// sourcemap.go, from an instruction to a line; inline.go, functions that were compiled into
// another; source.go. Beside them strip.go: a module that no longer tells, fold.go: one whose exports are as
// a release has them, customs.go: whether one tells anything, and mark.go: how wazero
// tells which instruction it was.
package source
