package inspect

import (
	"context"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
)

// observe notes what the calls of the module did, and what they do otherwise than before. A module
// before that cannot be asked any more is compared as far as it is known.
func (i *Inspection) observe(ctx context.Context, m *capsule.Manifest, r *tests.Runner, before *Before) error {
	if i.Tests != nil {
		i.Calls = append(i.Calls, i.Tests.Calls()...)
	}
	if before == nil {
		return nil
	}
	known := slices.Clone(before.Calls)
	missing := map[string]bool{}
	for _, c := range i.Calls {
		if !slices.ContainsFunc(known, func(k behaviour.Call) bool { return k.Key == c.Key }) {
			missing[c.Key] = true
		}
	}
	if len(missing) > 0 {
		known = append(known, i.replay(ctx, m, r, before, missing)...)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	i.Changed = behaviour.Compare(known, i.Calls)
	return nil
}

// replay makes calls on the module before.
func (i *Inspection) replay(ctx context.Context, m *capsule.Manifest, r *tests.Runner, before *Before, missing map[string]bool) []behaviour.Call {
	again := &Inspection{Files: i.Files}
	o := i.options
	o.Lines, o.Checked = before.Lines, false
	g, _, err := guest.Start(ctx, before.Module, o)
	if err != nil {
		return nil // it is gone, or could not be run: nothing is known of it
	}
	defer g.Close()
	if _, err := again.describe(ctx, m, g); err != nil {
		return nil
	}
	if r == nil {
		return again.Calls
	}
	runner := *r
	runner.Guest, runner.Calls, runner.Tools, runner.Only = g, missing, nil, nil
	runner.Module, runner.Earlier = "", nil
	summary, err := runner.Run(ctx, i.Files)
	if err != nil {
		return nil
	}
	return append(again.Calls, summary.Calls()...)
}
