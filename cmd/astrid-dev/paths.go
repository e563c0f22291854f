package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
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
		case filepath.Base(root) == tree.ManifestName && !info.IsDir():
			roots[i] = filepath.Dir(root) // people point at the manifest; they mean the capsule
		case !info.IsDir():
			return nil, usageHint(fmt.Errorf("%s is a file", shorten(root)), "give the capsule's folder")
		}
	}
	return roots, nil
}

// place is what was found below the paths of a command line.
type place struct {
	dirs   []string        // capsule folders
	closed []*fs.PathError // folders that could not be read: what is in them is not known
}

const nestedHint = "give its path, or --include-nested for all of them"

// includeNested registers the flag of every command that looks for capsules.
func includeNested(flags *pflag.FlagSet, nested *bool) {
	flags.BoolVar(nested, "include-nested", false, "also look into work trees, submodules and repositories inside the paths' own")
}

// capsules finds the capsule folders below roots. None at all is a usage error. What
// looks like a capsule and is none is named on stderr.
func capsules(cmd *cobra.Command, roots []string, nested bool) (p place, err error) {
	found, err := tree.Find(cmd.Context(), tree.Search{Roots: roots, Nested: nested})
	var partial *tree.PartialError
	if err != nil && !errors.As(err, &partial) {
		return p, usage(fmt.Errorf("looking for capsules: %w", err))
	}
	if p.dirs = found.Capsules; partial != nil {
		p.closed = unreadable(partial)
	}
	if len(p.dirs) == 0 {
		return p, noCapsule(roots, found, p.closed)
	}
	for _, link := range strangers(found) {
		fmt.Fprintf(cmd.ErrOrStderr(), "astrid-dev: %s\n  help: %s\n", linkedMessage(link), linkedHint)
	}
	return p, nil
}

// unreadable is what of err is not about folders that are gone.
func unreadable(err *tree.PartialError) (list []*fs.PathError) {
	for _, e := range err.Errs {
		var one *fs.PathError
		if errors.As(e, &one) && !errors.Is(e, fs.ErrNotExist) {
			list = append(list, one)
		}
	}
	return list
}

// noCapsule says truly why none was found.
func noCapsule(roots []string, found tree.Found, closed []*fs.PathError) error {
	about := "no capsule found in " + joined(roots)
	switch {
	case len(closed) > 0:
		return usageHint(fmt.Errorf("%s: %s cannot be read: %w", about, shorten(closed[0].Path), closed[0].Err), closedHint)
	case len(found.Linked) > 0:
		return usageHint(fmt.Errorf("%s: %s", about, linkedMessage(found.Linked[0])), linkedHint)
	case len(found.Foreign) > 0:
		return usageHint(fmt.Errorf("%s: %s is a work tree of another repository", about, shorten(found.Foreign[0])), nestedHint)
	}
	return usageHint(fmt.Errorf("%s: no folder there holds a %s", about, tree.ManifestName), "astrid-dev new NAME --lang go writes one")
}

const (
	closedHint = "make it readable; capsules in it are not seen"
	linkedHint = "give the real folder, or put a file of its own in the link's place"
)

func linkedMessage(link string) string {
	if filepath.Base(link) == tree.ManifestName {
		return shorten(link) + " is a link, which makes no capsule: a manifest must be a file of its own"
	}
	return shorten(link) + " is a link to a capsule, which is not followed"
}

// strangers are the links to capsules that were not found where they really lie.
func strangers(found tree.Found) (list []string) {
	known := map[string]bool{}
	for _, dir := range found.Capsules {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			known[real] = true
		}
	}
	for _, link := range found.Linked {
		if real, err := filepath.EvalSymlinks(link); err != nil || filepath.Base(link) == tree.ManifestName || !known[real] {
			list = append(list, link)
		}
	}
	return list
}

// closedFinding is the finding about a folder that cannot be read.
func closedFinding(err *fs.PathError) finding.Finding {
	return finding.Finding{Code: finding.UnreadableFolder, Message: "the folder cannot be read: " + err.Err.Error(), Hint: closedHint}
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
	return text.Name(path)
}
