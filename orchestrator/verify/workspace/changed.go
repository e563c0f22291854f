package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Changes are the absolute paths of the files that differ between the merge base of ref and
// HEAD, and of what is not committed, in all repositories that dirs lie in. The error is a
// *usage.Error.
func Changes(ctx context.Context, dirs []string, ref string) (changed []string, err error) {
	asked := map[string]bool{} // tops of repositories, and of what they are submodules of
	home := homeFolder()
	for _, dir := range dirs {
		top := tree.Repository(dir, home)
		if top == "" {
			return nil, usage.Hint(fmt.Errorf("--changed-since %q: %s lies in no git repository", ref, dir), "leave --changed-since out")
		}
		if asked[top] {
			continue
		}
		asked[top] = true
		if top = superproject(ctx, top); asked["above "+top] {
			continue
		}
		asked["above "+top] = true
		files, err := changedFiles(ctx, top, ref)
		if err != nil {
			return nil, err
		}
		changed = append(changed, files...)
	}
	return changed, nil
}

const depthHint = "a pipeline's clone is often shallow: fetch-depth: 0 for actions/checkout, GIT_DEPTH: \"0\" in GitLab, or git fetch --unshallow; and fetch the branch itself"

// changedFiles are the absolute paths of the files in the repository top that
// differ between the merge base of ref and HEAD, or between HEAD and the files as
// they are now, untracked ones included.
func changedFiles(ctx context.Context, top, ref string) ([]string, error) {
	if _, err := Git(ctx, top, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}"); err != nil {
		return nil, usage.Hint(fmt.Errorf("--changed-since %q: no such commit in %s%s", ref, top, gitSays(err)), gitHint(err, top, depthHint))
	}
	base, err := Git(ctx, top, "merge-base", ref, "HEAD")
	if err != nil {
		return nil, usage.Hint(fmt.Errorf("--changed-since %q: HEAD has no merge base with it in %s%s", ref, top, gitSays(err)), gitHint(err, top, depthHint))
	}
	changed, err := Git(ctx, top, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", strings.TrimSpace(string(base)), "HEAD", "--")
	if err != nil {
		return nil, usage.Hint(fmt.Errorf("--changed-since %q: comparing%s", ref, gitSays(err)), gitHint(err, top, ""))
	}
	// Not git diff for the files: that rewrites the index when a file only looks changed, optional locks or not.
	now, err := Git(ctx, top, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all")
	if err != nil {
		return nil, usage.Hint(fmt.Errorf("--changed-since %q: looking for changes not committed%s", ref, gitSays(err)), "")
	}
	paths := split(top, changed)
	for entry := range bytes.SplitSeq(now, []byte{0}) {
		if len(entry) > len("XY ") {
			paths = append(paths, split(top, entry[len("XY "):])...)
		}
	}
	return paths, nil
}

func split(top string, list []byte) (paths []string) {
	for name := range bytes.SplitSeq(list, []byte{0}) {
		if len(name) > 0 {
			paths = append(paths, filepath.Join(top, filepath.FromSlash(string(name))))
		}
	}
	return paths
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

// Candidate is a capsule that may be touched by a change.
type Candidate struct {
	Dir     string // the original
	Outside []string
	Skip    func(path string, dir bool) bool // of the original's paths; nil: nothing is skipped
	Command bool                             // the manifest has a build command
	Files   []string                         // committed modules that are to be compared
}

// Touched is why a change of the files touches c, in words with base's relative paths; "" when it
// does not. nested are the folders of all capsules.
func (c Candidate) Touched(changed, nested []string, base string) string {
	for _, path := range changed {
		if what := c.touches(path, nested); what != "" {
			name := path
			if rel, err := filepath.Rel(base, path); err == nil && filepath.IsLocal(rel) {
				name = filepath.ToSlash(rel)
			}
			return what + " " + name
		}
	}
	return ""
}

// touches is what path is to c; "" when it is nothing.
func (c Candidate) touches(path string, nested []string) string {
	switch {
	case slices.Contains(c.Files, path):
		return "its committed module"
	case fsys.Inside(path, c.Dir):
		return "it lies in" // a submodule
	case fsys.Inside(c.Dir, path):
		if Owner(path, nested) == c.Dir && (c.Skip == nil || !c.Skip(path, false)) {
			return "its source"
		}
		return ""
	}
	for _, input := range c.Outside {
		// A changed submodule is listed by its folder, so an input below it counts as well.
		if fsys.Related(input, path) {
			return "its input"
		}
	}
	if c.governed(path) {
		return "what governs its build:"
	}
	return ""
}

func (c Candidate) governed(path string) bool {
	for _, g := range governors {
		if !c.Command && !c.has(g.marker) {
			continue
		}
		for _, name := range g.names {
			suffix := string(filepath.Separator) + filepath.FromSlash(name)
			if folder, ok := strings.CutSuffix(path, suffix); ok && fsys.Inside(folder, c.Dir) {
				return true
			}
		}
	}
	return false
}

func (c Candidate) has(marker string) bool {
	found, err := filepath.Glob(filepath.Join(fsys.EscapeGlob(c.Dir), marker))
	return err == nil && len(found) > 0
}

var rustInclude = regexp.MustCompile(`include(?:_str|_bytes)?!\s*[\(\[{]\s*(?:concat!\s*\(\s*env!\s*\(\s*"CARGO_MANIFEST_DIR"\s*\)\s*,\s*)?"([^"]+)"`)

// Included are the files outside dir that the Rust files among its sources include. The compiler
// tells of them in its dep-info, but only after a build, and this is asked before any.
func Included(dir string, sources []tree.File) (list []string) {
	for _, f := range sources {
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
