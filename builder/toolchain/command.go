package toolchain

import (
	"context"
	"fmt"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
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
		return nil, &Problem{Step: StepToolchain, Findings: []finding.Finding{f}}
	}
	return &Plan{Argv: append([]string{program}, argv[1:]...), Identity: "command " + stamp(program), ByTime: true}, nil
}
