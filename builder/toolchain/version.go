package toolchain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/answers"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// versions holds what tools said of themselves. A key names the executable's content by its stat, so an entry is
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
	info := fsys.Stat(program)
	if info.Kind == fsys.Missing {
		return program
	}
	return fmt.Sprintf("%s %d %d", program, info.Size, info.Mtime)
}

// question is what a tool is asked.
type question struct {
	dir    string
	env    environ
	argv   []string
	steers []string // what decides the answer besides files
	// rests are the files that, with steers, decide the answer; none where nobody can say it.
	rests func(answer string) []string
}

// versionOf is what program answers to arg, asked once for each content of it.
func versionOf(ctx context.Context, j *job, program, arg string) string {
	return question{dir: j.dir, env: j.env, argv: []string{program, arg}, rests: restsOnSystem(program)}.ask(ctx)
}

// ask is asked, with the program's stamp in place of an answer that fails.
func (q question) ask(ctx context.Context) string {
	if answer, ok := q.asked(ctx); ok {
		return answer
	}
	return stamp(resolved(q.argv[0]))
}

// asked is the tool's answer: as it was remembered in this process, kept by an earlier one, or given now.
// One that fails is asked again next time.
func (q question) asked(ctx context.Context) (text string, ok bool) {
	key := strings.Join(slices.Concat([]string{stamp(resolved(q.argv[0]))}, q.argv, q.steers), "\x00")
	said := remembered(key, func() (answer, bool) {
		if text, ok := answers.Users().Get(key); ok {
			return answer{text, true}, true
		}
		began := time.Now()
		out, err := queryTwice(ctx, q.dir, q.env, q.argv, queryTimeout)
		if err != nil && !errors.Is(err, errQueryTimeout) {
			return answer{}, false
		}
		text := strings.TrimSpace(string(out))
		if err == nil && q.rests != nil {
			answers.Users().Put(key, text, began, q.rests(text)...)
		}
		return answer{text, err == nil}, true
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
