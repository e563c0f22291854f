package smoke

import "context"

// component loads a component.
func (w *work) component(_ context.Context, r *Report) {
	r.fail("smoke-component", "it is a component, which this version cannot load yet", "load the core module inside it")
}
