package toolchain

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// isGo accepts a folder with a go.mod, and Go files below one. The files are
// asked for because a capsule of another language may lie in a Go repository.
func isGo(dir string) bool {
	if isFile(filepath.Join(dir, "go.mod")) {
		return true
	}
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.go"))
	return err == nil && len(files) > 0 && above(dir, "go.mod") != ""
}

// escapeGlob makes a path stand for itself in a pattern.
func escapeGlob(p string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(p)
}

func planGo(ctx context.Context, j *job) (*Plan, error) {
	program, err := j.tool("go")
	if err != nil {
		return nil, err
	}
	version := goVersion(ctx, j, program)
	if tooOld(version) {
		return nil, toolchainProblem(finding.Finding{Code: "go-too-old", Message: version + " cannot export functions of a wasm module",
			Hint: "Go 1.24 or newer can; " + installHint("go", j.env)})
	}
	argv := []string{program, "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared"}
	packages, err := j.goPackages()
	if err != nil {
		return nil, err
	}
	g := &goModule{job: j, program: program, env: j.env.with("GOOS", "wasip1").with("GOARCH", "wasm"), packages: packages}
	return &Plan{Argv: append(append(argv, "-o", j.goOutput()), packages...), Env: g.env,
		Identity: strings.Join(append([]string{"go", version}, j.goSteers()...), "\n"), Outside: g.outside}, nil
}

// goOutput is a file for one component, and a folder for several.
func (j *job) goOutput() string {
	if len(j.Manifest.Components) == 1 {
		return filepath.Join(j.OutDir, path.Base(j.Manifest.Components[0].File))
	}
	return j.OutDir + string(filepath.Separator)
}

// goPackages is the package of the one component. Several have one each,
// cmd/<name> or <name>, called like the component's file; a component without
// one is not built.
func (j *job) goPackages() ([]string, error) {
	if len(j.Manifest.Components) == 1 {
		return []string{"."}, nil
	}
	var list []string
	for _, c := range j.Manifest.Components {
		name := strings.TrimSuffix(path.Base(c.File), ".wasm")
		for _, folder := range []string{"cmd/" + name, name} {
			if isDir(filepath.Join(j.dir, filepath.FromSlash(folder))) {
				list = append(list, "./"+folder)
				break
			}
		}
	}
	if len(list) == 0 {
		return nil, manifestProblem(finding.Finding{Code: "go-no-package", File: "Capsule.toml", Message: "the manifest has several components, and none has a package of its own",
			Hint: "put each into a folder called like its file: cmd/" + strings.TrimSuffix(path.Base(j.Manifest.Components[0].File), ".wasm")})
	}
	return list, nil
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
		return nil, manifestProblem(finding.Finding{Code: "tinygo-several", File: "Capsule.toml", Message: "tinygo builds one component at a time",
			Hint: `write a build command: build = ["make", "wasm"]`})
	}
	g := &goModule{job: j, program: compiler, env: j.env.with("GOOS", "wasip1").with("GOARCH", "wasm").with("GOFLAGS", strings.TrimSpace(j.env.get("GOFLAGS")+" -tags=tinygo")), packages: []string{"."}}
	return &Plan{
		Argv:     []string{program, "build", "-target=wasip1", "-buildmode=c-shared", "-o", j.goOutput(), "."},
		Identity: strings.Join(append([]string{"tinygo", versionOf(ctx, j, program, "version"), goVersion(ctx, j, compiler)}, j.goSteers()...), "\n"),
		Outside:  g.outside,
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

var goRelease = regexp.MustCompile(`\bgo1\.(\d+)`)

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
	names := "GOFLAGS GOEXPERIMENT GOWASM GOWORK GOPROXY GOTOOLCHAIN GOROOT GO111MODULE GODEBUG GOPATH GOMODCACHE "
	list := j.env.matching(func(name string) bool { return strings.Contains(names, name+" ") })
	return append(list, fmt.Sprintf("%q", readSmall(goEnvFile(j.env))))
}
