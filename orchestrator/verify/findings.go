package verify

import (
	"fmt"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// words are what the builder said about the capsule in dir beside its findings.
func (r *run) words(dir string) []finding.Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.said[dir]
	delete(r.said, dir)
	return slices.DeleteFunc(list, func(f finding.Finding) bool { return f.Code == finding.WaitingForLock })
}

// findings are list with the mirror's paths as the originals'.
func (r *run) findings(m workspace.Mirror, list []finding.Finding) []finding.Finding {
	out := slices.Clone(list)
	for i := range out {
		f := &out[i]
		if original, ok := m.Original(f.File); ok {
			f.File = original
		}
		f.Message, f.Hint = m.Text(f.Message), m.Text(f.Hint)
	}
	return out
}

// place gives findings about module i the line that names it, so that reviews
// can show them. A negative i is the manifest as a whole.
func place(m *capsule.Manifest, i int, list []finding.Finding) {
	for k := range list {
		f := &list[k]
		if f.File != "" {
			continue
		}
		f.File = tree.ManifestName
		if m != nil && i >= 0 {
			f.Line, f.Column = m.Position(fmt.Sprintf("component[%d]", i), "file")
		}
	}
}
