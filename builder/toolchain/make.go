package toolchain

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// makefiles in the order in which make looks for them.
var makefiles = []string{"GNUmakefile", "makefile", "Makefile"}

var wasmTarget = regexp.MustCompile(`(?m)^(?:[^\s#:=]+[ \t]+)*wasm(?:[ \t]+[^\s#:=]+)*[ \t]*::?(?:[^=]|$)`)

// isMake accepts a Makefile with a target called wasm.
func isMake(dir string) bool {
	for _, name := range makefiles {
		if data := readAll(filepath.Join(dir, name)); data != nil {
			return wasmTarget.Match(data)
		}
	}
	return false
}

func planMake(ctx context.Context, j *job) (*Recipe, error) {
	program, err := j.tool("make")
	if err != nil {
		return nil, err
	}
	version := versionOf(ctx, j, program, "--version")
	id := Identity{Local: []string{version}, Portable: []string{version}}
	for _, compiler := range []string{j.env.get("CC"), j.env.get("CXX"), "clang", "wasm-ld"} { // what a Makefile for wasm runs
		if found := lookPath(compiler, j.dir, j.env); compiler != "" && found != "" {
			id.Local = append(id.Local, stamp(resolved(found)))
			id.Portable = append(id.Portable, versionOf(ctx, j, found, "--version"))
		}
	}
	local, portable := j.steering(steersMake)
	id.Local, id.Portable = append(id.Local, local...), append(id.Portable, portable...)
	return &Recipe{argv: fixed(program, "wasm"), Identity: id, diagnose: j.diagnoseMake, ByTime: true}, nil
}

// steersMake accepts the variables that the implicit rules of make read.
func steersMake(name string) bool {
	return slices.Contains([]string{"CC", "CXX", "LD", "AR", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "MAKEFLAGS", "WASI_SDK_PATH"}, name)
}

var (
	makeStop    = regexp.MustCompile(`(?m)^make(?:\[\d+\])?: \*\*\* (?:\[[^\]]*\] )?(.+?)(?:\.  Stop\.)?$`)
	makeFailure = regexp.MustCompile(`^Error \d+$`)
)

// diagnoseMake adds to the compilers' complaints make's own: a program that is
// not there, a rule that is missing.
func (j *job) diagnoseMake(stdout, stderr []byte) []finding.Finding {
	list := readLines(j.dir, j.dir, []syntax{gnuSyntax, pythonSyntax}, stdout, stderr)
	list = append(list, missingTools(stderr, j.env)...)
	if len(list) > 0 {
		return unique(list)
	}
	for _, m := range makeStop.FindAllStringSubmatch(plain(stderr), -1) {
		if !makeFailure.MatchString(m[1]) {
			list = append(list, finding.Finding{Message: m[1]})
		}
	}
	return unique(list)
}
