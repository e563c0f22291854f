package toolchain

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Wrapper is the manifest's own command that makes a component of a core module.
type Wrapper struct {
	Name string   // for a person
	Env  []string // the build's, without what its language adds

	program string // "" when Name is not there
	argv    func(program, in, out string) []string
}

// Command is what makes a component of the core module at in and writes it to
// out. Its error is a *finding.Failure: the wrapper that the manifest names is missing.
func (w *Wrapper) Command(in, out string) ([]string, error) {
	if w.program == "" {
		f := missing(w.Name, w.Env)
		f.Message = fmt.Sprintf("the wrapper %q is not installed, or not in PATH", w.Name)
		return nil, toolchainProblem(f)
	}
	return w.argv(w.program, in, out), nil
}

// wrapper finds the manifest's `wrap` in the project's node_modules or in PATH. nil: the
// manifest names none, and the builder wraps by itself.
func (j *job) wrapper() *Wrapper {
	wrap := j.Manifest.Dev.Wrap
	if wrap.Off || len(wrap.Argv) == 0 {
		return nil
	}
	return &Wrapper{Name: wrap.Argv[0], Env: j.env, program: lookTool(wrap.Argv[0], j.dir, j.env), argv: func(program, in, out string) []string {
		return place(append([]string{program}, wrap.Argv[1:]...), in, out)
	}}
}

// stamp makes a wrapper that comes, goes or changes a reason to build again.
func (w *Wrapper) stamp() string {
	if w == nil || w.program == "" {
		return "no wrapper"
	}
	return "wrapper " + stamp(resolved(w.program))
}

// portable is the wrapper's part of what may be shared.
func (w *Wrapper) portable(j *job) []string {
	if w == nil || w.program == "" {
		return []string{"no wrapper"}
	}
	return append([]string{"wrapper " + contentOf(w.program)}, j.portable(w.argv(w.program, "$IN", "$OUT"))...)
}

// place puts the two paths into a command.
func place(given []string, in, out string) []string {
	argv := make([]string, len(given))
	placed := false
	for i, arg := range given {
		argv[i] = strings.NewReplacer("{in}", in, "{out}", out).Replace(arg)
		placed = placed || argv[i] != arg
	}
	if !placed {
		argv = append(argv, in, "-o", out)
	}
	return argv
}

// lookTool looks in the node_modules/.bin folders at and above dir, then in PATH.
func lookTool(name, dir string, env environ) string {
	for folder := dir; ; folder = filepath.Dir(folder) {
		if found := runnable(filepath.Join(folder, "node_modules", ".bin", name), env); found != "" {
			return found
		}
		if folder == filepath.Dir(folder) {
			return lookPath(name, dir, env)
		}
	}
}
