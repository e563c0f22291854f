package toolchain

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// isGo accepts a folder with a go.mod, and Go files below one. The files are
// asked for because a capsule of another language may lie in a Go repository.
func isGo(dir string) bool {
	if isFile(filepath.Join(dir, "go.mod")) {
		return true
	}
	files, err := filepath.Glob(filepath.Join(fsys.EscapeGlob(dir), "*.go"))
	return err == nil && len(files) > 0 && above(dir, "go.mod") != ""
}

func planGo(ctx context.Context, j *job) (*Recipe, error) {
	program, err := j.tool("go")
	if err != nil {
		return nil, err
	}
	version := goVersion(ctx, j, program)
	if tooOld(version) {
		return nil, toolchainProblem(finding.Finding{Code: finding.GoTooOld, Message: version + " cannot export functions of a wasm module",
			Hint: "Go 1.24 or newer can; " + installHint("go", j.env)})
	}
	component, pkg, err := j.goPackage()
	if err != nil {
		return nil, err
	}
	g := &goModule{job: j, program: program, version: version, env: j.env.with("GOOS", "wasip1", "GOARCH", "wasm"), pkg: pkg}
	argv := func(out string) []string {
		return []string{program, "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-o", j.moduleIn(out, component), pkg}
	}
	return &Recipe{argv: argv, env: g.env, Identity: j.goIdentity(program, version), Outside: g.outside, TellsAll: true}, nil
}

// moduleIn is where component i is to be written in the folder out.
func (j *job) moduleIn(out string, i int) string {
	return filepath.Join(out, path.Base(j.Manifest.Components[i].File))
}

// goPackage is the component that is built and its package: the capsule's
// folder for the only one. Of several, the one that has a folder cmd/<name> or
// <name>, called like its file, or else the first; the go command makes one
// library at a time, and the others must be there already.
func (j *job) goPackage() (component int, pkg string, err error) {
	if len(j.Manifest.Components) == 1 {
		return 0, ".", nil
	}
	var own []string
	for i, c := range j.Manifest.Components {
		name := strings.TrimSuffix(path.Base(c.File), ".wasm")
		for _, folder := range []string{"cmd/" + name, name} {
			if isDir(filepath.Join(j.dir, filepath.FromSlash(folder))) {
				own, component = append(own, "./"+folder), i
				break
			}
		}
	}
	switch len(own) {
	case 0:
		return 0, ".", nil
	case 1:
		return component, own[0], nil
	}
	return 0, "", manifestProblem(finding.Finding{Code: finding.GoSeveral, File: tree.ManifestName, Message: "the go command builds one component at a time, and " + strings.Join(own, " and ") + " are packages of their own",
		Hint: `write a build command that makes each in $CAPSULE_OUT_DIR: build = ["make", "wasm"]`})
}

func planTinyGo(ctx context.Context, j *job) (*Recipe, error) {
	program, err := j.tool("tinygo")
	if err != nil {
		return nil, err
	}
	compiler, err := j.tool("go")
	if err != nil {
		return nil, err
	}
	if len(j.Manifest.Components) > 1 {
		return nil, manifestProblem(finding.Finding{Code: finding.TinygoSeveral, File: tree.ManifestName, Message: "tinygo builds one component at a time",
			Hint: `write a build command: build = ["make", "wasm"]`})
	}
	version := goVersion(ctx, j, compiler)
	g := &goModule{job: j, program: compiler, version: version, env: j.env.with("GOOS", "wasip1", "GOARCH", "wasm", "GOFLAGS", strings.TrimSpace(j.env.get("GOFLAGS")+" -tags=tinygo")), pkg: "."}
	argv := func(out string) []string {
		return []string{program, "build", "-target=wasip1", "-buildmode=c-shared", "-o", j.moduleIn(out, 0), "."}
	}
	return &Recipe{argv: argv, Identity: j.goIdentity(program, versionOf(ctx, j, program, "version"), version), Outside: g.outside, TellsAll: true}, nil
}

var goDirective = regexp.MustCompile(`(?m)^\s*(?:go|toolchain)\s+\S+`)

// goVersion is what `go version` says in the capsule's folder: the go and
// toolchain lines above it may choose another toolchain than the program's own.
func goVersion(ctx context.Context, j *job, program string) string {
	installed := readSmall(filepath.Join(filepath.Dir(filepath.Dir(resolved(program))), "go.env")) // which toolchain the installer prefers
	steers := []string{j.env.get("GOTOOLCHAIN"), j.env.get("GOFLAGS"), j.env.get("GOWORK"), readSmall(goEnvFile(j.env)), installed}
	module := filepath.Join(above(j.dir, "go.mod"), "go.mod")
	for _, file := range []string{module, (&goModule{job: j, env: j.env}).workspace()} {
		steers = append(steers, goDirective.FindAllString(readSmall(file), -1)...)
	}
	env := j.env.with("GOPROXY", "off") // must not begin a download
	return question{dir: j.dir, env: env, argv: []string{program, "version"}, steers: steers, rests: restsOnGo(program)}.ask(ctx)
}

var goRelease = regexp.MustCompile(`^go version (?:.* )?go1\.(\d+)`)

// tooOld reports whether a version is known to lack go:wasmexport, which came with Go 1.24.
func tooOld(version string) bool {
	m := goRelease.FindStringSubmatch(version)
	if m == nil {
		return false
	}
	minor, err := strconv.Atoi(m[1])
	return err == nil && minor < 24
}

// goIdentity is the versions and what changes the result for the same sources: the
// variables and what `go env -w` remembers. The folders in which Go keeps itself and what
// it fetched are this machine's: what is in them is known by versions and by go.sum.
func (j *job) goIdentity(program string, versions ...string) Identity {
	remembered := fmt.Sprintf("%q", readSmall(goEnvFile(j.env)))
	local, _ := j.steering(steersGo)
	_, portable := j.steering(func(name string) bool { return steersGo(name) && !namesGoFolder(name) })
	if real := resolved(program); !isNative(real) { // a wrapper may build otherwise, and say the same version
		versions = append(versions, contentOf(real))
	}
	return Identity{
		Local:    slices.Concat(versions, local, []string{remembered}),
		Portable: slices.Concat(versions, portable, []string{remembered}),
	}
}

// namesGoFolder accepts those of the variables that are folders of the machine.
func namesGoFolder(name string) bool {
	switch name {
	case "GOROOT", "GOPATH", "GOMODCACHE", "GOPROXY":
		return true
	}
	return false
}

// steersGo accepts the variables that change what the go command makes of the same sources.
func steersGo(name string) bool {
	switch name {
	case "GOFLAGS", "GOEXPERIMENT", "GOWASM", "GOWORK", "GOPROXY", "GOTOOLCHAIN", "GOROOT", "GO111MODULE", "GODEBUG", "GOPATH", "GOMODCACHE":
		return true
	}
	return false
}
