package toolchain

import (
	"context"
	"path"
	"path/filepath"
	"strings"
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
	env := j.env.with("GOOS", "wasip1").with("GOARCH", "wasm")
	argv := []string{program, "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared"}
	argv = append(argv, j.goOutput()...)
	return &Plan{Argv: argv, Env: env, Identity: goIdentity(ctx, j, program, env)}, nil
}

// goOutput is -o and the packages. A capsule of several components has a
// package for each, cmd/<name> or <name>, called like the component's file.
func (j *job) goOutput() []string {
	if len(j.Manifest.Components) == 1 {
		return []string{"-o", filepath.Join(j.OutDir, path.Base(j.Manifest.Components[0].File)), "."}
	}
	argv := []string{"-o", j.OutDir + string(filepath.Separator)}
	for _, c := range j.Manifest.Components {
		name := strings.TrimSuffix(path.Base(c.File), ".wasm")
		for _, folder := range []string{"cmd/" + name, name} {
			if isDir(filepath.Join(j.dir, filepath.FromSlash(folder))) {
				argv = append(argv, "./"+folder)
				break
			}
		}
	}
	return argv
}

func planTinyGo(ctx context.Context, j *job) (*Plan, error) {
	program, err := j.tool("tinygo")
	if err != nil {
		return nil, err
	}
	out := filepath.Join(j.OutDir, path.Base(j.Manifest.Components[0].File))
	argv := []string{program, "build", "-target=wasip1", "-buildmode=c-shared", "-o", out, "."}
	return &Plan{Argv: argv, Identity: "tinygo " + versionOf(ctx, j, program, "version")}, nil
}

// goSteers are the variables that change what go makes of the same sources.
var goSteers = []string{"GOFLAGS", "GOEXPERIMENT", "GOWASM", "GOWORK", "GOPROXY", "GOTOOLCHAIN", "GOROOT", "GOENV", "GO111MODULE", "GODEBUG", "GOPATH", "GOMODCACHE"}

func goIdentity(ctx context.Context, j *job, program string, env environ) string {
	parts := []string{"go", versionOf(ctx, j, program, "version")}
	for _, name := range goSteers {
		if v := env.get(name); v != "" {
			parts = append(parts, name+"="+v)
		}
	}
	return strings.Join(parts, "\n")
}
