package tree

import (
	"path/filepath"
	"strings"
)

// Rule is why a path is no source.
type Rule struct {
	File string // that holds it, absolute; "": it is built in
	Line int    // in File, from 1; 0: it holds no line of that text
	Text string // the pattern as it stands there, or the built-in rule in words
}

// Explain is the rule that leaves path, which lies below the root, or a folder above it, out; false
// when it is not left out. dir says whether it is, or was, a folder. Only Default's rules tell.
func (r *Rules) Explain(path string, dir bool) (Rule, bool) {
	rel, ok := r.relative(path)
	if r.own == nil || !ok || rel == "" {
		return Rule{}, false
	}
	names := strings.Split(rel, "/")
	up := ""
	for i, name := range names {
		sc := r.scopeOf(up)
		last := i == len(names)-1
		switch {
		case sc == nil:
			return Rule{Text: "a folder above it is left out"}, true
		case sc.nested:
			return Rule{File: filepath.Join(r.own.inside(up), ManifestName), Text: "a capsule of its own begins there"}, true
		}
		if rule, left := r.own.reason(sc, name, dir || !last); left {
			return rule, true
		}
		up = strings.TrimPrefix(up+"/"+name, "/")
	}
	return Rule{}, false
}

// reason is the rule by which skips leaves name in the folder of sc out.
func (o *defaults) reason(sc *scope, name string, dir bool) (Rule, bool) {
	if !o.skips(sc, name, dir) {
		return Rule{}, false
	}
	rel := strings.TrimPrefix(sc.rel+"/"+name, "/")
	switch {
	case dir && IgnoredFolder(name):
		return Rule{Text: "folders named " + name + " hold no sources"}, true
	case !dir && astridSkips(name, dir):
		return Rule{Text: "files that end in .wasm are no sources"}, true
	case !dir && name == ".git":
		return Rule{Text: "git's own files are no sources"}, true
	case !dir && isDropping(name):
		return Rule{Text: "editors and systems leave such files behind"}, true
	case !dir && o.artifacts[rel]:
		return Rule{File: o.inside(ManifestName), Text: "it is what a build writes"}, true
	}
	if p := o.ignore.match(rel, name, dir); p != nil && !p.negative {
		return Rule{File: o.inside(ManifestName), Text: p.line}, true
	}
	return sc.git.reason(name, dir), true
}

// reason is the line by which git ignores name.
func (g *gitScope) reason(name string, dir bool) Rule {
	if g.lost {
		return Rule{Text: "git ignores a folder above it"}
	}
	for c := g.lists; c != nil; c = c.next {
		if p := c.match(g.prefix+name, name, dir); p != nil {
			return Rule{File: c.file, Line: p.number, Text: p.line}
		}
	}
	return Rule{Text: "git ignores it"}
}
