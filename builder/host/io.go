package host

import "github.com/astrid-runtime/astrid-dev/builder/wasm/abi"

// pollable is ready at once: what nothing else may wait for here (host/stubs.rs,
// AlwaysReadyPollable).
type pollable struct{}

// alwaysReady makes one. Where there is no room any more its number is 0, which stands for nothing.
func (w *World) alwaysReady() abi.Rep {
	rep, _ := w.add(pollable{})
	return rep
}
