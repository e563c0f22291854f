package builder

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// smoke loads every staged module in the sandbox. One that does not load fails the build.
// They are loaded by ready, a child that was prepared while the build ran.
func (b *Builder) smoke(ctx context.Context, s *Staged, ready *smoke.Child) error {
	in := s.Before
	start := time.Now()
	defer func() { s.SmokeTime += time.Since(start) }()
	for i := range s.Modules {
		m := &s.Modules[i]
		o := SmokeOptions(in.Manifest)
		o.Lines = s.linesOf(m)
		report, err := b.load(ctx, in, m.Path, o, ready)
		if err != nil {
			return err
		}
		m.Report = report
		s.Findings = append(s.Findings, report.Findings...)
		s.Findings = append(s.Findings, report.KernelFindings...)
	}
	finding.Sort(s.Findings)
	return nil
}

// linesOf is where the lines of a module of the capsule in dir are known from.
func linesOf(dir, module string) engine.Lines {
	return engine.Lines{Dir: []byte(dir), Module: []byte(module)}
}

// linesOf is where the lines of a module are known from that s has staged.
func (s *Staged) linesOf(m *StagedModule) engine.Lines {
	l := linesOf(s.Before.Dir, m.Lines)
	l.Elsewhere = s.Shared
	return l
}

// PublishedLines is where the lines of the module are known from that stands published at path, in
// the folder of a capsule.
func PublishedLines(m *capsule.Manifest, path string) engine.Lines {
	rel, err := filepath.Rel(m.Dir, path)
	if err != nil {
		rel = ""
	}
	last := store.Read(m.Dir)
	l := linesOf(m.Dir, last.Lines(m.Dir, filepath.ToSlash(rel)))
	l.Elsewhere = last != nil && last.Shared
	return l
}

func (b *Builder) load(ctx context.Context, in *Inputs, path string, o smoke.Options, ready *smoke.Child) (*smoke.Report, error) {
	report, err := smoke.OnAll(o, b.options.Releases(in.Manifest), func(o smoke.Options) (*smoke.Report, error) {
		return ready.Load(ctx, path, o)
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, stageFailure(ctx, in.Dir, err)
	case !report.Loads:
		return nil, &finding.Failure{Step: finding.StepSmoke, Findings: report.Findings, Tail: lastWords(report)}
	case b.options.Strict && o.Declared != nil && !report.KernelReady:
		return nil, &finding.Failure{Step: finding.StepSmoke, Findings: append(report.Findings, report.KernelFindings...), Tail: lastWords(report)}
	}
	return report, nil
}

// Releases are those of the runtime that judge a capsule: one at least.
func (o Options) Releases(m *capsule.Manifest) []string {
	switch {
	case len(o.Runtime) > 0:
		return o.Runtime
	case m != nil && len(m.Dev.Runtime) > 0:
		return m.Dev.Runtime
	case o.Installed != "":
		return []string{o.Installed}
	}
	return []string{astrid.Newest().Version}
}

// tailKept is what an event carries of what a guest wrote: two screens.
const tailKept = 8 << 10

// framesShown of a guest's stack: enough to leave the panic's own functions behind.
const framesShown = 8

// lastWords is what the guest wrote to stderr, and where it died.
func lastWords(r *smoke.Report) string {
	trap := r.Trap
	for _, call := range r.Calls {
		if trap == nil {
			trap = call.Trap
		}
	}
	words := strings.TrimRight(r.Stderr, "\n")
	if words != "" {
		words += "\n"
	}
	words = words[max(0, len(words)-tailKept):]
	if trap == nil {
		return words
	}
	for _, frame := range trap.Stack[:min(len(trap.Stack), framesShown)] {
		words += "  at " + frame + "\n"
	}
	return words
}

// SmokeOptions are the manifest's own limits and calls, and what it declares to the kernel.
func SmokeOptions(m *capsule.Manifest) smoke.Options {
	set := m.Dev.Smoke
	o := smoke.Options{Limits: smoke.Limits{Memory: set.Memory, Wall: set.Timeout}, Declared: declared(m)}
	for _, action := range set.Call {
		o.Calls = append(o.Calls, smoke.Call{Action: action, Payload: []byte("{}")})
	}
	return o
}

func declared(m *capsule.Manifest) *smoke.Declared {
	d := &smoke.Declared{Name: m.Package.Name, Requires: m.Package.AstridVersion, Capabilities: capabilities(&m.Capabilities), Uplink: m.Capabilities.Uplink}
	for _, t := range m.Publish {
		d.Publish = append(d.Publish, t.Pattern)
	}
	for _, t := range m.Subscribe {
		d.Subscribe = append(d.Subscribe, t.Pattern)
		if t.Handler != "" {
			d.Handlers = append(d.Handlers, t.Handler)
		}
	}
	for _, t := range m.Tools {
		d.Tools = append(d.Tools, t.Name)
	}
	return d
}

// capabilities names what is declared, an empty list included: it asks for the interface.
func capabilities(c *capsule.Capabilities) []string {
	var names []string
	for _, declared := range []struct {
		name string
		set  bool
	}{
		{"uplink", c.Uplink}, {"allow_persistent", c.AllowPersistent}, {"allow_prompt_injection", c.AllowPromptInjection},
		{"net", c.Net != nil}, {"kv", c.KV != nil}, {"fs_read", c.FSRead != nil}, {"fs_write", c.FSWrite != nil},
		{"host_process", c.HostProcess != nil}, {"net_bind", c.NetBind != nil}, {"net_connect", c.NetConnect != nil},
		{"identity", c.Identity != nil},
	} {
		if declared.set {
			names = append(names, declared.name)
		}
	}
	return names
}
