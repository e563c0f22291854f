package inputs

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// look is the newest look at a capsule's sources, which the next one goes by.
type look struct {
	turn chan struct{}  // one look at a time: the second finds what the first has found out
	last *tree.Snapshot // nil: there was none
	kept *tree.KeptLook // what an earlier process kept, until the first look; nil: nothing, or it was not read
	anew bool           // what an earlier process kept does not count
}

// sources looks at the sources of the capsule in dir: at those that events named, where these
// tell, else at all. What has the times that it had is not read again.
func (t *Taker) sources(ctx context.Context, dir string, rules *tree.Rules, known Known) (*tree.Snapshot, error) {
	l := t.lookIn(dir)
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.turn }()
	if known.Since != nil {
		if names, tell := known.Since.named(rules, known.Named); tell {
			if s := known.Since.Sources.Renew(ctx, rules, names); s != nil {
				l.last = s
				return s, nil
			}
		}
	}
	if t.recall(l, dir); l.last == nil {
		l.last, l.kept = l.kept.By(rules), nil
	}
	s, err := tree.Retake(ctx, dir, rules, l.last)
	if err == nil {
		l.last = s
	}
	return s, err
}

// recall reads what an earlier process kept, for the first look at the capsule in dir to go by.
func (t *Taker) recall(l *look, dir string) {
	if l.last == nil && l.kept == nil && !l.anew && t.options.Kept != nil {
		l.kept = t.options.Kept(dir)
	}
}

func newLook() *look { return &look{turn: make(chan struct{}, 1)} }

func (t *Taker) lookIn(dir string) *look {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.looks[dir] == nil {
		t.looks[dir] = newLook()
	}
	return t.looks[dir]
}

// Forget has the next look at the capsules in dirs read everything, whatever its times say.
func (t *Taker) Forget(dirs []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, dir := range dirs {
		t.looks[dir] = newLook()
		t.looks[dir].anew = true
	}
}

// named are the sources among paths, of which events told. tell is false where something
// else may be concerned: a source that is new or gone, a folder, a link, or what decides which
// files are sources. What is no source is looked at anyway.
func (in *Inputs) named(rules *tree.Rules, paths []string) (names []string, tell bool) {
	for _, path := range paths {
		rel, below := strings.CutPrefix(path, in.Dir+string(filepath.Separator))
		switch {
		case fsys.Inside(path, in.Dir):
			return nil, false // the capsule's folder, or one above it
		case !below:
			continue
		case filepath.Base(path) == tree.ManifestName || rules.Governs(path):
			return nil, false
		}
		rel = filepath.ToSlash(rel)
		if in.Sources.Index(rel) >= 0 {
			names = append(names, rel)
			continue
		}
		if kind := fsys.Lstat(path).Kind; kind == fsys.Folder || kind == fsys.Link || kind != fsys.Missing && !rules.Skip(path, false) {
			return nil, false
		}
		if in.Sources.Holds(rel) || in.Sources.Linked(rel) {
			return nil, false
		}
	}
	return names, true
}
