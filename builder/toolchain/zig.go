package toolchain

import (
	"context"
	"path"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// planZig installs into the staging folder. Zig's cache goes below target,
// where nobody takes it for a source.
func planZig(ctx context.Context, j *job) (*Plan, error) {
	program, err := j.tool("zig")
	if err != nil {
		return nil, err
	}
	argv := []string{program, "build", "--prefix", j.OutDir, "--cache-dir", filepath.Join(j.dir, "target", "zig-cache")}
	if j.profile != "" {
		argv = append(argv, "-Doptimize="+j.profile)
	}
	return &Plan{
		Argv: argv, Identity: "zig " + versionOf(ctx, j, program, "version"),
		Collect: func(context.Context, time.Time, []byte) ([]Artifact, error) {
			return j.collect(j.installed())
		},
	}, nil
}

// installed finds what `zig build` put into bin or lib: by the component's name,
// or the only module there is for the only component.
func (j *job) installed() map[int]string {
	built := map[int]string{}
	for i, c := range j.Manifest.Components {
		for _, folder := range []string{"bin", "lib"} {
			if file := filepath.Join(j.OutDir, folder, path.Base(c.File)); isFile(file) {
				built[i] = file
			}
		}
	}
	if len(built) == 0 && len(j.Manifest.Components) == 1 {
		if only, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(j.OutDir), "*", "*.wasm")); len(only) == 1 {
			built[0] = only[0]
		}
	}
	return built
}
