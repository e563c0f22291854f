package toolchain

import (
	"context"
	"regexp"
)

var assemblySyntax = syntax{pattern: regexp.MustCompile(`^(?P<severity>ERROR|WARNING) (?P<code>[A-Z]+\d+): (?P<message>.+)$`)}

func planAssemblyScript(ctx context.Context, j *job) (*Plan, error) { return nil, nil }
