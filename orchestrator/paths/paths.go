// Package paths is what the paths of a call stand for: folders, the capsules below them,
// what looks like a capsule there and is none, and how a path is shown to a person.
package paths

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Absolute makes the paths of a command line absolute; none means the current folder.
func Absolute(args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var roots []string
	for _, arg := range args {
		if arg == "" {
			return nil, usage.Hint(errors.New("an empty path was given"), "use . for the current folder")
		}
		path, err := filepath.Abs(arg)
		if err != nil {
			return nil, usage.New(err)
		}
		roots = append(roots, path)
	}
	slices.Sort(roots)
	return slices.Compact(roots), nil
}

// Existing is Absolute for commands that run once: every path must be a folder now.
func Existing(args []string) ([]string, error) {
	roots, err := Absolute(args)
	if err != nil {
		return nil, err
	}
	for i, root := range roots {
		info, err := os.Stat(root)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, usage.Hint(fmt.Errorf("%s: no such folder", Short(root)), "give a folder that holds capsules, or nothing for the current one")
		case err != nil:
			return nil, usage.New(err)
		case filepath.Base(root) == tree.ManifestName && !info.IsDir():
			roots[i] = filepath.Dir(root) // people point at the manifest; they mean the capsule
		case !info.IsDir():
			return nil, usage.Hint(fmt.Errorf("%s is a file", Short(root)), "give the capsule's folder")
		}
	}
	return roots, nil
}

// Watchable makes the paths to watch absolute, and says which of them are
// missing. One whose parent is missing too is more likely a slip of the pen.
func Watchable(args []string) (roots, missing []string, err error) {
	roots, err = Absolute(args)
	if err != nil {
		return nil, nil, err
	}
	for i, root := range roots {
		if _, err := os.Stat(root); errors.Is(err, os.ErrNotExist) {
			if _, err := os.Stat(filepath.Dir(root)); err != nil {
				return nil, nil, usage.Hint(fmt.Errorf("%s: no such folder, and none to make it in", Short(root)), "give a folder that holds capsules")
			}
			missing = append(missing, root)
			continue
		}
		found, err := Existing([]string{root})
		if err != nil {
			return nil, nil, err
		}
		roots[i] = found[0]
	}
	return roots, missing, nil
}

// Found is what was found below the paths of a call.
type Found struct {
	Dirs   []string        // capsule folders
	Closed []*fs.PathError // folders that could not be read: what is in them is not known
	Linked []string        // links that look like capsules and are none

	Outline *tree.Outline // what was seen of the folders

	foreign, links []string // work trees of other repositories, and all links
}

const nestedHint = "give its path, or --include-nested for all of them"

// Find finds the capsule folders below roots. None at all is a usage error.
func Find(ctx context.Context, roots []string, nested bool) (Found, error) {
	f, err := Search(ctx, tree.Search{Roots: roots, Nested: nested})
	if err != nil {
		return f, usage.New(fmt.Errorf("looking for capsules: %w", err))
	}
	if len(f.Dirs) == 0 {
		return f, noCapsule(roots, f)
	}
	return f, nil
}

// Search is Find for who looks again and again, and may find none yet.
func Search(ctx context.Context, search tree.Search) (Found, error) {
	found, err := tree.Find(ctx, search)
	var partial *tree.PartialError
	if err != nil && !errors.As(err, &partial) {
		return Found{}, err
	}
	f := Found{Dirs: found.Capsules, Linked: strangers(found), Outline: found.Outline, foreign: found.Foreign, links: found.Linked}
	if partial != nil {
		f.Closed = unreadable(partial)
	}
	return f, nil
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
func noCapsule(roots []string, f Found) error {
	about := "no capsule found in " + Joined(roots)
	switch {
	case len(f.Closed) > 0:
		return usage.Hint(fmt.Errorf("%s: %s cannot be read: %w", about, Short(f.Closed[0].Path), f.Closed[0].Err), ClosedHint)
	case len(f.links) > 0:
		return usage.Hint(fmt.Errorf("%s: %s", about, LinkedMessage(f.links[0])), LinkedHint)
	case len(f.foreign) > 0:
		return usage.Hint(fmt.Errorf("%s: %s is a work tree of another repository", about, Short(f.foreign[0])), nestedHint)
	}
	for _, root := range roots {
		path := filepath.Join(root, tree.ManifestName)
		if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
			return usage.Hint(fmt.Errorf("%s: %s is not a regular file", about, Short(path)), "put a file in its place")
		}
	}
	return usage.Hint(fmt.Errorf("%s: no folder there holds a %s", about, tree.ManifestName), "astrid-dev new NAME --lang go writes one")
}

// What to do about a folder that cannot be read, and about a link that makes no capsule.
const (
	ClosedHint = "make it readable; capsules in it are not seen"
	LinkedHint = "give the real folder, or put a file of its own in the link's place"
)

// LinkedMessage says that a link makes no capsule.
func LinkedMessage(link string) string {
	if filepath.Base(link) == tree.ManifestName {
		return Short(link) + " is a link, which makes no capsule: a manifest must be a file of its own"
	}
	return Short(link) + " is a link to a capsule, which is not followed"
}

// strangers are the links to capsules that were not found where they really lie.
func strangers(found tree.Found) (list []string) {
	if len(found.Linked) == 0 {
		return nil
	}
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

// ClosedFinding is the finding about a folder that cannot be read.
func ClosedFinding(err *fs.PathError) finding.Finding {
	return finding.Finding{Code: finding.UnreadableFolder, Message: "the folder cannot be read: " + err.Err.Error(), Hint: ClosedHint}
}

// Joined is several of them.
func Joined(roots []string) string {
	short := make([]string, len(roots))
	for i, r := range roots {
		short[i] = Short(r)
	}
	return strings.Join(short, ", ")
}

// Short is path as a person reads it, relative to the current folder where that is shorter.
func Short(path string) string {
	if cwd, err := os.Getwd(); err == nil {
		rel, err := filepath.Rel(cwd, path)
		if err == nil && len(rel) < len(path) && !strings.HasPrefix(rel, ".."+string(os.PathSeparator)+"..") {
			path = rel
		}
	}
	return text.Name(path)
}
