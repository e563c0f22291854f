package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// SetupError is a run that could not begin as it was asked for.
type SetupError struct {
	Err  error
	Hint string // what to do, may be empty
}

func (e *SetupError) Error() string { return e.Err.Error() }
func (e *SetupError) Unwrap() error { return e.Err }

const depthHint = "a pipeline's clone is often shallow: fetch-depth: 0 for actions/checkout, GIT_DEPTH: \"0\" in GitLab, or git fetch --unshallow; and fetch the branch itself"

// changedFiles are the absolute paths of the files in the repository top that
// differ between the merge base of ref and HEAD, or between HEAD and the files as
// they are now, untracked ones included.
func changedFiles(ctx context.Context, top, ref string) ([]string, error) {
	if _, err := gitOutput(ctx, top, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}"); err != nil {
		return nil, &SetupError{fmt.Errorf("--changed-since %q: no such commit in %s%s", ref, top, gitSays(err)), gitHint(err, top, depthHint)}
	}
	base, err := gitOutput(ctx, top, "merge-base", ref, "HEAD")
	if err != nil {
		return nil, &SetupError{fmt.Errorf("--changed-since %q: HEAD has no merge base with it in %s%s", ref, top, gitSays(err)), gitHint(err, top, depthHint)}
	}
	changed, err := gitOutput(ctx, top, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", strings.TrimSpace(string(base)), "HEAD", "--")
	if err != nil {
		return nil, &SetupError{fmt.Errorf("--changed-since %q: comparing%s", ref, gitSays(err)), gitHint(err, top, "")}
	}
	// Not git diff for the files: that rewrites the index when a file only looks changed, optional locks or not.
	now, err := gitOutput(ctx, top, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all")
	if err != nil {
		return nil, &SetupError{fmt.Errorf("--changed-since %q: looking for changes not committed%s", ref, gitSays(err)), ""}
	}
	paths := split(top, changed)
	for entry := range bytes.SplitSeq(now, []byte{0}) {
		if len(entry) > len("XY ") {
			paths = append(paths, split(top, entry[len("XY "):])...)
		}
	}
	return paths, nil
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

func split(top string, list []byte) (paths []string) {
	for name := range bytes.SplitSeq(list, []byte{0}) {
		if len(name) > 0 {
			paths = append(paths, filepath.Join(top, filepath.FromSlash(string(name))))
		}
	}
	return paths
}

// gitOutput runs git without letting it write into the repository, not even to refresh its index.
func gitOutput(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false"}, args...)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(withoutGit(os.Environ()), "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C"), time.Second
	return cmd.Output()
}

// here are the variables with which git tells its hooks what repository they run in.
var here = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE"}

// withoutGit is env without them: in a hook they would turn every git command,
// also one in the copy, to the repository of the hook.
func withoutGit(env []string) []string {
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

// governors are files that steer the builds of all capsules at and below their
// folder which have one of the markers. A capsule with a build command may use anything.
var governors = []struct {
	marker string
	names  []string
}{
	{"Cargo.toml", []string{"Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", ".cargo/config.toml", ".cargo/config"}},
	{"*.go", []string{"go.mod", "go.sum", "go.work", "go.work.sum", "vendor/modules.txt"}},
	{"package.json", []string{"package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml",
		"bun.lock", "bun.lockb", "deno.lock", ".npmrc", ".yarnrc.yml", ".nvmrc", ".node-version"}},
	{tree.ManifestName, []string{".tool-versions", "mise.toml", ".mise.toml", "flake.lock", "flake.nix", ".gitmodules"}},
}

// candidate is a capsule that may be touched by a change.
type candidate struct {
	dir     string // the original
	outside []string
	skip    func(path string, dir bool) bool // of the original's paths; nil: nothing is skipped
	command bool                             // the manifest has a build command
	files   []string                         // committed modules that are to be compared
}

// touched reports whether one of the changed files is an input of c. nested are
// the folders of all capsules.
func (c candidate) touched(changed, nested []string) bool {
	for _, path := range changed {
		if slices.Contains(c.files, path) || fsys.Inside(path, c.dir) { // a submodule that the capsule lies in
			return true
		}
		if fsys.Inside(c.dir, path) {
			if owner(path, nested) == c.dir && (c.skip == nil || !c.skip(path, false)) {
				return true
			}
			continue
		}
		for _, input := range c.outside {
			// A changed submodule is listed by its folder, so an input below it counts as well.
			if fsys.Inside(input, path) || fsys.Inside(path, input) {
				return true
			}
		}
		if c.governed(path) {
			return true
		}
	}
	return false
}

func (c candidate) governed(path string) bool {
	for _, g := range governors {
		if !c.command && !c.has(g.marker) {
			continue
		}
		for _, name := range g.names {
			suffix := string(filepath.Separator) + filepath.FromSlash(name)
			if folder, ok := strings.CutSuffix(path, suffix); ok && fsys.Inside(folder, c.dir) {
				return true
			}
		}
	}
	return false
}

func (c candidate) has(marker string) bool {
	found, err := filepath.Glob(filepath.Join(fsys.EscapeGlob(c.dir), marker))
	return err == nil && len(found) > 0
}

// owner is the deepest of dirs that path lies in, "" for none.
func owner(path string, dirs []string) string {
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		if _, ok := slices.BinarySearch(dirs, folder); ok {
			return folder
		}
		if folder == filepath.Dir(folder) {
			return ""
		}
	}
}

var rustInclude = regexp.MustCompile(`include(?:_str|_bytes)?!\s*[\(\[{]\s*(?:concat!\s*\(\s*env!\s*\(\s*"CARGO_MANIFEST_DIR"\s*\)\s*,\s*)?"([^"]+)"`)

// included are the files outside dir that its Rust sources include. The compiler
// tells of them in its dep-info, but only after a build, and this is asked before any.
func included(dir string, in *builder.Inputs) (list []string) {
	for _, f := range in.Sources.Files {
		if !strings.HasSuffix(f.Path, ".rs") {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		data, err := fsys.Read(path, smallFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue // the build will say so
		}
		for _, m := range rustInclude.FindAllSubmatch(data, -1) {
			name := filepath.FromSlash(string(m[1]))
			for _, base := range []string{filepath.Dir(path), dir} {
				if full := fsys.Absolute(base, strings.TrimPrefix(name, string(filepath.Separator))); !fsys.Inside(dir, full) {
					list = append(list, full)
				}
			}
		}
	}
	return list
}
