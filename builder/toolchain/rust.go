package toolchain

import "context"

func planRust(ctx context.Context, j *job) (*Plan, error) { return nil, nil }
