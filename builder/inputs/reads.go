package inputs

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// reads is what a build reads beside the sources: what settings name, what the
// toolchain said it read, what links lead to, what git tracks in folders that the
// rules leave out. All of it counts wherever it lies; only what we ourselves write
// does not. The manifest's `ignore` has the last word but for `inputs`.
type reads struct {
	dir      string
	rules    *tree.Rules
	patterns []string // as tree.TakeOthers takes them
	within   []string // those that begin below dir, absolute but for globs, sorted
	links    []string // links below dir that lead to inputs, absolute

	sources map[string]bool // the sources by path, made when first asked
	files   []tree.File
	folder  string          // the builder's own, a slash path below dir
	own     map[string]bool // what we write, and a build leaves for us: slash paths below dir
	reach   *tree.Reach     // of patterns
	named   *tree.Reach     // of the settings' alone
}

func newReads(in *Inputs, rules *tree.Rules, patterns []string, folder string) *reads {
	r := &reads{dir: in.Dir, rules: rules, patterns: patterns, files: in.Sources.Files, own: ownFiles(in.Manifest), folder: folder}
	if in.Manifest != nil {
		r.named = tree.NewReach(in.Manifest.Dev.Inputs, in.Dir)
	}
	for _, link := range in.Sources.Links {
		switch full := filepath.Join(in.Dir, filepath.FromSlash(link)); r.leads(full) {
		case beside:
			r.links = append(r.links, full)
		case toSources:
			in.links = append(in.links, readLink(link, full))
		}
	}
	r.patterns = append(r.patterns, r.links...)
	if in.How == nil || !in.How.TellsAll {
		for _, rel := range rules.Committed() {
			r.patterns = append(r.patterns, filepath.Join(in.Dir, filepath.FromSlash(rel)))
		}
	}
	r.reach = tree.NewReach(r.patterns, in.Dir)
	r.within = r.below()
	return r
}

// Unmatched are warnings about inputs of the settings that stand for nothing: a slip of
// the pen there is an edit that is never seen.
func (in *Inputs) Unmatched() (list []finding.Finding) {
	if in.Manifest == nil {
		return nil
	}
	absent := map[string]bool{}
	for _, f := range in.Others.Files {
		if f.Size == tree.Absent {
			absent[fsys.Absolute(in.Dir, f.Path)] = true
		}
	}
	for _, pattern := range in.Manifest.Dev.Inputs {
		if !absent[fsys.Absolute(in.Dir, pattern)] {
			continue
		}
		line, column := in.Manifest.Position("package", "metadata", "astrid-dev", "inputs")
		list = append(list, finding.Finding{Code: finding.InputMatchesNothing, Severity: finding.Warning, File: tree.ManifestName, Line: line, Column: column,
			Message: fmt.Sprintf("inputs names %q, and nothing is there", pattern), Hint: "correct the path, which is relative to the capsule's folder, or take it out"})
	}
	return list
}

// ownFiles are the published modules, and where a build may leave them.
func ownFiles(m *capsule.Manifest) map[string]bool {
	own := map[string]bool{}
	if m == nil {
		return own
	}
	for _, c := range m.Components {
		own[path.Clean(c.File)], own[path.Clean(c.Output)] = true, true
		if c.Output == "" {
			own["dist/"+path.Base(c.File)] = true
		}
	}
	own[path.Clean(m.Dev.Output)] = true
	return own
}

// isOwn reports whether rel is ours to write, or lies in our folder.
func (r *reads) isOwn(rel string) bool {
	return r.own[rel] || rel == r.folder || strings.HasPrefix(rel, r.folder+"/")
}

// known reports whether a file, by its path in a snapshot, must not count as one
// more input: a source, ours, or ignored.
func (r *reads) known(name string) bool {
	if filepath.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") {
		return false
	}
	if r.sources == nil {
		r.sources = make(map[string]bool, len(r.files))
		for _, f := range r.files {
			r.sources[f.Path] = true
		}
	}
	return r.sources[name] || r.isOwn(name) || r.ignored(name, false)
}

// forget lets go of the list of sources, by which nobody asks known any more: others hold on to r for what it says of paths.
func (r *reads) forget() { r.sources, r.files = nil, nil }

func (r *reads) ignored(rel string, dir bool) bool {
	return r.rules.Ignored(rel) && !r.named.Holds(filepath.Join(r.dir, filepath.FromSlash(rel)), dir)
}

// counts reports whether path below the capsule is, or as a folder may hold, such an input.
func (r *reads) counts(path string, dir bool) bool {
	if !r.reach.Holds(path, dir) {
		return false
	}
	rel, err := filepath.Rel(r.dir, path)
	rel = filepath.ToSlash(rel)
	return err == nil && !r.isOwn(rel) && !r.ignored(rel, dir)
}

func (r *reads) skip(path string, dir bool) bool {
	return r.rules.Skip(path, dir) && !r.counts(path, dir)
}

// destination is where a link leads, as far as it matters to a build.
type destination int

const (
	aside     destination = iota // the capsule, a folder around it or the whole disk, a module of ours, a tool's products
	beside                       // something that a build may read and that does not count already
	toSources                    // a source or a folder of sources: they count already, and which of them it is counts too
)

// leads is where a link leads.
func (r *reads) leads(link string) destination {
	real, err := filepath.EvalSymlinks(link)
	if err != nil {
		return beside // it leads nowhere yet
	}
	dir, err := filepath.EvalSymlinks(r.dir)
	if err != nil {
		return aside
	}
	if fsys.Inside(real, dir) || filepath.Dir(real) == real || isProduct(real) {
		return aside
	}
	if !fsys.Inside(dir, real) {
		return beside
	}
	rel, err := filepath.Rel(dir, real)
	if err != nil || r.isOwn(filepath.ToSlash(rel)) || slices.Contains(strings.Split(filepath.ToSlash(rel), "/"), "target") {
		return aside
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return aside
	case r.rules.Skip(filepath.Join(r.dir, rel), info.IsDir()):
		return beside
	}
	return toSources
}

// link is a symbolic link below a capsule that leads to its sources.
type link struct {
	path, to string // slash path; what it holds
	ctime    int64
}

// readLink reads the link at full; one that is gone by now holds nothing.
func readLink(path, full string) link {
	to, err := os.Readlink(full)
	if err != nil {
		return link{path: path}
	}
	return link{path, filepath.ToSlash(to), fsys.Lstat(full).Ctime}
}

// isProduct reports whether path is, or lies in, a folder that calls itself a cache.
func isProduct(path string) bool {
	for up := path; up != filepath.Dir(up); up = filepath.Dir(up) {
		if tree.IsCache(up) {
			return true
		}
	}
	return false
}

// below lists the patterns that begin below the capsule.
func (r *reads) below() (list []string) {
	for _, p := range r.patterns {
		if fsys.Inside(r.dir, tree.PatternFolder(r.dir, p)) {
			list = append(list, fsys.Absolute(r.dir, p))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// watched makes patterns into the files and folders to watch: a pattern stands for the
// deepest folder that it names without a wildcard. Below the capsule only what lies
// behind a link is among them: the rest is watched with the capsule, by Skip.
func watched(dir string, r *reads) []string {
	paths := slices.Clone(r.links)
	links := map[string]bool{}
	for _, p := range r.patterns {
		p = tree.PatternFolder(dir, p)
		if !fsys.Inside(dir, p) || behindLink(dir, p, links) {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// behindLink reports whether path, or a folder between it and dir, is a link. known
// keeps what was asked.
func behindLink(dir, path string, known map[string]bool) bool {
	if path == dir || filepath.Dir(path) == path {
		return false
	}
	link, asked := known[path]
	if !asked {
		info, err := os.Lstat(path)
		link = err == nil && info.Mode()&os.ModeSymlink != 0 || behindLink(dir, filepath.Dir(path), known)
		known[path] = link
	}
	return link
}
