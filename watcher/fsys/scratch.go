package fsys

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// What scratch folders are for is how their names begin.
const (
	ScratchVerify  = "astrid-dev-verify-"  // copies of a workspace
	ScratchAgainst = "astrid-dev-against-" // a checkout that one is compared with
	ScratchRuntime = "astrid-dev-runtime-" // a private runtime
	ScratchLive    = "astrid-dev-live-"    // what the user's own runtime is given
)

var scratches = []string{ScratchVerify, ScratchAgainst, ScratchRuntime, ScratchLive}

// ShortTemp is where a scratch folder lies whose path must be short, on systems where that counts.
const ShortTemp = "/tmp"

// scratchLock is the name of the lock in a scratch folder; who is killed lets go of it.
const scratchLock = "lock"

// Scratch is a temporary folder of a run, and the lock that says that the run lives.
type Scratch struct {
	Dir  string // absolute: builds run elsewhere, and TMPDIR may be relative
	lock *os.File
}

// MakeScratch makes a folder in base, "" for the system's temporary one. Its name begins with
// prefix, one of the above, and what runs that were killed have left there is removed first, whatever it was for.
func MakeScratch(base, prefix string) (t Scratch, err error) {
	if base == "" {
		base = os.TempDir()
	}
	if base, err = filepath.Abs(base); err != nil {
		return t, err
	}
	sweep(base)
	if t.Dir, err = os.MkdirTemp(base, prefix); err != nil {
		return t, err
	}
	// The lock gets its name when it is held, so that no other run takes a folder for dead that is being made.
	early := filepath.Join(t.Dir, "new-"+scratchLock)
	if t.lock, err = os.OpenFile(early, os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600); err == nil {
		if held, lockErr := TryLock(t.lock); lockErr != nil || !held {
			return t, nil // a file system without locks: nobody will sweep here
		}
		err = os.Rename(early, filepath.Join(t.Dir, scratchLock))
	}
	if err != nil {
		t.Remove()
		return Scratch{}, fmt.Errorf("locking %s: %w", t.Dir, err)
	}
	return t, nil
}

// Remove is for the zero value, too.
func (t Scratch) Remove() {
	if t.lock != nil {
		t.lock.Close()
	}
	if t.Dir != "" {
		os.RemoveAll(t.Dir)
	}
}

// SweepScratch removes what runs that were killed have left, wherever MakeScratch makes folders by itself, or is told to make short ones.
func SweepScratch() {
	sweep(os.TempDir())
	if runtime.GOOS != "windows" && os.TempDir() != ShortTemp {
		sweep(ShortTemp)
	}
}

// sweep removes the folders of runs of this user that were killed.
func sweep(base string) {
	folder, err := os.Open(base)
	if err != nil {
		return
	}
	names, _ := folder.Readdirnames(-1) // what could not be read is left
	folder.Close()
	for _, name := range names {
		if !slices.ContainsFunc(scratches, func(kind string) bool { return strings.HasPrefix(name, kind) }) {
			continue
		}
		dir := filepath.Join(base, name)
		path := filepath.Join(dir, scratchLock)
		// What another user owns could be swapped for a link while it is being removed.
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || !IsOwn(dir) {
			continue
		}
		lock, err := Open(path)
		if err != nil {
			continue
		}
		if free, err := TryLock(lock); err == nil && free && removeFirst(dir) {
			lock.Close()
			os.RemoveAll(dir)
			continue
		}
		lock.Close()
	}
}

// removeFirst removes everything but the lock, which goes last: what cannot be
// removed now is found again by the next run.
func removeFirst(dir string) bool {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != scratchLock {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err == nil
}
