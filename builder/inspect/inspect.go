package inspect

import (
	"context"
	"errors"
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
	Checked bool           // a smoke load validates the same bytes, and nothing of this counts unless it goes well
	Guest   *guest.Guest   // a child that was prepared with the capsule's Limits; nil, or one with others: a child is started. Whoever prepared it closes it
}

// Limits are those of a guest of the capsule m. tested: with the tests that lie in its folder.
func Limits(m *capsule.Manifest, tested bool) guest.Limits {
	limits := guest.Limits{Memory: m.Dev.Smoke.Memory, Wall: describeWall}
	if tested {
		if limits.Wall = m.Dev.Smoke.Timeout; limits.Wall == 0 {
			limits.Wall = tests.Wall
		}
	}
	return limits
}

// load has the module at path loaded, by the child that waits where there is one; done ends what was started for it.
func (i *Inspection) load(ctx context.Context, path string, waiting *guest.Guest) (g *guest.Guest, done func(), err error) {
	if waiting != nil && waiting.Fits(i.options.Limits) {
		_, err = waiting.Load(ctx, path, i.options)
		return waiting, func() {}, err
	}
	g, _, err = guest.Start(ctx, path, i.options)
	return g, g.Close, err
}

// Module inspects the module at path for the capsule m. What the module does wrong is in the
// Inspection: one that traps, hangs or is no component is warned of, and its tests fail. The
// error is ctx's, or a folder of tests that cannot be read. Where somebody kills the child, or something does not go well in one that
// has loaded another module before, the module is inspected once more in a new one;
// where that one is killed too the error wraps guest.ErrKilled, since nobody knows then what the module does.
func Module(ctx context.Context, m *capsule.Manifest, path string, o Options) (*Inspection, error) {
	i, err := inspect(ctx, m, path, o)
	killed := errors.Is(err, guest.ErrKilled)
	if (killed || o.Guest.Doubted()) && ctx.Err() == nil {
		o.Guest = nil
		if i, err = inspect(ctx, m, path, o); killed && err != nil {
			err = fmt.Errorf("%w; so was the one before it", err)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return i, err
}

// inspect is Module, in one child. The error wraps guest.ErrKilled where somebody else ended it.
func inspect(ctx context.Context, m *capsule.Manifest, path string, o Options) (i *Inspection, err error) {
	i = &Inspection{}
	if o.Tests {
		if i.Files, err = tests.Read(m.Dir); err != nil {
			return nil, fmt.Errorf("reading the tests of %s: %w", m.Dir, err)
		}
	}
	world := tools.World(m)
	i.options = guest.Options{Limits: Limits(m, len(i.Files) > 0), Host: world, Runtime: o.Runtime, Lines: o.Lines, Checked: o.Checked}
	g, done, err := i.load(ctx, path, o.Guest)
	defer done()
	var answers []string
	if err == nil {
		answers, err = i.describe(ctx, m, g)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if errors.Is(err, guest.ErrKilled) {
		return nil, err
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
		return nil, err
	}
	if g.Killed() {
		return nil, guest.ErrKilled
	}
	return i, i.observe(ctx, m, r, o.Before)
}
