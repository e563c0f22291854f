package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/text"
)

const (
	// queryTimeout ends a question that hangs; the slowest tools seen, on Node,
	// answer in half a second on a busy machine.
	queryTimeout = 20 * time.Second
	// queryLimit bounds an answer: go's list of a program with a thousand packages has a megabyte.
	queryLimit = 64 << 20
	// saidLimit is how much is kept of what a tool says of its failure.
	saidLimit = 4 << 10
)

var errQueryTimeout = errors.New("no answer within " + queryTimeout.String())

// query asks a tool something and returns its whole answer. Like a build it
// leaves no process behind.
func query(ctx context.Context, dir string, env environ, argv []string) ([]byte, error) {
	return queryWithin(ctx, dir, env, argv, queryTimeout)
}

// queryTwice asks once more where no answer came in time: a machine that stood still for a
// while, or has far too much to do, looks like a tool that hangs.
func queryTwice(ctx context.Context, dir string, env environ, argv []string, limit time.Duration) ([]byte, error) {
	out, err := queryWithin(ctx, dir, env, argv, limit)
	if errors.Is(err, errQueryTimeout) {
		return queryWithin(ctx, dir, env, argv, limit)
	}
	return out, err
}

func queryWithin(ctx context.Context, dir string, env environ, argv []string, limit time.Duration) ([]byte, error) {
	answer, said := proc.NewTail(queryLimit), proc.NewTail(saidLimit)
	result, err := proc.Run(ctx, proc.Command{Argv: argv, Dir: dir, Env: env, Stdout: answer, Stderr: said, Timeout: limit})
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case result.TimedOut:
		return nil, fmt.Errorf("asking %q: %w", argv, errQueryTimeout)
	case result.ExitCode != 0:
		return nil, fmt.Errorf("asking %q: exit code %d%s", argv, result.ExitCode, firstLine(said.Bytes()))
	case answer.Dropped() > 0:
		return nil, fmt.Errorf("asking %q: the answer is longer than %d bytes", argv, queryLimit)
	}
	return answer.Bytes(), nil
}

// firstLine is the first line that a tool said of its failure, to stand behind what it is about.
func firstLine(said []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(said), []byte("\n"))
	if len(line) == 0 {
		return ""
	}
	return ": " + text.Live(string(line), false)
}
