package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// gitTakes is far beyond what git needs for any question that is asked here. What makes it
// wait without end, as a named pipe where it expects a file, must not make a run wait.
const gitTakes = 5 * time.Minute

// errOdd is Git's answer where git would wait without end.
var errOdd = errors.New("not a regular file, which git would wait for")

// Git is what git prints when it is run in dir. It is not let write into the repository, not
// even to refresh its index, and not let read what is no file.
func Git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	if odd := oddFile(tree.Repository(dir, "")); odd != "" {
		return nil, fmt.Errorf("%w: %s", errOdd, odd)
	}
	ctx, cancel := context.WithTimeout(ctx, gitTakes)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false"}, args...)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(WithoutGit(os.Environ()), "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C"), time.Second
	return cmd.Output()
}

// read are the files of a repository that git reads for nearly every question.
var read = []string{"HEAD", "config", "config.worktree", "commondir", "index", "packed-refs", "shallow", "info/exclude", "info/attributes", "objects/info/alternates"}

// oddFile names a file of git's in the repository top that is there and is no regular
// file, such as a named pipe; "" when there is none.
func oddFile(top string) string {
	if top == "" {
		return ""
	}
	dot := filepath.Join(top, ".git")
	if info, err := os.Stat(dot); err != nil || !info.IsDir() && !info.Mode().IsRegular() {
		return dot
	}
	dir, common, ok := gitFolders(dot)
	if !ok {
		return ""
	}
	for _, folder := range []string{dir, common} {
		for _, name := range read {
			path := filepath.Join(folder, filepath.FromSlash(name))
			if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
				return path
			}
		}
	}
	return oddRef(filepath.Join(common, "refs"))
}

func oddRef(refs string) (odd string) {
	_ = filepath.WalkDir(refs, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !isRegular(path) && d.Type()&fs.ModeSymlink == 0 {
			odd = path
			return fs.SkipAll
		}
		return nil
	})
	return odd
}

// here are the variables with which git tells its hooks what repository they run in.
var here = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE"}

// WithoutGit is env without them: in a hook they would turn every git command,
// also one in the copy, to the repository of the hook.
func WithoutGit(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(here, name)
	})
}

// gitSays is the first line of what git complained of.
func gitSays(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if line, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n"); line != "" {
			return ": " + line
		}
		return ""
	}
	return ": " + err.Error()
}

// gitHint is what to do about git's refusal, when it is one of those that have
// nothing to do with what was asked; else otherwise.
func gitHint(err error, top, otherwise string) string {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "install git"
	case errors.Is(err, errOdd):
		return "remove what stands there, or check the repository out again"
	case strings.Contains(gitSays(err), "dubious ownership"):
		return "the checkout belongs to another user, as it does in a container: git config --global --add safe.directory " + top
	}
	return otherwise
}

// superproject is the repository that top is a submodule of, the outermost one,
// or top itself: a ref such as origin/main is meant as one of it.
func superproject(ctx context.Context, top string) string {
	for {
		out, err := Git(ctx, top, "rev-parse", "--show-superproject-working-tree")
		above := strings.TrimSuffix(string(out), "\n")
		if err != nil || above == "" {
			return top
		}
		top = filepath.FromSlash(above)
	}
}

// Tracked reports whether git tracks path; outside a repository, and without git, every file counts.
func Tracked(ctx context.Context, path, dir string) bool {
	if tree.Repository(dir, homeFolder()) == "" {
		return true
	}
	out, err := Git(ctx, filepath.Dir(path), "ls-files", "-z", "--", ":(literal)"+filepath.Base(path))
	return err != nil || len(out) > 0
}

// Commit is that of the repository which dir lies in; "" where there is none.
func Commit(ctx context.Context, dir string) string {
	said, err := Git(ctx, dir, "rev-parse", "--verify", "--quiet", "HEAD")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(said))
}
