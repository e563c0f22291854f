package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Copy copies folders into a mirror. What cannot be read is kept and does not
// stop the copy: the capsule that needs it is told.
type Copy struct {
	Mirror
	choice
	home string // the user's
	own  string // this run's temporary folder, which may lie in a workspace

	mu         sync.Mutex // guards Unreadable
	Unreadable []error    // each an *fs.PathError of an original
}

// folders copies the folders from, which must not lie in one another.
func (c *Copy) folders(ctx context.Context, from ...string) error {
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

func (c *Copy) folder(ctx context.Context, files *errgroup.Group, from string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		c.cannotRead(err)
	}
	to := c.Of(from)
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
			err = copyRepository(c.Of(path), path)
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
func (c *Copy) entry(ctx context.Context, files *errgroup.Group, path string) error {
	if path == c.own || slices.Contains(c.roots, path) {
		return nil // a root is copied by itself
	}
	if !c.isOthers(path) && isOutput(path) && !c.partly(path) {
		return nil
	}
	if filepath.Base(path) == "node_modules" {
		switch c.packages(path) {
		case Left:
			return nil
		case Linked:
			return symlink(path, c.Of(path))
		}
	}
	return c.folder(ctx, files, path)
}

// file copies one file with its times, and with leave to write: a build that
// replaces a file must not fail because the checkout is read-only.
func (c *Copy) file(ctx context.Context, path string) error {
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
	to := c.Of(path)
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
func (c *Copy) link(path string) error {
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
		target = c.Of(full)
	case !inside:
		target = full
	}
	return symlink(target, c.Of(path))
}

// symlink is os.Symlink that leaves what is there.
func symlink(target, at string) error {
	if err := os.Symlink(target, at); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func (c *Copy) cannotRead(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Unreadable = append(c.Unreadable, err)
}

// outside copies inputs that lie outside the workspaces, as far as they exist
// and are not there yet, and reports whether there were any. paths are the
// mirror's; one outside it was given absolute and is read where it is.
func (c *Copy) outside(ctx context.Context, paths []string) (more bool, err error) {
	for _, path := range paths {
		original, ok := c.Original(path)
		if !ok || slices.ContainsFunc(c.roots, func(r string) bool { return fsys.Inside(r, original) }) {
			continue
		}
		info, err := os.Stat(original)
		if err != nil || !info.IsDir() && Exists(path) {
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
func (c *Copy) settings(ctx context.Context) error {
	var list []string
	for _, root := range c.roots {
		for folder := filepath.Dir(root); filepath.Dir(folder) != folder; folder = filepath.Dir(folder) {
			for _, name := range above {
				list = append(list, c.Of(filepath.Join(folder, filepath.FromSlash(name))))
			}
		}
	}
	_, err := c.outside(ctx, list)
	return err
}
