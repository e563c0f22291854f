package doctor

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// capsules looks at every capsule below roots as a build would before it begins, and at
// the folders in which one may be that nobody sees.
func (e *Examination) capsules(ctx context.Context, roots, env []string) {
	found, err := paths.Search(ctx, tree.Search{Roots: roots})
	if err != nil {
		e.add(finding.Finding{Code: finding.SourceUnreadable, Message: "looking for capsules: " + err.Error()})
		return
	}
	for _, closed := range found.Closed {
		f := paths.ClosedFinding(closed)
		f.File = closed.Path
		e.add(f)
	}
	b := builder.New(builder.Options{Env: env, Say: func(dir string, f finding.Finding) { e.about(dir, []finding.Finding{f}) }})
	for _, dir := range found.Dirs {
		e.Capsules++
		unbuildable := e.Unbuildable
		if f, ok := toolchain.Uninstalled(dir, env); ok {
			e.about(dir, []finding.Finding{f})
		}
		in, err := b.Examine(ctx, dir)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			e.Unbuildable++
			e.about(dir, []finding.Finding{{Code: finding.SourceUnreadable, Message: fmt.Sprintf("the capsule cannot be read: %v", err), Hint: "make its files readable"}})
		case in.Problem() != nil && (in.Buildable || in.Problem().Step == finding.StepManifest): // else there is nothing to build
			e.Unbuildable++
			e.about(dir, in.Problem().Findings)
		}
		c := Capsule{Name: filepath.Base(dir), Dir: dir, Buildable: e.Unbuildable == unbuildable}
		if err == nil && in.Name != "" {
			c.Name = in.Name
		}
		e.Each = append(e.Each, c)
	}
}

// about adds findings of the capsule in dir. What names no file is about its manifest.
func (e *Examination) about(dir string, list []finding.Finding) {
	for _, f := range list {
		if f.File == "" {
			f.File = tree.ManifestName
		}
		f.File = fsys.Absolute(dir, filepath.FromSlash(f.File))
		e.add(f)
	}
}
