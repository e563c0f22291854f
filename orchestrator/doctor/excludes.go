package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// excludesFindings tells of rules by which git ignores files for this user only. They are
// not followed, since a source hash must be the same on every machine; who does not know it
// wonders why an ignored file rebuilds a capsule.
func excludesFindings(ctx context.Context, roots []string) (list []finding.Finding) {
	told := map[string]bool{}
	for _, root := range roots {
		path := excludesFile(ctx, root)
		if path == "" || told[path] || !hasRules(path) {
			continue
		}
		told[path] = true
		list = append(list, finding.Finding{Code: finding.GitExcludes, Severity: finding.Note,
			Message: fmt.Sprintf("git follows %s on this machine only, so that files which it ignores are sources here", paths.Short(path)),
			Hint:    "write its rules into .gitignore as well, or name the files in ignore in [package.metadata.astrid-dev]"})
	}
	return list
}

// excludesFile is the file that git would follow below root, or "" outside of a repository.
func excludesFile(ctx context.Context, root string) string {
	top, err := git(ctx, root, "rev-parse", "--show-toplevel")
	if err != nil {
		return ""
	}
	path, err := git(ctx, top, "config", "--type=path", "core.excludesFile")
	var unset *exec.ExitError
	switch {
	case errors.As(err, &unset):
		return defaultExcludes()
	case err != nil || path == "": // an empty name stands for no file
		return ""
	case !filepath.IsAbs(path): // git runs at the top
		path = filepath.Join(top, path)
	}
	return path
}

// defaultExcludes is what git follows where nothing names another file.
func defaultExcludes() string {
	if config := os.Getenv("XDG_CONFIG_HOME"); config != "" {
		return filepath.Join(config, "git", "ignore")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".config", "git", "ignore")
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := workspace.Git(ctx, dir, args...)
	return strings.TrimRight(string(out), "\r\n"), err
}

// maxExcludes is far beyond what a person writes.
const maxExcludes = 1 << 20

func hasRules(path string) bool {
	data, err := fsys.Read(path, maxExcludes)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return true
		}
	}
	return false
}
