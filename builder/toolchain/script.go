package toolchain

import "context"

func isScript(dir string) bool { return false }

func planScript(ctx context.Context, j *job) (*Plan, error) { return nil, nil }
