package toolchain

import "context"

func planZig(ctx context.Context, j *job) (*Plan, error) {
	program, err := j.tool("zig")
	if err != nil {
		return nil, err
	}
	return &Plan{Argv: []string{program, "build"}, Identity: "zig " + versionOf(ctx, j, program, "version")}, nil
}
