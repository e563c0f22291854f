package workspace

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// gitOutput runs git without letting it write into the repository, not even to refresh its index.
func gitOutput(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false"}, args...)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(WithoutGit(os.Environ()), "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C"), time.Second
	return cmd.Output()
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
	case strings.Contains(gitSays(err), "dubious ownership"):
		return "the checkout belongs to another user, as it does in a container: git config --global --add safe.directory " + top
	}
	return otherwise
}

// superproject is the repository that top is a submodule of, the outermost one,
// or top itself: a ref such as origin/main is meant as one of it.
func superproject(ctx context.Context, top string) string {
	for {
		out, err := gitOutput(ctx, top, "rev-parse", "--show-superproject-working-tree")
		above := strings.TrimSuffix(string(out), "\n")
		if err != nil || above == "" {
			return top
		}
		top = filepath.FromSlash(above)
	}
}

// Tracked reports whether git tracks path; outside a repository, and without git, every file counts.
func Tracked(ctx context.Context, path, dir string) bool {
	if repositoryOf(dir, homeFolder()) == "" {
		return true
	}
	out, err := gitOutput(ctx, filepath.Dir(path), "ls-files", "-z", "--", ":(literal)"+filepath.Base(path))
	return err != nil || len(out) > 0
}
