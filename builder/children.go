package builder

import (
	"context"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/inspect"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
)

// children are those of one build.
type children struct {
	smoke *smoke.Child
	guest *guest.Guest // nil: it will not be called, as far as is known
	leave func()
}

// children are those for a build of in. leave ends them, and has others wait where more builds are to come.
func (b *Builder) children(ctx context.Context, in *Inputs) (c children, err error) {
	limits := SmokeOptions(in.Manifest).Limits
	if c.smoke, err = b.spares.smoke.take(limits); err != nil {
		return c, err
	}
	calls, called := inspect.Limits(in.Manifest, hasTests(in)), hasTests(in) || wasAsked(store.Read(in.Dir))
	if called {
		c.guest, _ = b.spares.guest.take(calls) // without one the inspection starts its own, and says why it cannot
	}
	c.leave = func() {
		c.smoke.Close()
		c.guest.Close()
		if !b.options.Spare || ctx.Err() != nil {
			return
		}
		b.spares.smoke.another(limits)
		if called {
			b.spares.guest.another(calls)
		}
	}
	return c, nil
}
