package toolchain

import (
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// lookPath finds a program in env's PATH. A name with a separator is taken
// from dir. Relative entries of PATH are passed over, as os/exec does: the
// folder a build runs in must not decide what runs. "" is not found.
func lookPath(name, dir string, env environ) string {
	if strings.ContainsAny(name, `/`+string(filepath.Separator)) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, filepath.FromSlash(name))
		}
		return runnable(name, env)
	}
	for _, folder := range filepath.SplitList(env.get("PATH")) {
		if !filepath.IsAbs(folder) {
			continue
		}
		if found := runnable(filepath.Join(folder, name), env); found != "" {
			return found
		}
	}
	return ""
}

// resolved follows links: a new version is often a link that moved.
func resolved(program string) string {
	if real, err := fsys.Real(program); err == nil {
		return real
	}
	return program
}
