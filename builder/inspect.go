package builder

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/inspect"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// inspection is a module that is being asked for its tools, and tested, beside its smoke load. Only
// the first component is asked: the runtime loads no other.
type inspection struct {
	tested bool
	start  func()
	cancel context.CancelFunc
	done   chan struct{} // closed when it has ended; then:
	found  *inspect.Inspection
	err    error
}

// inspecting prepares the inspection of what s has staged. Where the build before it had a module
// that can be asked it begins at once, so that a reload does not wait for one child after the
// other; else when the smoke load knows what the module is.
func (b *Builder) inspecting(ctx context.Context, s *Staged, ready children) *inspection {
	in, last := s.Before, ready.last
	i := &inspection{done: make(chan struct{})}
	i.tested = hasTests(in)
	ctx, i.cancel = context.WithCancel(ctx)
	s.release = b.options.Releases(in.Manifest)[0]
	i.start = func() {
		defer close(i.done)
		m, calls := s.Modules[0], callsOf(last, s.release)
		i.found, i.err = inspect.Module(ctx, in.Manifest, m.Path, inspect.Options{Runtime: s.release, Tests: i.tested, Lines: s.linesOf(&m),
			Hash: m.Hash, Before: before(in.Dir, m.File, last, calls), Earlier: earlier(last, calls), Checked: true, Guest: ready.guest})
		if i.err == nil && i.tested {
			s.code, i.err = b.CodeHash(ctx, in.Dir)
		}
	}
	if wasAsked(last) {
		go i.start()
		i.start = nil
	}
	return i
}

// wasAsked reports whether the module that stands published can be asked for tools.
func wasAsked(last *store.Record) bool {
	if last == nil {
		return false
	}
	before := reports(last)
	return len(before) > 0 && before[0] != nil && asks(before[0])
}

// judge loads what is staged, and asks it what it can do.
func (b *Builder) judge(ctx context.Context, s *Staged, ready children) error {
	asked := b.inspecting(ctx, s, ready)
	defer asked.end()
	if err := b.smoke(ctx, s, ready.smoke); err != nil {
		return err
	}
	return b.inspect(ctx, s, asked)
}

// hasTests reports whether there are files of tests among in's sources.
func hasTests(in *Inputs) bool {
	return slices.ContainsFunc(in.Sources.Files, func(f tree.File) bool { return tests.IsFile(f.Path) })
}

// end stops an inspection of which nobody wants to know, and waits for its end.
func (i *inspection) end() {
	i.cancel()
	if i.start == nil {
		<-i.done
	}
}

// inspect takes what the inspection of a module that loads has found.
func (b *Builder) inspect(ctx context.Context, s *Staged, i *inspection) error {
	in, report := s.Before, s.Modules[0].Report
	if !i.tested && !asks(report) {
		return nil
	}
	if i.start != nil {
		start := i.start
		i.start = nil
		start()
	}
	<-i.done
	if errors.Is(i.err, guest.ErrKilled) {
		return killedFailure()
	}
	if i.err != nil {
		return stageFailure(ctx, in.Dir, i.err)
	}
	found := i.found
	describe(report, found)
	s.Tests, s.Calls, s.Changed = found.Tests, found.Calls, found.Changed
	s.Findings = append(s.Findings, found.Findings...)
	finding.Sort(s.Findings)
	switch {
	case b.options.Strict && len(found.Findings) > 0:
		return &finding.Failure{Step: finding.StepSmoke, Findings: asErrors(found.Findings)}
	case in.Manifest.Dev.RequireTests && !b.options.Verify && s.Tests != nil && s.Tests.Failed():
		return &finding.Failure{Step: finding.StepTests, Findings: s.Tests.Findings(), Tail: s.Tests.Diffs()}
	}
	return nil
}

// killedFailure tells of a module that nobody knows, since two children after each other were killed that called it.
func killedFailure() *finding.Failure {
	return &finding.Failure{Step: finding.StepSmoke, Findings: []finding.Finding{{Code: finding.SmokeChild, Severity: finding.Error,
		Message: "the child that calls it was killed, and neither the module nor astrid-dev did that; so was the child before it", Hint: smoke.KilledHint}}}
}

// asks reports whether a module can be asked for tools: it is a component, it was run, and it
// has what the runtime calls.
func asks(r *smoke.Report) bool {
	return r.Kind == smoke.KindComponent && r.Verdict == smoke.Loads && slices.ContainsFunc(r.Exports, func(e smoke.Export) bool {
		return e.Name == inspect.Trigger || e.Name == "run"
	})
}

// describe notes in a module's report what an inspection found.
func describe(r *smoke.Report, i *inspect.Inspection) {
	for _, t := range i.Tools {
		r.Tools = append(r.Tools, strings.TrimSpace(t.Name+"  "+t.Description))
	}
	r.ToolFindings = i.Findings
}

// Inspect asks the module at path, of which report tells, for its tools, and notes what it found
// in the report; one that cannot be asked is left as it is.
func (b *Builder) Inspect(ctx context.Context, m *capsule.Manifest, path string, report *smoke.Report) error {
	if !asks(report) {
		return nil
	}
	found, err := inspect.Module(ctx, m, path, inspect.Options{Runtime: b.options.Releases(m)[0], Lines: PublishedLines(m, path)})
	if err == nil {
		describe(report, found)
	}
	return err
}

func asErrors(list []finding.Finding) []finding.Finding {
	list = slices.Clone(list)
	for i := range list {
		list[i].Severity = finding.Error
	}
	return list
}
