package inspect

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// describeWall bounds the question for the tools where no tests run: SDKs answer it in
// milliseconds, and somebody waits for the reload.
const describeWall = 2 * time.Second

// Trigger is the export that the runtime calls for every hook and tool.
const Trigger = engine.TriggerName

// Options say how a module is inspected. The zero value runs no tests.
type Options struct {
	Runtime string         // the release whose host it meets; "": the newest known
	Lines   engine.Lines   // where a trap's place in the source is known from
	Tests   bool           // run the tests that lie in the capsule's folder
	Only    *regexp.Regexp // those whose names match; nil: all
	Hash    string         // of the module; "": every test is run
	Earlier *tests.Earlier // tests of a run before; nil: none
	Before  *Before        // the module with which this one is compared; nil: none
}

// Module inspects the module at path for the capsule m. What the module does wrong is in the
// Inspection: one that traps, hangs or is no component is warned of, and its tests fail. The
// error is ctx's, or a folder of tests that cannot be read.
func Module(ctx context.Context, m *capsule.Manifest, path string, o Options) (*Inspection, error) {
	i := &Inspection{}
	if o.Tests {
		var err error
		if i.Files, err = tests.Read(m.Dir); err != nil {
			return nil, fmt.Errorf("reading the tests of %s: %w", m.Dir, err)
		}
	}
	world := tools.World(m)
	limits := guest.Limits{Memory: m.Dev.Smoke.Memory, Wall: describeWall}
	if len(i.Files) > 0 {
		if limits.Wall = m.Dev.Smoke.Timeout; limits.Wall == 0 {
			limits.Wall = tests.Wall
		}
	}
	i.options = guest.Options{Limits: limits, Host: world, Runtime: o.Runtime, Lines: o.Lines}
	g, _, err := guest.Start(ctx, path, i.options)
	var answers []string
	if err == nil {
		defer g.Close()
		answers, err = i.describe(ctx, m, g)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		i.silent(err)
		if len(i.Files) > 0 {
			i.Tests = tests.NotRun(i.Files, err.Error())
		}
		return i, nil
	}
	if len(i.Files) == 0 {
		return i, i.observe(ctx, m, nil, o.Before)
	}
	r := &tests.Runner{Guest: g, World: world, Tools: answers, Only: o.Only, Module: o.Hash, Runtime: o.Runtime, Earlier: o.Earlier}
	for _, e := range m.Env {
		r.Env = append(r.Env, e.Name)
	}
	if i.Tests, err = r.Run(ctx, i.Files); err != nil {
		return i, err
	}
	return i, i.observe(ctx, m, r, o.Before)
}
