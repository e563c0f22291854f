package compile

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Tools that compare times, such as make and cargo, take a product for done that is
// younger than its sources. That is wrong when the product was made of other content:
// an older file was moved into place, the clock went back, or a source changed while
// the product was made. So before a tool runs, the products that it would believe
// wrongly are made to look old.

// Stale is what is known of the inputs since the tool's last run.
type Stale struct {
	// Changed is the oldest time that an input claims to be written at which may be another one
	// than at the last run; zero when all are the same.
	Changed time.Time
	Inputs  []string // all files that the build reads, absolute: no products
}

// outdate makes products look old that the tool must make anew: always the modules
// themselves, because we know that something changed, and everything that is younger
// than an input which is another one than at the last run. done must be called when the
// tool has ended; it tells which modules the tool left alone.
func (b *Build) outdate() (done func() (left []string)) {
	if !b.ComparesTimes() {
		return func() []string { return nil }
	}
	restore := func() []string { return nil }
	if !b.Stale.Changed.IsZero() {
		for target := range b.cargoTargets() {
			outdateCargo(target, b.Stale.Changed)
		}
	}
	if b.Recipe.ByTime {
		restore = oldest(b.Manifest.Dir, b.Recipe.Outputs)
		if !b.Stale.Changed.IsZero() {
			b.outdateProducts(b.Stale.Changed)
		}
	}
	ended := b.Began() // only now: a run that is killed before it must be repeated
	return func() []string {
		left := restore()
		ended()
		return left
	}
}

// ComparesTimes reports whether the tool compares times, so that Stale and Began count.
func (b *Build) ComparesTimes() bool { return b.Recipe.ByTime || b.Recipe.CargoTarget != "" }

// outdateProducts makes every product that is not older than source older.
func (b *Build) outdateProducts(source time.Time) {
	_ = fsys.InRoot(b.Manifest.Dir, func(f *fsys.Root) error {
		b.eachProduct(func(path string, info fs.FileInfo) {
			if info.ModTime().Before(source) {
				return
			}
			f.SetTime(path, source.Add(-time.Second))
			if i := fsys.Lstat(path); i.Ctime != 0 {
				b.made.Aged[path] = i.Ctime
			}
		})
		return nil
	})
}

// cargoTimes are the files by whose times cargo judges whether its products, and those
// of build scripts, are up to date, below its target folder.
var cargoTimes = []string{".fingerprint/*/*", "build/*/output"}

// cargoTargets are the target folders of all crates that have files among the inputs.
func (b *Build) cargoTargets() map[string]bool {
	targets := map[string]bool{}
	if b.Recipe.CargoTarget != "" {
		targets[b.Recipe.CargoTarget] = true
	}
	looked := map[string]bool{}
	last := ""
	for _, file := range b.Stale.Inputs {
		if filepath.Dir(file) == last {
			continue
		}
		last = filepath.Dir(file)
		for folder := last; !looked[folder]; folder = filepath.Dir(folder) {
			looked[folder] = true
			target := filepath.Join(folder, "target")
			if info, err := os.Lstat(filepath.Join(target, ".rustc_info.json")); err == nil && info.Mode().IsRegular() {
				targets[target] = true
			}
		}
	}
	return targets
}

// outdateCargo makes cargo compare the crates below target with their sources anew. What
// it fetched is judged by checksums and stays; which crates these are is only asked where something is to look older.
func outdateCargo(target string, source time.Time) {
	_ = fsys.InRoot(target, func(f *fsys.Root) error {
		for _, profile := range profiles(f) {
			young := notOlder(target, profile, source)
			if len(young) == 0 {
				continue
			}
			fetched := fetchedCrates(f, profile)
			for _, name := range young {
				if !fetched[crateOf(path.Base(path.Dir(name)))] {
					_ = f.Chtimes(name, time.Time{}, source.Add(-time.Second))
				}
			}
		}
		return nil
	})
}

// notOlder are the files with cargo's times in a profile's folder, named from its target folder, that are not older than source.
func notOlder(target, profile string, source time.Time) (young []string) {
	for _, pattern := range cargoTimes {
		paths, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(target), profile+pattern))
		for _, file := range paths {
			if info, err := os.Lstat(file); err == nil && info.Mode().IsRegular() && !info.ModTime().Before(source) {
				name, _ := filepath.Rel(target, file)
				young = append(young, filepath.ToSlash(name))
			}
		}
	}
	return young
}

// profiles are the folders of cargo's profiles below a target folder, each with a slash at
// its end: for this machine, and for named targets.
func profiles(f *fsys.Root) (list []string) {
	for _, depth := range []string{"*/", "*/*/"} {
		names, _ := fs.Glob(f.FS(), depth+".fingerprint")
		for _, name := range names {
			list = append(list, path.Dir(name)+"/")
		}
	}
	return list
}

// oldest gives outputs the oldest time there is. restore gives those their own time back
// that the tool left alone, and names them: it did not make them.
func oldest(dir string, outputs []string) (restore func() (left []string)) {
	old := time.Unix(1, 0)
	before := map[string]time.Time{}
	for _, path := range outputs {
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && !inCache(dir, filepath.Dir(path)) {
			before[path] = info.ModTime()
			setTime(dir, path, old)
		}
	}
	return func() (left []string) {
		for path, was := range before {
			if info, err := os.Lstat(path); err == nil && info.ModTime().Equal(old) {
				setTime(dir, path, was)
				left = append(left, path)
			}
		}
		return left
	}
}

func setTime(dir, path string, at time.Time) {
	_ = fsys.InRoot(dir, func(f *fsys.Root) error {
		f.SetTime(path, at)
		return nil
	})
}

// eachProduct visits the files of the capsule that may be products of its
// build: those that are no inputs and not ours. Other capsules, repositories,
// packages and caches that say so are left out: their owners know them better.
func (b *Build) eachProduct(visit func(path string, info fs.FileInfo)) {
	others := map[string]bool{}
	for _, path := range b.Stale.Inputs {
		others[path] = true
	}
	for _, c := range b.Manifest.Components {
		others[filepath.Join(b.Manifest.Dir, filepath.FromSlash(c.File))] = true // what was published
	}
	_ = filepath.WalkDir(b.Manifest.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it is not there, or not the build's
		}
		if d.IsDir() {
			if path != b.Manifest.Dir && notOfTheBuild(path) {
				return filepath.SkipDir
			}
			return nil
		}
		if others[path] || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			visit(path, info)
		}
		return nil
	})
}

func notOfTheBuild(folder string) bool {
	name := filepath.Base(folder)
	mayBeMade := name == "target" || name == "dist" // of the folders without sources, those that hold products
	return tree.IgnoredFolder(name) && !mayBeMade || tree.IsCapsule(folder) || tree.IsCache(folder)
}

// inCache reports whether folder, at or below dir, is or lies in a cache.
func inCache(dir, folder string) bool {
	for ; folder != dir && fsys.Inside(dir, folder); folder = filepath.Dir(folder) {
		if tree.IsCache(folder) {
			return true
		}
	}
	return false
}
