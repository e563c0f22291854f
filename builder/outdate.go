package builder

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/regular"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Tools that compare times, such as make, take a product for done that is
// younger than its sources. That is wrong after a build during which a source
// changed: what was made of the old content is the younger one. So before such
// a tool runs, the products that it would believe wrongly are made to look old.

// runTick is how far a file's time may lie behind the clock.
const runTick = 10 * time.Millisecond

// outdate makes products look old that plan's tool must make anew: always the
// modules themselves, because we know that something changed, and everything
// that is younger than a source which changed under the last run. done must be
// called when the tool has ended.
func outdate(in *Inputs, plan *toolchain.Plan) (done func()) {
	if !plan.ByTime {
		return func() {}
	}
	if since, until, known := lastRun(in.Dir); known {
		if source := in.changedWithin(since, until); !source.IsZero() {
			in.eachProduct(func(path string, info fs.FileInfo) {
				if !info.ModTime().Before(source) {
					setTime(in.Dir, path, source.Add(-time.Second))
				}
			})
		}
	}
	restore := oldest(in.Dir, plan.Outputs)
	began := fmt.Sprintln(in.Taken.UnixNano())
	noteRun(in.Dir, began)
	return func() {
		restore()
		noteRun(in.Dir, began+fmt.Sprintln(time.Now().UnixNano()))
	}
}

// oldest gives outputs the oldest time there is. restore gives those their own
// time back that the tool left alone: it does not make them.
func oldest(dir string, outputs []string) (restore func()) {
	old := time.Unix(1, 0)
	before := map[string]time.Time{}
	for _, path := range outputs {
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && !inCache(dir, filepath.Dir(path)) {
			before[path] = info.ModTime()
			setTime(dir, path, old)
		}
	}
	return func() {
		for path, was := range before {
			if info, err := os.Lstat(path); err == nil && info.ModTime().Equal(old) {
				setTime(dir, path, was)
			}
		}
	}
}

// setTime fails for files of other users, and for what a link outside of the capsule leads
// to. Then the tool decides as it does without us.
func setTime(dir, path string, at time.Time) {
	_ = inFolder(dir, func(f *folder) error {
		name, ok := f.below(path)
		if !ok {
			return nil
		}
		return f.Chtimes(name, time.Time{}, at)
	})
}

// lastRun is the time in which the capsule's last build command ran, from the
// examination before it. A run that was killed has not ended yet.
func lastRun(dir string) (since, until time.Time, known bool) {
	data, err := regular.Read(statePath(dir, runFile), 1<<10)
	if err != nil {
		return time.Time{}, time.Time{}, false
	}
	var from, to int64
	if n, _ := fmt.Sscan(string(data), &from, &to); n < 2 {
		to = time.Now().UnixNano()
	}
	return time.Unix(0, from), time.Unix(0, to), true
}

// noteRun tells the next run when this one was. Where it cannot be written nothing can be staged either.
func noteRun(dir, text string) {
	_ = inFolder(dir, func(f *folder) error { return f.write(stateName(runFile), []byte(text)) })
}

// changedWithin returns the oldest time that an input claims to be written at
// which changed under the run between since and until; zero when none did.
func (in *Inputs) changedWithin(since, until time.Time) (oldest time.Time) {
	for _, f := range in.all() {
		changed := time.Unix(0, max(f.Mtime, f.Ctime))
		if f.Size == tree.Absent || changed.Before(since.Add(-runTick)) || changed.After(until) {
			continue
		}
		if m := time.Unix(0, f.Mtime); oldest.IsZero() || m.Before(oldest) {
			oldest = m
		}
	}
	return oldest
}

// all are the files that a build depends on.
func (in *Inputs) all() []tree.File {
	if in.Others == nil {
		return in.Sources.Files
	}
	return slices.Concat(in.Sources.Files, in.Others.Files)
}

// eachProduct visits the files of the capsule that may be products of its
// build: those that are no sources and not ours. Other capsules, repositories,
// packages and caches that say so are left out: their owners know them better.
func (in *Inputs) eachProduct(visit func(path string, info fs.FileInfo)) {
	sources := files(in.Sources)
	for _, c := range in.manifest.Components {
		sources[c.File] = tree.File{} // what we published
	}
	_ = filepath.WalkDir(in.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it is not there, or not the build's
		}
		if d.IsDir() {
			if path != in.Dir && notOfTheBuild(path) {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(in.Dir, path)
		if _, source := sources[filepath.ToSlash(rel)]; err != nil || source || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			visit(path, info)
		}
		return nil
	})
}

func notOfTheBuild(folder string) bool {
	switch filepath.Base(folder) {
	case ".git", "node_modules":
		return true
	}
	return hasManifest(folder) == nil || isCache(folder)
}

// isCache reports whether folder is tagged as a cache, as cargo's target is and ours.
func isCache(folder string) bool {
	_, err := os.Lstat(filepath.Join(folder, "CACHEDIR.TAG"))
	return err == nil
}

// inCache reports whether folder, at or below dir, is or lies in a cache.
func inCache(dir, folder string) bool {
	for ; folder != dir && within(dir, folder); folder = filepath.Dir(folder) {
		if isCache(folder) {
			return true
		}
	}
	return false
}
