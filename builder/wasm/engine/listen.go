package engine

import (
	"context"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Watch is asked of each core module that is compiled who wants to know which of its functions are
// called: each is told by its number among those that the module defines. nil: nobody.
type Watch func(module []byte) (called func(function int))

// watched is ctx for compiling a module.
func (w Watch) watched(ctx context.Context, module []byte) context.Context {
	if w == nil {
		return ctx
	}
	called := w(module)
	if called == nil {
		return ctx
	}
	return experimental.WithFunctionListenerFactory(ctx, &listeners{called: called})
}

// listeners makes one for each function. wazero asks for them in their order.
type listeners struct {
	next   int
	called func(int)
}

func (l *listeners) NewFunctionListener(api.FunctionDefinition) experimental.FunctionListener {
	l.next++
	return &listener{function: l.next - 1, called: l.called}
}

// listener tells of one function, the first time that it is called.
type listener struct {
	function int
	called   func(int)
	told     bool
}

func (l *listener) Before(context.Context, api.Module, api.FunctionDefinition, []uint64, experimental.StackIterator) {
	if !l.told {
		l.told = true
		l.called(l.function)
	}
}

func (*listener) After(context.Context, api.Module, api.FunctionDefinition, []uint64) {}

func (*listener) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}
