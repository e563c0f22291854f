package toolchain

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// versionTimeout ends a version query that hangs; the slowest tools seen, on
// Node, answer in half a second on a busy machine.
const versionTimeout = 20 * time.Second

// versions holds what tools said of themselves. It is the package's only
// state: a key names the executable's content by its stat, so an entry is
// never wrong, only unused.
var versions = struct {
	sync.Mutex // guards answers
	answers    map[string]string
}{answers: map[string]string{}}

// stamp names a program by path and by what its stat says of its content.
func stamp(program string) string {
	info, err := os.Stat(program)
	if err != nil {
		return program
	}
	return fmt.Sprintf("%s %d %d", program, info.Size(), info.ModTime().UnixNano())
}

// versionOf is what program answers to args, asked once for each content of it.
// Extra is what else decides the answer.
func versionOf(ctx context.Context, j *job, program, arg string, extra ...string) string {
	return ask(ctx, j.dir, j.env, []string{program, arg}, extra...)
}

// ask is asked, with the program's stamp in place of an answer that fails.
func ask(ctx context.Context, dir string, env environ, argv []string, extra ...string) string {
	if answer, ok := asked(ctx, dir, env, argv, extra...); ok {
		return answer
	}
	return stamp(resolved(argv[0]))
}

// asked runs a query and remembers its answer. One that fails is asked again next time.
func asked(ctx context.Context, dir string, env environ, argv []string, extra ...string) (answer string, ok bool) {
	key := strings.Join(slices.Concat([]string{stamp(resolved(argv[0]))}, argv, extra), "\x00")
	versions.Lock()
	answer, known := versions.answers[key]
	versions.Unlock()
	if known {
		return answer, true
	}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	query := exec.CommandContext(ctx, argv[0], argv[1:]...)
	query.Dir, query.Env, query.WaitDelay = dir, env, time.Second // a pipe that a grandchild holds is not waited for longer
	out, err := query.Output()
	if err != nil {
		return "", false
	}
	answer = strings.TrimSpace(string(out))
	versions.Lock()
	versions.answers[key] = answer
	versions.Unlock()
	return answer, true
}

// resolved follows links: a new version is often a link that moved.
func resolved(program string) string {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		return real
	}
	return program
}
