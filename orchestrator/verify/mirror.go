package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// mirror is a folder in which copies of folders lie under their own absolute
// path, so that "../shared" means the same in the copy and a capsule may lie in
// several workspaces. The original tree is only ever read.
type mirror struct {
	top   string        // absolute, links resolved
	shift time.Duration // added to the times of the copied files
}

// of is where path lies in the mirror.
func (m mirror) of(path string) string {
	volume := filepath.VolumeName(path)
	return filepath.Join(m.top, strings.ReplaceAll(volume, ":", ""), path[len(volume):])
}

// original is the path that a path in the mirror is a copy of; false for one outside it.
func (m mirror) original(path string) (string, bool) {
	rel, err := filepath.Rel(m.top, path)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return path, false
	}
	if runtime.GOOS == "windows" { // the volume is the first name
		volume, rest, _ := strings.Cut(rel, string(filepath.Separator))
		return volume + ":" + string(filepath.Separator) + rest, true
	}
	return string(filepath.Separator) + rel, true
}

// text is s with the mirror's paths as the originals', so that what is said
// about a copy can be read, and is the same in every run.
func (m mirror) text(s string) string {
	s = strings.ReplaceAll(s, m.top+string(filepath.Separator), string(filepath.Separator))
	return strings.ReplaceAll(s, m.top, string(filepath.Separator))
}

// packages says what becomes of a node_modules folder.
type packages int

const (
	copied packages = iota // it is an input, and builds write caches into it
	linked                 // nobody builds with it yet: a link to the original, to be replaced or removed
	left                   // nobody builds with it
)

// copier copies folders into a mirror. What cannot be read is kept and does not
// stop the copy: the capsule that needs it is told.
type copier struct {
	mirror
	roots    []string                     // what is copied whole: links between them stay in the mirror
	home     string                       // the user's
	own      string                       // this run's temporary folder, which may lie in a workspace
	packages func(folder string) packages // what becomes of this node_modules
	checkout map[string]*tree.Checkout    // what git would check out, by root; the walk's alone
	named    []*tree.Reach                // what settings name as inputs

	mu         sync.Mutex // guards unreadable
	unreadable []error    // each an *fs.PathError of an original
}

// outputs are what stands beside a folder called target or dist when builds
// write there. Elsewhere it is a folder like any other: src/target may be a module.
var outputs = []string{"Cargo.toml", tree.ManifestName, "package.json", "go.mod", "asconfig.json", "Makefile", "build.zig"}

// folders copies the folders from, which must not lie in one another.
func (c *copier) folders(ctx context.Context, from ...string) error {
	files, ctx := errgroup.WithContext(ctx)
	// Copying waits for the disk, so more than there are processors; above this nothing was gained.
	files.SetLimit(min(16, 4*runtime.NumCPU()))
	var err error
	for _, folder := range from {
		if err = c.folder(ctx, files, folder); err != nil {
			break
		}
	}
	return errors.Join(err, files.Wait())
}

func (c *copier) folder(ctx context.Context, files *errgroup.Group, from string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		c.cannotRead(err)
	}
	to := c.of(from)
	if err := os.MkdirAll(to, 0o755); errors.Is(err, syscall.ENAMETOOLONG) {
		c.cannotRead(&fs.PathError{Op: "copy", Path: from, Err: syscall.ENAMETOOLONG})
		return nil
	} else if err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	for _, e := range entries {
		path := filepath.Join(from, e.Name())
		if e.Name() != ".git" && !c.wants(path, e.IsDir()) {
			continue
		}
		switch {
		case e.Name() == ".git":
			err = c.git(path)
		case e.IsDir():
			err = c.entry(ctx, files, path)
		case e.Type()&fs.ModeSymlink != 0:
			err = c.link(path)
		case e.Type().IsRegular():
			files.Go(func() error { return c.file(ctx, path) })
		}
		if err != nil {
			return fmt.Errorf("copying %s: %w", path, err)
		}
	}
	return nil
}

// entry copies a folder inside another, unless it is one that no build starts from.
func (c *copier) entry(ctx context.Context, files *errgroup.Group, path string) error {
	if path == c.own || slices.Contains(c.roots, path) {
		return nil // a root is copied by itself
	}
	if !c.isOthers(path) && isOutput(path) && !c.partly(path) {
		return nil
	}
	if filepath.Base(path) == "node_modules" {
		switch c.packages(path) {
		case left:
			return nil
		case linked:
			return symlink(path, c.of(path))
		}
	}
	return c.folder(ctx, files, path)
}

// wants reports whether the copy starts with path: what git would check out with the
// user's edits, what is installed or vendored, and what settings name.
func (c *copier) wants(path string, dir bool) bool {
	if filepath.Base(path) == "node_modules" || c.isOthers(path) || c.isNamed(path, dir) {
		return true
	}
	root := c.rootOf(path)
	return root == "" || c.checkout[root] == nil || !c.checkout[root].Leaves(path, dir)
}

func (c *copier) isNamed(path string, dir bool) bool {
	return slices.ContainsFunc(c.named, func(r *tree.Reach) bool { return r.Holds(path, dir) })
}

// partly reports whether a folder of products holds something that git tracks or
// settings name. Only that of it is copied.
func (c *copier) partly(folder string) bool {
	root := c.rootOf(folder)
	if root == "" || c.checkout[root] == nil || !c.checkout[root].Holds(folder) && !c.isNamed(folder, true) {
		return false
	}
	c.checkout[root].OnlyTracked(folder)
	return true
}

// rootOf is the root that path lies in, "" for none.
func (c *copier) rootOf(path string) string {
	for _, root := range c.roots {
		if fsys.Inside(root, path) {
			return root
		}
	}
	return ""
}

// isOthers reports whether path lies in code that was installed or vendored:
// what is called dist there was built by somebody else, and is what is used.
// Only names below what is copied count.
func (c *copier) isOthers(path string) bool {
	for _, root := range c.roots {
		if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
			names := strings.Split(rel, string(filepath.Separator))
			return slices.Contains(names, "node_modules") || slices.Contains(names, "vendor")
		}
	}
	return false
}

// isOutput knows what builds write: target and dist beside what describes a
// build, and every folder that calls itself a cache. Other version controls'
// stores are left behind too; git's is copied without its objects.
func isOutput(folder string) bool {
	switch filepath.Base(folder) {
	case "target", "dist":
		for _, name := range outputs {
			if exists(filepath.Join(filepath.Dir(folder), name)) {
				return true
			}
		}
	case ".hg", ".jj", ".svn":
		return true
	}
	return exists(filepath.Join(folder, "CACHEDIR.TAG"))
}

// file copies one file with its times, and with leave to write: a build that
// replaces a file must not fail because the checkout is read-only.
func (c *copier) file(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	in, err := fsys.Open(path)
	if err != nil {
		c.cannotRead(err)
		return nil
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		c.cannotRead(err)
		return nil
	}
	to := c.of(path)
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, info.Mode().Perm()|0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // an input that two capsules named
	}
	if errors.Is(err, syscall.ENAMETOOLONG) {
		c.cannotRead(&fs.PathError{Op: "copy", Path: path, Err: syscall.ENAMETOOLONG})
		return nil
	}
	if err != nil {
		return fmt.Errorf("copying %s: %w", path, err)
	}
	// Between two files this is the kernel's own copy, which shares blocks where it can.
	_, err = out.ReadFrom(in)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("copying %s: %w", path, err)
	}
	at := info.ModTime().Add(c.shift)
	return os.Chtimes(to, at, at)
}

// link makes the same link. One that leads into a workspace leads into its copy;
// one that leads out of all leads to the original.
func (c *copier) link(path string) error {
	target, err := os.Readlink(path)
	if err != nil {
		c.cannotRead(err)
		return nil
	}
	full := target
	if !filepath.IsAbs(full) {
		full = filepath.Join(filepath.Dir(path), target)
	}
	inside := false
	for _, root := range c.roots {
		inside = inside || fsys.Inside(root, full)
	}
	switch {
	case inside && filepath.IsAbs(target):
		target = c.of(full)
	case !inside:
		target = full
	}
	return symlink(target, c.of(path))
}

// symlink is os.Symlink that leaves what is there.
func symlink(target, at string) error {
	if err := os.Symlink(target, at); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func (c *copier) cannotRead(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unreadable = append(c.unreadable, err)
}

// outside copies inputs that lie outside the workspaces, as far as they exist
// and are not there yet, and reports whether there were any. paths are the
// mirror's; one outside it was given absolute and is read where it is.
func (c *copier) outside(ctx context.Context, paths []string) (more bool, err error) {
	for _, path := range paths {
		original, ok := c.original(path)
		if !ok || slices.ContainsFunc(c.roots, func(r string) bool { return fsys.Inside(r, original) }) {
			continue
		}
		info, err := os.Stat(original)
		if err != nil || !info.IsDir() && exists(path) {
			continue
		}
		switch {
		case !info.IsDir():
			if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
				err = c.file(ctx, original)
			}
		case original == c.home || filepath.Dir(original) == original:
			continue // a pattern that begins there means some of it; nobody can mean all
		default:
			err = c.folders(ctx, original)
			c.roots = append(c.roots, original)
		}
		if err != nil {
			return more, err
		}
		more = true
	}
	return more, nil
}

// above are files that tools look for in every folder above the one they work in.
var above = []string{".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain", ".npmrc", ".tool-versions", "mise.toml"}

// settings copies what lies above the workspaces and steers tools in them.
func (c *copier) settings(ctx context.Context) error {
	var list []string
	for _, root := range c.roots {
		for folder := filepath.Dir(root); filepath.Dir(folder) != folder; folder = filepath.Dir(folder) {
			for _, name := range above {
				list = append(list, c.of(filepath.Join(folder, filepath.FromSlash(name))))
			}
		}
	}
	_, err := c.outside(ctx, list)
	return err
}
