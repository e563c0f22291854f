package builder

import (
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/inspect"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
)

// children are those of one build.
type children struct {
	smoke *smoke.Child
	guest *guest.Guest  // nil: it will not be called, as far as is known
	last  *store.Record // of what stands published; nil: nothing does
	leave func()
}

// children are those for a build of in. leave ends them, or has them or others wait where more builds are to come.
func (b *Builder) children(in *Inputs) (c children, err error) {
	var leaveSmoke func()
	if c.smoke, leaveSmoke, err = b.smokeChild(SmokeOptions(in.Manifest).Limits); err != nil {
		return c, err
	}
	c.leave, c.last = leaveSmoke, store.Read(in.Dir)
	if !hasTests(in) && !wasAsked(c.last) {
		return c, nil
	}
	limits := inspect.Limits(in.Manifest, hasTests(in))
	called, err := b.spares.guest.take(limits)
	if err != nil {
		return c, nil // the inspection starts its own, and says why it cannot
	}
	c.guest = called
	c.leave = func() {
		leaveSmoke()
		if b.options.Spare {
			called.Rest()
			b.spares.guest.leave(called, limits, b.options.Jobs)
		} else {
			called.Close()
		}
	}
	return c, nil
}

// smokeChild is one that waits for what a build with these limits makes, and how it is left.
func (b *Builder) smokeChild(l smoke.Limits) (child *smoke.Child, leave func(), err error) {
	if child, err = b.spares.smoke.take(l); err != nil {
		return nil, nil, err
	}
	if b.options.Spare {
		return child, func() { b.spares.smoke.leave(child, l, b.options.Jobs) }, nil
	}
	return child, child.Close, nil
}
