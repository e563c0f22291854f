package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/orchestrator/announce"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// absolute makes the paths of a command line absolute; none means the current folder.
func absolute(args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var roots []string
	for _, arg := range args {
		if arg == "" {
			return nil, usageHint(errors.New("an empty path was given"), "use . for the current folder")
		}
		path, err := filepath.Abs(arg)
		if err != nil {
			return nil, usage(err)
		}
		roots = append(roots, path)
	}
	slices.Sort(roots)
	return slices.Compact(roots), nil
}

// existing is absolute, for commands that run once: every path must be a folder now.
func existing(args []string) ([]string, error) {
	roots, err := absolute(args)
	if err != nil {
		return nil, err
	}
	for i, root := range roots {
		info, err := os.Stat(root)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, usageHint(fmt.Errorf("%s: no such folder", shorten(root)), "give a folder that holds capsules, or nothing for the current one")
		case err != nil:
			return nil, usage(err)
		case filepath.Base(root) == manifestName && !info.IsDir():
			roots[i] = filepath.Dir(root) // people point at the manifest; they mean the capsule
		case !info.IsDir():
			return nil, usageHint(fmt.Errorf("%s is a file", shorten(root)), "give the capsule's folder")
		}
	}
	return roots, nil
}

const manifestName = "Capsule.toml"

// capsules finds the capsule folders below roots. None at all is a usage error.
func capsules(ctx context.Context, roots []string) ([]string, error) {
	dirs, err := tree.FindCapsules(ctx, roots)
	var partial *tree.PartialError
	if err != nil && !errors.As(err, &partial) {
		return nil, usage(fmt.Errorf("looking for capsules: %w", err))
	}
	if len(dirs) == 0 {
		return nil, usageHint(fmt.Errorf("no capsule found in %s: no folder there holds a %s", joined(roots), manifestName),
			"astrid-dev new NAME --lang go writes one")
	}
	return dirs, nil
}

func joined(roots []string) string {
	short := make([]string, len(roots))
	for i, r := range roots {
		short[i] = shorten(r)
	}
	return strings.Join(short, ", ")
}

// shorten is path as a person reads it, relative to the current folder where that is shorter.
func shorten(path string) string {
	if cwd, err := os.Getwd(); err == nil {
		rel, err := filepath.Rel(cwd, path)
		if err == nil && len(rel) < len(path) && !strings.HasPrefix(rel, ".."+string(os.PathSeparator)+"..") {
			path = rel
		}
	}
	return announce.Name(path)
}
