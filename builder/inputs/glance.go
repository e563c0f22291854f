package inputs

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// glanceFrom is how many sources make a look at all of them longer than a person's patience: below
// it the look is as fast as a glance.
const glanceFrom = 2000

// Glance looks at the files on paths alone, which events told of, and is in as these show that it
// is now: without keys and hashes, which only a look at everything gives. It is made for a build
// that begins before that look has ended, and Changed tells afterwards whether it was one of what
// was there. nil: paths do not prove that the content differs, or something else than a known
// source may be concerned, or a file may still be changed without its times telling.
func (in *Inputs) Glance(paths []string) *Inputs {
	if len(in.Sources.Files) < glanceFrom || in.How == nil || in.Fault != nil {
		return nil
	}
	seen := *in
	seen.Taken = time.Now()
	files := slices.Clone(in.Sources.Files)
	differs := false
	for _, path := range paths {
		if in.Governs(path) || filepath.Base(path) == tree.ManifestName || in.Reads(path, false) {
			return nil
		}
		rel, below := strings.CutPrefix(path, in.Dir+string(filepath.Separator))
		i := in.Sources.Index(filepath.ToSlash(rel))
		if !below || i < 0 {
			if in.Skip(path, false) {
				continue
			}
			return nil
		}
		now, differ := in.Sources.Differs(i, path)
		if !now.Settled(seen.Taken) { // gone, or written just now
			return nil
		}
		differs = differs || differ
		files[i] = now
	}
	if !differs { // it may be a touch
		return nil
	}
	seen.Sources = &tree.Snapshot{Files: files, Links: in.Sources.Links}
	seen.SourceHash, seen.Key, seen.DebugKey, seen.Portable = "", "", "", ""
	return &seen
}
