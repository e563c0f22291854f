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

// with returns a copy of e with the variables of pairs, each a name and its value. Of two of one
// name the later counts.
func (e environ) with(pairs ...string) environ {
	out := make(environ, 0, len(e)+len(pairs)/2)
	for _, entry := range e {
		if name, _, _ := strings.Cut(entry, "="); !sets(pairs, name) {
			out = append(out, entry)
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if !sets(pairs[i+2:], pairs[i]) {
			out = append(out, pairs[i]+"="+pairs[i+1])
		}
	}
	return out
}

// sets reports whether name is one of pairs' names.
func sets(pairs []string, name string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if sameName(pairs[i], name) {
			return true
		}
	}
	return false
}

// unlessSet is with, but keeps the values that are there.
func (e environ) unlessSet(pairs ...string) environ { return e.with(e.unset(pairs)...) }

// unset are those of pairs whose name e does not have.
func (e environ) unset(pairs []string) (list []string) {
	for i := 0; i < len(pairs); i += 2 {
		if _, ok := e.lookup(pairs[i]); !ok {
			list = append(list, pairs[i], pairs[i+1])
		}
	}
	return list
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
	e := environ(r.Env)
	pairs := e.unset(append(colours(e), parallelism(r.Jobs)...))
	m := r.Manifest
	for _, name := range sortedKeys(m.Dev.Env) {
		pairs = append(pairs, name, m.Dev.Env[name])
	}
	profile := m.Dev.Profile
	if profile == "" {
		profile = "release"
	}
	return e.with(append(pairs, "CAPSULE_DIR", m.Dir, "CAPSULE_NAME", m.Package.Name, "CAPSULE_PROFILE", profile)...)
}

// inFolders is e with the variables that name the folders of one build and where its command runs.
func (j *job) inFolders(e environ, out, temp string) environ {
	return e.with("PWD", j.dir, "CAPSULE_OUT", filepath.Join(out, path.Base(j.Manifest.Components[0].File)), "CAPSULE_OUT_DIR", out,
		"TMPDIR", temp, "TMP", temp, "TEMP", temp, "GOTMPDIR", temp)
}

// colours are the requests to tools that write to a pipe to keep their colours, unless the
// user wants none. NO_COLOR is the user's word, so the three requests stay away.
func colours(e environ) []string {
	if e.get("NO_COLOR") != "" {
		return nil
	}
	return []string{"CARGO_TERM_COLOR", "always", "CLICOLOR_FORCE", "1", "FORCE_COLOR", "1"}
}

// wantsColour reports whether the tools were asked for colours.
func (e environ) wantsColour() bool {
	return e.get("NO_COLOR") == "" && e.get("CARGO_TERM_COLOR") != "never"
}

// parallelism gives each of jobs parallel builds its share of the processors,
// so that together they do not ask for more than there are. A single build is
// left alone: its tools take all of them by default.
func parallelism(jobs int) []string {
	if jobs == 1 {
		return nil
	}
	share := strconv.Itoa(max(1, runtime.NumCPU()/jobs))
	return []string{"CARGO_BUILD_JOBS", share, "GOMAXPROCS", share}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
