package inputs

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Inputs is everything one build of a capsule depends on, as it was at one moment.
// It is never changed after Take returned it.
type Inputs struct {
	Dir        string // the capsule's folder, absolute
	Name       string // the manifest's name, or the folder's when the manifest cannot be read
	SourceHash string // BLAKE3 of the sources, 64 lower-case hex digits
	Key        string // the source hash, outside inputs, toolchain, argv, environment and profile in one digest
	Portable   string // the part of Key that means the same in another checkout and on another machine, and may be shared; "" when nothing can be built
	DebugKey   string // Key, and how a debug build differs; "" where there is none
	Group      string // builds with the same non-empty group never overlap
	Buildable  bool   // the manifest names a component

	Outside   []string                         // files and folders outside Dir that it depends on, absolute
	Publishes []string                         // where its modules are published, absolute: what other capsules may take
	Lock      string                           // git's index.lock for Dir; "" outside a repository
	Skip      func(path string, dir bool) bool // whether a path below Dir is no source; safe for concurrent use
	Governs   func(path string) bool           // whether a change of path can change what Skip says; likewise
	Reads     func(path string, dir bool) bool // whether path below Dir is, or as a folder may hold, an input that the rules leave out; likewise
	Within    []string                         // the patterns below Dir that Reads goes by, sorted

	Sources *tree.Snapshot // the files below Dir
	Others  *tree.Snapshot // all other files that it depends on: outside it, and below it what the rules leave out
	Recipe  string         // what Key holds besides files: toolchain, argv, environment, profile
	Taken   time.Time      // before the first file was looked at

	Manifest *capsule.Manifest // nil when it cannot be used
	Judges   []string          // the releases of the runtime that judge what is built
	How      *toolchain.Recipe // nil: it cannot be built
	Fault    *finding.Failure  // what makes a build impossible: a broken manifest, a missing tool

	links []link // those below Dir that lead to sources, by path

	left func(path string, dir bool) bool // what the rules alone leave out
	top  string                           // of the checkout; "" without a repository
	aged map[string]int64                 // what builds of ours made look old, by absolute path, with its ctime from then on
}

// Changed names the files that differ between in and later in content, size,
// inode or times: relative to Dir below it, absolute elsewhere. It is empty
// exactly when nothing that a build of in reads was touched in between.
//
// An outside file that only later knows of, because the toolchain learned of
// it meanwhile, is no change when it is older than in.
func (in *Inputs) Changed(later *Inputs) []string {
	changed := in.FilesChanged(later)
	if len(changed) == 0 && in.Recipe != later.Recipe {
		changed = []string{tree.ManifestName} // a tool was replaced; nothing below Dir moved
	}
	return changed
}

// FilesChanged is Changed without a word on the recipe: the files, sorted.
func (in *Inputs) FilesChanged(later *Inputs) []string {
	changed := append(in.Sources.Diff(later.Sources), in.outsideChanged(later)...)
	for _, l := range linksChanged(in.links, later.links) {
		changed = append(changed, l.path)
	}
	slices.Sort(changed)
	return slices.Compact(changed)
}

// SameContent reports whether a build of later reads the same as one of in: the same files with
// the same bytes, and the same recipe. Files that were touched have the same content.
func (in *Inputs) SameContent(later *Inputs) bool {
	return in.SourceHash == later.SourceHash && in.Others.Digest == later.Others.Digest && in.Recipe == later.Recipe &&
		len(linksChanged(in.links, later.links)) == 0
}

// Same reports whether nothing tells in and other apart but when they were taken: all that they know of has the times that it
// had, too.
func (in *Inputs) Same(other *Inputs) bool {
	return in.Key == other.Key && in.Recipe == other.Recipe && in.SourceHash == other.SourceHash && slices.Equal(in.links, other.links) &&
		slices.Equal(in.Outside, other.Outside) && sameFiles(in.Sources, other.Sources) && sameFiles(in.Others, other.Others)
}

func sameFiles(a, b *tree.Snapshot) bool {
	x, y := filesOf(a), filesOf(b)
	shared := len(x) == len(y) && len(x) > 0 && &x[0] == &y[0] // a look that finds nothing new goes on with the list
	return shared || slices.Equal(x, y)
}

// Written tells when each file was last written that is new or different in
// later. A file that is gone tells nothing.
func (in *Inputs) Written(later *Inputs) []time.Time {
	var times []time.Time
	for _, both := range [][2]*tree.Snapshot{{in.Sources, later.Sources}, {in.Others, later.Others}} {
		tree.Pairs(filesOf(both[0]), filesOf(both[1]), func(was, is *tree.File) {
			if is != nil && (was == nil || *was != *is) {
				times = append(times, time.Unix(0, is.Ctime))
			}
		})
	}
	for _, l := range linksChanged(in.links, later.links) {
		if l.ctime != 0 {
			times = append(times, time.Unix(0, l.ctime))
		}
	}
	return times
}

// Links are the links below Dir that lead to sources, each as "PATH -> WHAT IT HOLDS".
func (in *Inputs) Links() (list []string) {
	for _, l := range in.links {
		list = append(list, l.path+" -> "+l.to)
	}
	return list
}

// linksChanged are the links that hold another thing later, as they are then; of one that is gone the path alone.
func linksChanged(before, later []link) (changed []link) {
	old := map[string]string{}
	for _, l := range before {
		old[l.path] = l.to
	}
	for _, l := range later {
		if to, was := old[l.path]; !was || to != l.to {
			changed = append(changed, l)
		}
		delete(old, l.path)
	}
	for path := range old {
		changed = append(changed, link{path: path})
	}
	return changed
}

func (in *Inputs) outsideChanged(later *Inputs) []string {
	before, after := byName(in.Others), byName(later.Others)
	var changed []string
	for _, name := range in.Others.Diff(later.Others) {
		path := fsys.Absolute(in.Dir, name)
		_, was := before[name]
		now, is := after[name]
		if now.Ctime == later.aged[path] {
			now.Ctime = 0 // nobody has touched it but we
		}
		learned := !was && is && max(now.Mtime, now.Ctime) < in.Taken.UnixNano()
		if dropped := was && !is && !later.names(path); learned || dropped {
			continue
		}
		if fsys.Inside(in.Dir, path) {
			path = name
		}
		changed = append(changed, path)
	}
	return changed
}

// names reports whether in depends on path, which is no source, whether it is there or not.
func (in *Inputs) names(path string) bool {
	if fsys.Inside(in.Dir, path) && in.Reads != nil && in.Reads(path, false) {
		return true
	}
	return slices.ContainsFunc(in.Outside, func(o string) bool { return fsys.Inside(o, path) })
}

func filesOf(s *tree.Snapshot) []tree.File {
	if s == nil {
		return nil
	}
	return s.Files
}

// Recounts reports whether in counts a file that the rules of old leave out:
// git add -f makes one a source, and no file that says so is watched.
func (in *Inputs) Recounts(old *Inputs) bool {
	recounts := false
	tree.Pairs(filesOf(old.Sources), filesOf(in.Sources), func(was, is *tree.File) {
		recounts = recounts || was == nil && old.leaves(filepath.Join(in.Dir, filepath.FromSlash(is.Path)), false)
	})
	return recounts
}

// leaves is what the rules say of a path. Inputs of a test's own making may have Skip alone.
func (in *Inputs) leaves(path string, dir bool) bool {
	if in.left != nil {
		return in.left(path, dir)
	}
	return in.Skip(path, dir)
}

// byName is a snapshot by name; nil is the snapshot of nothing.
func byName(s *tree.Snapshot) map[string]tree.File {
	m := map[string]tree.File{}
	if s != nil {
		for _, f := range s.Files {
			m[f.Path] = f
		}
	}
	return m
}

// Problem is what makes a build impossible before it begins: a broken manifest, a missing
// tool, a path that is not ours to write to; nil when nothing does.
func (in *Inputs) Problem() *finding.Failure { return in.Fault }
