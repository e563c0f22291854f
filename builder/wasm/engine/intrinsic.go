package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// ErrArea is the trap of a guest that passes a return area outside its memory.
var ErrArea = errors.New("the return area lies outside the memory")

// SubtaskReturned is the status of an asynchronous call that has finished at once.
const SubtaskReturned = 2

// action is what a function of the host does when it is called. What nobody here can do,
// because it waits for another task, answers with zeros.
func (g *Guest) action(f *reader.HostFunction, t funcType) api.GoModuleFunc {
	switch {
	case f.Op == "stub", f.Op == "lower":
		if a := g.sandbox.config.Host.Function(g, f); a != nil {
			return a
		}
	case f.Op == "transcode":
		return g.transcode(f)
	case f.Op == "resource-new":
		return func(_ context.Context, _ api.Module, stack []uint64) {
			stack[0] = g.handles.add(handle{rep: uint32(stack[0])})
		}
	case f.Op == "resource-rep":
		return func(_ context.Context, _ api.Module, stack []uint64) {
			stack[0] = uint64(g.handles.held[uint32(stack[0])].rep)
		}
	case f.Op == "resource-drop":
		return g.dropResource(f)
	case strings.HasPrefix(f.Op, "component-resource-transfer-"):
		return g.transferResource(f)
	case f.Op == "trap":
		return func(_ context.Context, _ api.Module, stack []uint64) {
			panic(errors.New(g.trapName(uint32(stack[0]))))
		}
	case f.Op == "task-return":
		return g.taskReturn(f)
	case f.Op == "stream-new", f.Op == "future-new", f.Op == "waitable-set-new", f.Op == "error-context-new":
		return func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = g.handles.add(handle{}) }
	case f.Op == "error-context-debug-message":
		return g.emptyMessage(f)
	}
	return zeros(t)
}

// trapName says why an adapter between two components traps.
func (g *Guest) trapName(code uint32) string {
	if int64(code) < int64(len(g.plan.Traps)) {
		return strings.TrimPrefix(g.plan.Traps[code], "wasm trap: ")
	}
	return fmt.Sprintf("a call between two components trapped with code %d", code)
}

// dropResource removes a handle; a resource of the component's own ends with its destructor.
func (g *Guest) dropResource(f *reader.HostFunction) api.GoModuleFunc {
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		number := uint32(stack[0])
		h, known := g.handles.held[number]
		delete(g.handles.held, number)
		if known && h.host && !h.lent {
			g.sandbox.config.Host.Drop(h.rep)
			return
		}
		destructor := g.function("destructor", f.Resource)
		if destructor == nil || !known || h.lent {
			return
		}
		if _, err := destructor.Call(ctx, uint64(h.rep)); err != nil {
			panic(err)
		}
	}
}

// transferResource moves a handle from one component's table to another's, and answers
// with its number there. A lent resource is passed as itself to the component that defines it.
func (g *Guest) transferResource(f *reader.HostFunction) api.GoModuleFunc {
	lent := f.Op == "component-resource-transfer-borrow"
	return func(_ context.Context, _ api.Module, stack []uint64) {
		number := uint32(stack[0])
		h, known := g.handles.held[number]
		switch {
		case !known:
			panic(fmt.Errorf("a component passes the handle %d, which it does not have", number))
		case lent && slices.Contains(f.Own, uint32(stack[2])):
			stack[0] = uint64(h.rep)
		case lent:
			stack[0] = g.handles.add(handle{rep: h.rep, lent: true, host: h.host})
		default:
			delete(g.handles.held, number)
			stack[0] = g.handles.add(h)
		}
	}
}

// taskReturn keeps the flat result of an asynchronously lifted function.
func (g *Guest) taskReturn(f *reader.HostFunction) api.GoModuleFunc {
	return func(_ context.Context, _ api.Module, stack []uint64) {
		g.tasks.returned = true
		g.tasks.flat = append([]uint64(nil), stack[:len(f.Params)]...)
		g.tasks.memory = g.memory(f.Options.Memory)
		g.tasks.encoding = f.Options.Encoding
	}
}

// emptyMessage answers with the empty string at the address in the last parameter.
func (g *Guest) emptyMessage(f *reader.HostFunction) api.GoModuleFunc {
	return func(_ context.Context, _ api.Module, stack []uint64) {
		if m := g.memory(f.Options.Memory); m == nil || !m.WriteUint64Le(uint32(stack[1]), 0) {
			panic(ErrArea)
		}
	}
}

// intrinsics are the functions of the engine that adapters use: a task's two slots.
func (g *Guest) intrinsics() []hostFunc {
	var list []hostFunc
	word := []api.ValueType{api.ValueTypeI32}
	for slot := range g.tasks.slots {
		get := func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = g.tasks.slots[slot] }
		set := func(_ context.Context, _ api.Module, stack []uint64) { g.tasks.slots[slot] = stack[0] }
		list = append(list,
			hostFunc{fmt.Sprintf("context-get-i32-%d", slot), funcType{results: word}, get},
			hostFunc{fmt.Sprintf("context-set-i32-%d", slot), funcType{params: word}, set})
	}
	return list
}
