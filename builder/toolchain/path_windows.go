package toolchain

import (
	"path/filepath"
	"strings"
)

// sameName reports whether two variable names are one to the system.
func sameName(a, b string) bool { return strings.EqualFold(a, b) }

// runnable returns the program at path with one of PATHEXT's endings, "" if there is none.
func runnable(path string, env environ) string {
	endings := env.get("PATHEXT")
	if endings == "" {
		endings = ".COM;.EXE;.BAT;.CMD" // what cmd.exe falls back to
	}
	if filepath.Ext(path) != "" && isFile(path) {
		return path
	}
	for _, ending := range strings.Split(endings, ";") {
		if ending != "" && isFile(path+ending) {
			return path + ending
		}
	}
	return ""
}
