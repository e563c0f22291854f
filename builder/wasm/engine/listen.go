package engine

import (
	"context"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Watch is asked of each core module that is compiled what is to be told of its functions. nil: nothing.
type Watch func(module []byte) Watched

// Watched are the functions of a core module of which somebody wants to hear when they are called, each by its number
// among those that the module defines. Called is nil where nobody does.
type Watched struct {
	Wants  func(function int) bool
	Called func(function int)
}

// of is what w wants to hear of a module.
func (w Watch) of(module []byte) Watched {
	if w == nil {
		return Watched{}
	}
	return w(module)
}

// listenedTo is ctx for compiling a module of which somebody wants to hear. Who that is may be another one later.
func (of *Watched) listenedTo(ctx context.Context) context.Context {
	if of.Called == nil {
		return ctx
	}
	return experimental.WithFunctionListenerFactory(ctx, &listeners{of: of})
}

// listeners makes one for each function that is wanted. wazero asks for them in their order.
type listeners struct {
	next int
	of   *Watched
}

func (l *listeners) NewFunctionListener(api.FunctionDefinition) experimental.FunctionListener {
	l.next++
	if !l.of.Wants(l.next - 1) {
		return nil
	}
	return &listener{function: l.next - 1, of: l.of}
}

// listener tells of one function, the first time that it is called.
type listener struct {
	function int
	of       *Watched
	told     bool
}

func (l *listener) Before(context.Context, api.Module, api.FunctionDefinition, []uint64, experimental.StackIterator) {
	if !l.told {
		l.told = true
		l.of.Called(l.function)
	}
}

func (*listener) After(context.Context, api.Module, api.FunctionDefinition, []uint64) {}

func (*listener) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}
