//go:build !windows

package toolchain

import "github.com/astrid-runtime/astrid-dev/watcher/fsys"

// sameName reports whether two variable names are one to the system.
func sameName(a, b string) bool { return a == b }

// runnable returns the program at path, "" if there is none.
func runnable(path string, _ environ) string {
	if info := fsys.Stat(path); info.Kind != fsys.File || !info.Exec() {
		return ""
	}
	return path
}
