package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// User is the runtime that the user runs, or will: it is found as the runtime's own programs
// find it, and need not be up.
type User struct {
	home, run string
	as        string // the principal
	scratch   fsys.Scratch
}

// FindUser reads ASTRID_HOME, ASTRID_RUN_DIR and ASTRID_PRINCIPAL, which default to .astrid in
// the user's home folder, run in the runtime's, and default. The error is a *usage.Error. The
// caller closes the User.
func FindUser(getenv func(string) string) (*User, error) {
	if runtime.GOOS == "windows" {
		return nil, usage.New(errors.New("--live needs Linux or macOS"))
	}
	u := &User{home: getenv("ASTRID_HOME"), run: getenv("ASTRID_RUN_DIR"), as: getenv("ASTRID_PRINCIPAL")}
	if u.home == "" {
		if getenv("HOME") == "" {
			return nil, usage.Hint(errors.New("neither ASTRID_HOME nor HOME is set, so that the runtime cannot be found"), "set ASTRID_HOME to the runtime's folder")
		}
		u.home = filepath.Join(getenv("HOME"), ".astrid")
	}
	if u.run == "" {
		u.run = filepath.Join(u.home, "run")
	}
	for _, v := range []struct{ name, path string }{{"ASTRID_HOME", u.home}, {"ASTRID_RUN_DIR", u.run}} {
		if !filepath.IsAbs(v.path) {
			return nil, usage.Hint(fmt.Errorf("%s is %q", v.name, v.path), "the runtime wants an absolute path there")
		}
	}
	if u.as == "" {
		u.as = principal
	}
	if u.as != filepath.Base(u.as) {
		return nil, usage.Hint(fmt.Errorf("ASTRID_PRINCIPAL is %q", u.as), "use letters, digits, - and _")
	}
	var err error
	if u.scratch, err = fsys.MakeScratch("", fsys.ScratchLive); err != nil {
		return nil, usage.New(fmt.Errorf("making a folder for archives: %w", err))
	}
	return u, nil
}

// Home is the runtime's folder.
func (u *User) Home() string { return u.home }

// Connect connects to the runtime. It is an error when none runs.
func (u *User) Connect(context.Context) (*Link, error) {
	c, err := connect(u.run, u.home, u.as)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED): // one that was killed leaves its socket
		return nil, fmt.Errorf("no runtime runs in %s", u.home)
	case err != nil:
		return nil, fmt.Errorf("connecting to the runtime of %s: %w", u.home, err)
	}
	folder, err := os.MkdirTemp(u.scratch.Dir, "link-")
	if err != nil {
		c.close()
		return nil, err
	}
	return &Link{c: c, home: u.home, run: u.run, folder: folder}, nil
}

// Close removes what was made for the runtime to read.
func (u *User) Close() { u.scratch.Remove() }
