package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Plan says what to copy.
type Plan struct {
	Dirs     []string                     // the capsules' folders, as Resolved gives them
	Named    []string                     // what their settings name as inputs, absolute; may hold patterns
	Packages func(folder string) Packages // what becomes of this node_modules
	Twice    bool                         // a second copy is wanted
}

// Copies are the copies of a workspace that one run builds in.
type Copies struct {
	First  *Copy
	Second *Copy // nil unless the plan wanted it; its files are older

	temp fsys.Scratch
}

// otherTimes is how much older the files of the second copy are: a build that
// writes its sources' times into the module, even as days in any time zone, shows.
const otherTimes = -50 * time.Hour

// Make copies the workspaces of p's capsules into the system's temporary folder. The caller
// removes the copies, whatever the error is, which is a *usage.Error.
func Make(ctx context.Context, p Plan) (*Copies, error) {
	c := &Copies{}
	return c, asUsage(c.make(ctx, p))
}

// asUsage says what to do about a copy that failed.
func asUsage(err error) error {
	if err == nil {
		return nil
	}
	return usage.Hint(fmt.Errorf("copying the workspace: %w", err), copyHint(err))
}

func (c *Copies) make(ctx context.Context, p Plan) (err error) {
	if c.temp, err = fsys.MakeScratch("", fsys.ScratchVerify); err != nil {
		return err
	}
	own := c.Folder()
	if c.First, err = take(ctx, Mirror{top: filepath.Join(own, "1")}, own, p); err != nil {
		return err
	}
	if p.Twice {
		c.Second, err = take(ctx, Mirror{top: filepath.Join(own, "another", "place"), shift: otherTimes}, own, p)
	}
	return err
}

// take makes one copy. own is this run's temporary folder.
func take(ctx context.Context, m Mirror, own string, p Plan) (*Copy, error) {
	c := &Copy{Mirror: m, own: own, home: homeFolder(), choice: choice{roots: Roots(p.Dirs), packages: p.Packages, checkout: map[string]*tree.Checkout{}}}
	for _, root := range c.roots {
		var err error
		if c.checkout[root], err = tree.NewCheckout(root); err != nil {
			return c, err
		}
		c.named = append(c.named, tree.NewReach(p.Named, root))
	}
	if err := c.folders(ctx, c.roots...); err != nil {
		return c, err
	}
	return c, c.settings(ctx)
}

func copyHint(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open: run ulimit -n 65536"
	case errors.Is(err, syscall.ENAMETOOLONG):
		return "a path is longer than the system takes once it lies in the copy: shorten it, or set TMPDIR to a shorter folder"
	}
	return "set TMPDIR to a folder that can be written and has room for the workspace, twice with --repro"
}

// Folder is the temporary folder in which the copies lie, without links: builds see real
// paths, and what they print must be known again.
func (c *Copies) Folder() string {
	if real, err := filepath.EvalSymlinks(c.temp.Dir); err == nil {
		return real
	}
	return c.temp.Dir
}

// All are the copies that there are.
func (c *Copies) All() []*Copy {
	if c.Second == nil {
		return []*Copy{c.First}
	}
	return []*Copy{c.First, c.Second}
}

// Complete adds inputs that lie outside the workspaces, given by their paths in the first
// copy, to all copies, and reports whether there were any. The error is a *usage.Error.
func (c *Copies) Complete(ctx context.Context, outside []string) (more bool, err error) {
	more, err = c.First.outside(ctx, outside)
	if err != nil || !more || c.Second == nil {
		return more, asUsage(err)
	}
	var second []string
	for _, path := range outside {
		if original, ok := c.First.Original(path); ok {
			second = append(second, c.Second.Of(original))
		}
	}
	_, err = c.Second.outside(ctx, second)
	return more, asUsage(err)
}

// Install replaces the links that stand for the node_modules folders of the capsules in
// dirs: with copies where they are wanted, with nothing elsewhere.
func (c *Copies) Install(ctx context.Context, dirs []string, wanted func(dir string) bool) error {
	for _, copy := range c.All() {
		copy.packages = func(string) Packages { return Copied }
		for _, dir := range dirs {
			if err := copy.install(ctx, filepath.Join(dir, "node_modules"), wanted(dir)); err != nil {
				return asUsage(err)
			}
		}
	}
	return nil
}

func (c *Copy) install(ctx context.Context, folder string, wanted bool) error {
	target, err := os.Readlink(c.Of(folder))
	if err != nil || target != folder {
		return nil // there is none, or it is a link in the original as well
	}
	if err := os.Remove(c.Of(folder)); err != nil || !wanted {
		return err
	}
	return c.folders(ctx, folder)
}

// Remove removes all copies and what else lies in their folder. It is for nil, too.
func (c *Copies) Remove() {
	if c != nil {
		c.temp.Remove()
	}
}
