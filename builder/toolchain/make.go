package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
)

// makefiles in the order in which make looks for them.
var makefiles = []string{"GNUmakefile", "makefile", "Makefile"}

var wasmTarget = regexp.MustCompile(`(?m)^(?:[^\s#:=]+[ \t]+)*wasm(?:[ \t]+[^\s#:=]+)*[ \t]*::?(?:[^=]|$)`)

// isMake accepts a Makefile with a target called wasm.
func isMake(dir string) bool {
	for _, name := range makefiles {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return wasmTarget.Match(data)
		}
	}
	return false
}

func planMake(ctx context.Context, j *job) (*Plan, error) {
	program, err := j.tool("make")
	if err != nil {
		return nil, err
	}
	return &Plan{Argv: []string{program, "wasm"}, Identity: "make " + versionOf(ctx, j, program, "--version")}, nil
}
