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
func planZig(ctx context.Context, j *job) (*Recipe, error) {
	program, err := j.tool("zig")
	if err != nil {
		return nil, err
	}
	argv := func(out string) []string {
		argv := []string{program, "build", "--prefix", out, "--cache-dir", filepath.Join(j.dir, "target", "zig-cache")}
		if j.profile != "" {
			argv = append(argv, "-Doptimize="+j.profile)
		}
		return argv
	}
	version := versionOf(ctx, j, program, "version")
	return &Recipe{
		argv: argv, Identity: Identity{Local: []string{version}, Portable: []string{version}},
		collect: func(w *work, _ time.Time, _ []byte) ([]Artifact, error) { return w.collect(w.installed()) },
	}, nil
}

// installed finds what `zig build` put into bin or lib: by the component's name,
// or the only module there is for the only component.
func (w *work) installed() map[int]string {
	built := map[int]string{}
	for i, c := range w.Manifest.Components {
		for _, folder := range []string{"bin", "lib"} {
			if file := filepath.Join(w.out, folder, path.Base(c.File)); isFile(file) {
				built[i] = file
			}
		}
	}
	if len(built) == 0 && len(w.Manifest.Components) == 1 {
		if only, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(w.out), "*", "*.wasm")); len(only) == 1 {
			built[0] = only[0]
		}
	}
	return built
}
