package toolchain

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
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

func planGo(ctx context.Context, j *job) (*Plan, error) {
	program, err := j.tool("go")
	if err != nil {
		return nil, err
	}
	version := goVersion(ctx, j, program)
	if tooOld(version) {
		return nil, toolchainProblem(finding.Finding{Code: finding.GoTooOld, Message: version + " cannot export functions of a wasm module",
			Hint: "Go 1.24 or newer can; " + installHint("go", j.env)})
	}
	argv := []string{program, "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared"}
	component, pkg, err := j.goPackage()
	if err != nil {
		return nil, err
	}
	g := &goModule{job: j, program: program, env: j.env.with("GOOS", "wasip1").with("GOARCH", "wasm"), pkg: pkg}
	return &Plan{Argv: append(argv, "-o", j.out(component), pkg), Env: g.env,
		Identity: strings.Join(append([]string{"go", version}, j.goSteers()...), "\n"), Outside: g.outside, TellsAll: true}, nil
}

// out is where component i is to be written.
func (j *job) out(i int) string {
	return filepath.Join(j.OutDir, path.Base(j.Manifest.Components[i].File))
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
	return 0, "", manifestProblem(finding.Finding{Code: finding.GoSeveral, File: capsule.ManifestName, Message: "the go command builds one component at a time, and " + strings.Join(own, " and ") + " are packages of their own",
		Hint: `write a build command that makes each in $CAPSULE_OUT_DIR: build = ["make", "wasm"]`})
}

func planTinyGo(ctx context.Context, j *job) (*Plan, error) {
	program, err := j.tool("tinygo")
	if err != nil {
		return nil, err
	}
	compiler, err := j.tool("go")
	if err != nil {
		return nil, err
	}
	if len(j.Manifest.Components) > 1 {
		return nil, manifestProblem(finding.Finding{Code: finding.TinygoSeveral, File: capsule.ManifestName, Message: "tinygo builds one component at a time",
			Hint: `write a build command: build = ["make", "wasm"]`})
	}
	g := &goModule{job: j, program: compiler, env: j.env.with("GOOS", "wasip1").with("GOARCH", "wasm").with("GOFLAGS", strings.TrimSpace(j.env.get("GOFLAGS")+" -tags=tinygo")), pkg: "."}
	return &Plan{
		Argv:     []string{program, "build", "-target=wasip1", "-buildmode=c-shared", "-o", j.out(0), "."},
		Identity: strings.Join(append([]string{"tinygo", versionOf(ctx, j, program, "version"), goVersion(ctx, j, compiler)}, j.goSteers()...), "\n"),
		Outside:  g.outside, TellsAll: true,
	}, nil
}

var goDirective = regexp.MustCompile(`(?m)^\s*(?:go|toolchain)\s+\S+`)

// goVersion is what `go version` says in the capsule's folder: the go and
// toolchain lines above it may choose another toolchain than the program's own.
func goVersion(ctx context.Context, j *job, program string) string {
	steers := []string{j.env.get("GOTOOLCHAIN"), readSmall(goEnvFile(j.env))}
	for _, name := range []string{"go.mod", "go.work"} {
		if folder := above(j.dir, name); folder != "" {
			steers = append(steers, goDirective.FindAllString(readSmall(filepath.Join(folder, name)), -1)...)
		}
	}
	question := j.env.with("GOPROXY", "off") // must not begin a download
	return ask(ctx, j.dir, question, []string{program, "version"}, steers...)
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

// goEnvFile is where `go env -w` writes.
func goEnvFile(env environ) string {
	if file := env.get("GOENV"); file != "" {
		return file
	}
	folder := env.get("XDG_CONFIG_HOME")
	if folder == "" {
		folder = filepath.Join(homeDir(env), userConfig)
	}
	return filepath.Join(folder, "go", "env")
}

// goSteers is what changes the result for the same sources: the variables and
// what `go env -w` remembers.
func (j *job) goSteers() []string {
	list := j.env.matching(steersGo)
	return append(list, fmt.Sprintf("%q", readSmall(goEnvFile(j.env))))
}

// steersGo accepts the variables that change what the go command makes of the same sources.
func steersGo(name string) bool {
	switch name {
	case "GOFLAGS", "GOEXPERIMENT", "GOWASM", "GOWORK", "GOPROXY", "GOTOOLCHAIN", "GOROOT", "GO111MODULE", "GODEBUG", "GOPATH", "GOMODCACHE":
		return true
	}
	return false
}
