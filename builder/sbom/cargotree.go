package sbom

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
)

// parts are crates of a lock by "name version": which of them are in the module, and which only
// made it: build scripts, macros, and what those are made of. Others are for tests, for other
// targets, or for features that nobody chose.
type parts struct{ in, made map[string]bool }

const (
	treeTime  = time.Minute
	treeLimit = 16 << 20 // bytes that cargo may say
)

// tree asks cargo, without the network, which crates the one in dir is made of, for its own target
// and with the features that its build has.
func tree(ctx context.Context, dir string) (parts, error) {
	in, err := listed(ctx, dir, "normal,no-proc-macro")
	if err != nil {
		return parts{}, err
	}
	made, err := listed(ctx, dir, "normal,build")
	return parts{in, made}, err
}

func listed(ctx context.Context, dir, edges string) (map[string]bool, error) {
	argv := []string{"cargo", "tree", "--locked", "--offline", "--color=never", "--prefix=none", "--format={p}", "--edges=" + edges}
	if target := cargo.Read(dir, os.LookupEnv).Target(); target != "" {
		argv = append(argv, "--target="+target)
	}
	stdout, stderr := proc.NewTail(treeLimit), proc.NewTail(64<<10)
	result, err := proc.Run(ctx, proc.Command{Argv: argv, Dir: dir, Env: os.Environ(), Stdout: stdout, Stderr: stderr, Timeout: treeTime})
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case result.TimedOut || result.ExitCode != 0 || stdout.Dropped() > 0:
		return nil, fmt.Errorf("cargo tree ended with %d: %s", result.ExitCode, strings.TrimSpace(string(stderr.Bytes())))
	}
	return crateNames(string(stdout.Bytes())), nil
}

// crateNames reads lines as "serde v1.0.229 (proc-macro) (*)".
func crateNames(text string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		if words := strings.Fields(line); len(words) > 1 {
			names[words[0]+" "+strings.TrimPrefix(words[1], "v")] = true
		}
	}
	return names
}
