package inspect

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// Before is the module with which another is compared.
type Before struct {
	Module string           // its path
	Lines  engine.Lines     // of its source
	Calls  []behaviour.Call // what is known of it; the other calls are made once more
}

// describeKey is the call of every module that asks for its tools.
const describeKey = "describe"

// described is what a module answers when it is asked for its tools.
func described(list []tools.Tool, o *guest.Outcome, fault string) behaviour.Call {
	content, err := json.Marshal(list)
	if err != nil {
		content = nil // a schema that is no JSON: the wiring says so
	}
	return behaviour.Call{Key: describeKey, Name: "describes its tools", Tool: "tool_describe",
		Seen: behaviour.Observe(o, behaviour.Answered{Content: string(content), Fault: fault}, time.UnixMilli(host.StartClock).UTC())}
}

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
	o.Lines = before.Lines
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
	summary, err := runner.Run(ctx, i.Files)
	if err != nil {
		return nil
	}
	return append(again.Calls, summary.Calls()...)
}
