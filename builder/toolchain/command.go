package toolchain

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// planCommand runs what the manifest's `build` says, without a shell.
func planCommand(_ context.Context, j *job) (*Plan, error) {
	argv := j.Manifest.Dev.Build
	program := lookPath(argv[0], j.dir, j.env)
	if program == "" {
		f := missing(argv[0], j.env)
		f.File = capsule.ManifestName
		f.Line, f.Column = j.Manifest.Position("package", "metadata", "astrid-dev", "build")
		f.Message = fmt.Sprintf("the build command %q is not installed, or not in PATH", argv[0])
		if path := shut(argv[0], j.dir, j.env); path != "" {
			f.Message = fmt.Sprintf("the build command %q is there but not executable", argv[0])
			f.Hint = fmt.Sprintf("run: chmod +x %s", path)
		}
		return nil, &Problem{Step: StepToolchain, Findings: []finding.Finding{f}}
	}
	return &Plan{Argv: append([]string{program}, argv[1:]...), Identity: "command " + stamp(program), ByTime: true}, nil
}

// shut is the file that name means and that may not be run, "" for none: a script that
// lost its mode is not one that must be installed.
func shut(name, dir string, env environ) string {
	places := []string{fsys.Absolute(dir, name)}
	if filepath.Base(name) == name {
		places = nil
		for _, folder := range filepath.SplitList(env.get("PATH")) {
			places = append(places, filepath.Join(folder, name))
		}
	}
	for _, path := range places {
		if filepath.IsAbs(path) && isFile(path) {
			return path
		}
	}
	return ""
}
