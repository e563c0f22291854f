package toolchain

import (
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// environ is an environment as os/exec takes it: "NAME=value", each name once.
type environ []string

// get returns the value of name, "" when it is not set.
func (e environ) get(name string) string {
	value, _ := e.lookup(name)
	return value
}

func (e environ) lookup(name string) (string, bool) {
	for i := len(e) - 1; i >= 0; i-- {
		if len(e[i]) > len(name) && e[i][len(name)] == '=' && sameName(e[i][:len(name)], name) {
			return e[i][len(name)+1:], true
		}
	}
	return "", false
}

// with returns a copy of e in which name is value.
func (e environ) with(name, value string) environ {
	out := make(environ, 0, len(e)+1)
	for _, entry := range e {
		if !(len(entry) > len(name) && entry[len(name)] == '=' && sameName(entry[:len(name)], name)) {
			out = append(out, entry)
		}
	}
	return append(out, name+"="+value)
}

// unlessSet is with, but keeps a value that is there.
func (e environ) unlessSet(name, value string) environ {
	if _, ok := e.lookup(name); ok {
		return e
	}
	return append(slices.Clip(e), name+"="+value)
}

// matching returns the entries whose name match accepts, sorted.
func (e environ) matching(match func(name string) bool) []string {
	var list []string
	for _, entry := range e {
		if name, _, ok := strings.Cut(entry, "="); ok && match(name) {
			list = append(list, entry)
		}
	}
	slices.Sort(list)
	return list
}

// buildEnv is the environment of r's build: the user's, our requests where the
// user said nothing, the manifest's `env`, and the CAPSULE_ variables but for those of inFolders.
func buildEnv(r Request) environ {
	e := slices.Clone(environ(r.Env))
	e = colours(e)
	e = parallelism(e, r.Jobs)
	m := r.Manifest
	for _, name := range sortedKeys(m.Dev.Env) {
		e = e.with(name, m.Dev.Env[name])
	}
	profile := m.Dev.Profile
	if profile == "" {
		profile = "release"
	}
	for _, v := range [][2]string{
		{"CAPSULE_DIR", m.Dir}, {"CAPSULE_NAME", m.Package.Name}, {"CAPSULE_PROFILE", profile},
	} {
		e = e.with(v[0], v[1])
	}
	return e
}

// inFolders is e with the variables that name the folders of one build.
func (j *job) inFolders(e environ, out, temp string) environ {
	for _, v := range [][2]string{
		{"CAPSULE_OUT", filepath.Join(out, path.Base(j.Manifest.Components[0].File))}, {"CAPSULE_OUT_DIR", out},
		{"TMPDIR", temp}, {"TMP", temp}, {"TEMP", temp}, {"GOTMPDIR", temp},
	} {
		e = e.with(v[0], v[1])
	}
	return e
}

// colours asks tools that write to a pipe to keep their colours, unless the
// user wants none. NO_COLOR is the user's word, so the three requests stay away.
func colours(e environ) environ {
	if e.get("NO_COLOR") != "" {
		return e
	}
	return e.unlessSet("CARGO_TERM_COLOR", "always").unlessSet("CLICOLOR_FORCE", "1").unlessSet("FORCE_COLOR", "1")
}

// wantsColour reports whether the tools were asked for colours.
func (e environ) wantsColour() bool {
	return e.get("NO_COLOR") == "" && e.get("CARGO_TERM_COLOR") != "never"
}

// parallelism gives each of jobs parallel builds its share of the processors,
// so that together they do not ask for more than there are. A single build is
// left alone: its tools take all of them by default.
func parallelism(e environ, jobs int) environ {
	share := strconv.Itoa(max(1, runtime.NumCPU()/jobs))
	if jobs == 1 {
		return e
	}
	return e.unlessSet("CARGO_BUILD_JOBS", share).unlessSet("GOMAXPROCS", share)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
