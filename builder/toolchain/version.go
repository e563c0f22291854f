package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// versions holds what tools said of themselves. It is the package's only
// state: a key names the executable's content by its stat, so an entry is
// never wrong, only unused. A tool that twice did not answer in time is not asked
// again, or every look at its capsules would take that long.
var versions = struct {
	sync.Mutex // guards answers
	answers    map[string]answer
}{answers: map[string]answer{}}

type answer struct {
	text string
	ok   bool
}

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
func asked(ctx context.Context, dir string, env environ, argv []string, extra ...string) (text string, ok bool) {
	key := strings.Join(slices.Concat([]string{stamp(resolved(argv[0]))}, argv, extra), "\x00")
	said := remembered(key, func() (answer, bool) {
		out, err := queryTwice(ctx, dir, env, argv, queryTimeout)
		if err != nil && !errors.Is(err, errQueryTimeout) {
			return answer{}, false
		}
		return answer{strings.TrimSpace(string(out)), err == nil}, true
	})
	return said.text, said.ok
}

// remembered is the answer that is known by key, else the one that find comes to, which is
// kept when keep is true. Two that ask at once may both find.
func remembered(key string, find func() (a answer, keep bool)) answer {
	versions.Lock()
	known, ok := versions.answers[key]
	versions.Unlock()
	if ok {
		return known
	}
	found, keep := find()
	if keep {
		versions.Lock()
		versions.answers[key] = found
		versions.Unlock()
	}
	return found
}

// resolved follows links: a new version is often a link that moved.
func resolved(program string) string {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		return real
	}
	return program
}
