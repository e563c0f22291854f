package builder

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/contract"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inspect"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Contract is what a staged capsule promises to others: what its manifest says, what its first
// module imports and exports, and the tools that this describes when it is asked.
func (b *Builder) Contract(ctx context.Context, s *Staged) (c *contract.Contract, err error) {
	m := s.Before.Manifest
	c = contract.Of(m)
	if len(s.Modules) == 0 {
		return c, nil
	}
	report := s.Modules[0].Report
	for _, e := range report.Exports {
		c.Exports[e.Name] = strings.TrimSpace(e.Kind + " " + e.Type)
	}
	for _, i := range report.Imports {
		c.Imports[i.Module] = i.Class != smoke.ClassForeign
	}
	if c.World, err = world(ctx, s.Modules[0].Path); err != nil || !asks(report) {
		return c, err
	}
	found, err := inspect.Module(ctx, m, s.Modules[0].Path, inspect.Options{Runtime: b.options.Releases(m)[0]})
	if err != nil {
		return nil, err
	}
	c.Tools = map[string]json.RawMessage{}
	for _, t := range found.Tools {
		c.Tools[t.Name] = t.InputSchema
	}
	return c, nil
}

// world is what is in the interfaces of the module at path. A core module without a world has nothing.
func world(ctx context.Context, path string) (contract.World, error) {
	data, err := fsys.Read(path, smoke.MaxFile)
	if err != nil {
		return contract.World{}, err
	}
	r, err := reader.Shared()
	if err != nil {
		return contract.World{}, err
	}
	text, err := r.World(ctx, data)
	if err != nil { // it has none, or none that can be told of
		return contract.World{}, ctx.Err()
	}
	return contract.ReadWorld(text), nil
}

// Judge loads what is staged once more, for the releases of this Builder, and says whether they
// take all of it, and what they find.
func (b *Builder) Judge(ctx context.Context, s *Staged) (ready bool, found []finding.Finding, err error) {
	in, o := s.Before, SmokeOptions(s.Before.Manifest)
	child, leaves, err := b.smokeChild(o.Limits)
	if err != nil {
		return false, nil, err
	}
	defer leaves()
	ready = true
	for _, m := range s.Modules {
		report, err := b.load(ctx, in, m.Path, o, child)
		var failure *finding.Failure
		switch {
		case errors.As(err, &failure):
			ready, found = false, append(found, failure.Findings...)
		case err != nil:
			return false, nil, err
		default:
			ready, found = ready && report.KernelReady, append(found, report.KernelFindings...)
		}
	}
	return ready, found, nil
}
