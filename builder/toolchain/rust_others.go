package toolchain

import (
	"path/filepath"
)

// otherRust returns the first folder in PATH, besides that of rustc, whose Rust
// has the target, "" if there is none. Distributions keep the library beside
// the programs.
func otherRust(rustc, target string, env environ) string {
	for _, folder := range filepath.SplitList(env.get("PATH")) {
		program := runnable(filepath.Join(folder, "rustc"), env)
		if program == "" || folder == filepath.Dir(rustc) || runnable(filepath.Join(folder, "cargo"), env) == "" || isRustup(program, env) {
			continue
		}
		if isDir(filepath.Join(filepath.Dir(folder), "lib", "rustlib", target)) {
			return folder
		}
	}
	return ""
}
