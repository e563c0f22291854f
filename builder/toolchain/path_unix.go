//go:build !windows

package toolchain

import "os"

// sameName reports whether two variable names are one to the system.
func sameName(a, b string) bool { return a == b }

// runnable returns the program at path, "" if there is none.
func runnable(path string, _ environ) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return ""
	}
	return path
}
