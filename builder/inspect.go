package builder

import (
	"context"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inspect"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// inspect asks the module that was loaded for its tools, and runs the capsule's tests. Only the
// first component is asked: the runtime loads no other.
func (b *Builder) inspect(ctx context.Context, s *Staged) error {
	in, m := s.Before, &s.Modules[0]
	tested := slices.ContainsFunc(in.Sources.Files, func(f tree.File) bool { return tests.IsFile(f.Path) })
	if !tested && !Asks(m.Report) {
		return nil
	}
	i, err := inspect.Module(ctx, in.Manifest, m.Path, inspect.Options{Runtime: b.options.Releases(in.Manifest)[0], Tests: tested})
	if err == nil && tested {
		s.code, err = b.CodeHash(ctx, in.Dir)
	}
	if err != nil {
		return stageFailure(ctx, in.Dir, err)
	}
	Describe(m.Report, i)
	s.Tests = i.Tests
	s.Findings = append(s.Findings, i.Findings...)
	finding.Sort(s.Findings)
	switch {
	case b.options.Strict && len(i.Findings) > 0:
		return &finding.Failure{Step: finding.StepSmoke, Findings: asErrors(i.Findings)}
	case in.Manifest.Dev.RequireTests && !b.options.Verify && i.Tests != nil && i.Tests.Failed():
		return &finding.Failure{Step: finding.StepTests, Findings: i.Tests.Findings(), Tail: i.Tests.Diffs()}
	}
	return nil
}

// Asks reports whether a module can be asked for tools: it is a component, it was run, and it
// has what the runtime calls.
func Asks(r *smoke.Report) bool {
	return r.Kind == smoke.KindComponent && r.Verdict == smoke.Loads && slices.ContainsFunc(r.Exports, func(e smoke.Export) bool {
		return e.Name == inspect.Trigger || e.Name == "run"
	})
}

// Describe notes in a module's report what an inspection found.
func Describe(r *smoke.Report, i *inspect.Inspection) {
	for _, t := range i.Tools {
		r.Tools = append(r.Tools, strings.TrimSpace(t.Name+"  "+t.Description))
	}
	r.ToolFindings = i.Findings
}

func asErrors(list []finding.Finding) []finding.Finding {
	list = slices.Clone(list)
	for i := range list {
		list[i].Severity = finding.Error
	}
	return list
}
