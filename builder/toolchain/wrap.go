package toolchain

import (
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
)

// wrappers in the order in which they are looked for. wasm-component-ld is not
// among them: it is a linker's front and takes object files, not a module.
var wrappers = []struct {
	name string
	argv func(program, in, out string) []string
}{
	{"wasm-tools", func(p, in, out string) []string { return []string{p, "component", "new", in, "-o", out} }},
	{"jco", func(p, in, out string) []string { return []string{p, "new", in, "-o", out} }},
}

// Wrapper finds the command that makes a component of the core module at in
// and writes it to out: the manifest's `wrap`, with in and out put where it says
// {in} and {out} or after its last argument, or the first wrapper that the
// project's node_modules or env's PATH has. ok is false when there is none, or
// the manifest says false. name is for a person.
func Wrapper(m *capsule.Manifest, env []string) (argv func(in, out string) []string, name string, ok bool) {
	wrap := m.Dev.Wrap
	if wrap.Off {
		return nil, "", false
	}
	if len(wrap.Argv) > 0 {
		program := lookPath(wrap.Argv[0], m.Dir, env)
		if program == "" {
			program = wrap.Argv[0] // the start of it then says what is missing
		}
		given := append([]string{program}, wrap.Argv[1:]...)
		return func(in, out string) []string { return place(given, in, out) }, filepath.Base(wrap.Argv[0]), true
	}
	for _, w := range wrappers {
		program := lookTool(w.name, m.Dir, env)
		if program != "" {
			return func(in, out string) []string { return w.argv(program, in, out) }, w.name, true
		}
	}
	return nil, "", false
}

// wrapperIdentity makes a wrapper that comes, goes or changes a reason to build again.
func (j *job) wrapperIdentity() string {
	argv, _, ok := Wrapper(j.Manifest, j.Env)
	if !ok {
		return "\nno wrapper"
	}
	return "\nwrapper " + stamp(resolved(argv("", "")[0]))
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
