package smoke

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/component"
)

// builtin is a core function that a canonical definition makes.
type builtin struct {
	canon  *component.Canon
	action api.GoModuleFunc // nil: zeros
	label  string           // what it stands for
}

// fits compares the canonical signature with the one the importing module declares.
func (b *builtin) fits(t funcType) error {
	want, ok := b.canon.CoreType()
	if !ok {
		return nil
	}
	if !sameTypes(want.Params, t.params) || !sameTypes(want.Results, t.results) {
		return fmt.Errorf("it expects %s, but canon %s is %s", t, b.canon.Op, coreText(want))
	}
	return nil
}

func sameTypes(want []component.CoreValType, have []byte) bool {
	if len(want) != len(have) {
		return false
	}
	for i, w := range want {
		if byte(w) != have[i] {
			return false
		}
	}
	return true
}

func coreText(t component.CoreFuncType) string {
	var f funcType
	for _, p := range t.Params {
		f.params = append(f.params, byte(p))
	}
	for _, r := range t.Results {
		f.results = append(f.results, byte(r))
	}
	return f.String()
}

func (b *builtin) bind(t funcType) api.GoModuleFunc {
	if b.action == nil {
		return zeros(t)
	}
	return b.action
}

// canon evaluates a canonical definition: a component function for lift, else a core function.
func (l *linker) canon(s *scope, d *component.Canon) (any, error) {
	if d.Op == component.Lift {
		return function{typ: d.FuncType, lifted: d, scope: s}, nil
	}
	b := &builtin{canon: d, label: d.Op.String()}
	switch d.Op {
	case component.Lower:
		f, ok := s.at(component.SortFunc, d.Func).(function)
		if !ok {
			return nil, linkErrorf(d, "it lowers a function that is not there")
		}
		b.label = f.label
		if f.lifted != nil {
			b.action = l.join(s, d, f)
		}
		if b.action == nil {
			b.action = l.lower(s, d, f.label)
			if f.lifted != nil {
				l.stubbed++
			}
		}
	case component.ResourceNew:
		b.action = func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = l.handles.add(uint32(stack[0])) }
	case component.ResourceRep:
		b.action = func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = l.handles.rep(uint32(stack[0])) }
	case component.ResourceDrop, component.ResourceDropAsync:
		b.action = func(_ context.Context, _ api.Module, stack []uint64) { delete(l.handles.reps, uint32(stack[0])) }
	case component.ContextGet:
		b.action = func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = l.tasks.slots[d.Slot] }
	case component.ContextSet:
		b.action = func(_ context.Context, _ api.Module, stack []uint64) { l.tasks.set(d.Slot, stack[0]) }
	case component.TaskReturn:
		b.action = l.taskReturn(s, d)
	case component.StreamNew, component.FutureNew, component.WaitableSetNew, component.ErrorContextNew:
		b.action = func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = l.handles.add(0) }
	case component.ErrorContextDebugMessage:
		b.action = l.emptyMessage(s, d)
	}
	return coreItem{host: b}, nil
}

// errArea is the trap of a guest that passes a return area outside its memory.
var errArea = errors.New("the return area lies outside the memory")

// lower is the stub for a lowered function of the host.
func (l *linker) lower(s *scope, d *component.Canon, label string) api.GoModuleFunc {
	return stubFunction(label, d.Signature(), d.Options.Async, l.work.out,
		func(api.Module) api.Memory { return l.memory(s, d.Options.Memory) },
		func(api.Module) api.Function { return l.function(s, d.Options.Realloc) })
}

// subtaskReturned is the status of an asynchronous call that has finished at once.
const subtaskReturned = 2

// emptyMessage answers with the empty string at the address in the last parameter.
func (l *linker) emptyMessage(s *scope, d *component.Canon) api.GoModuleFunc {
	return func(_ context.Context, _ api.Module, stack []uint64) {
		if m := l.memory(s, d.Options.Memory); m == nil || !m.WriteUint64Le(uint32(stack[1]), 0) {
			panic(errArea)
		}
	}
}

// memory resolves a canonical option to a memory; nil when there is none.
func (l *linker) memory(s *scope, index int64) api.Memory {
	if index < 0 {
		return nil
	}
	item, _ := s.at(component.SortCoreMemory, uint32(index)).(coreItem)
	instance := l.sandbox.instances[item.key]
	if instance == nil {
		return nil
	}
	return instance.ExportedMemory(item.name)
}

// function resolves a canonical option to a core function; nil when there is none.
func (l *linker) function(s *scope, index int64) api.Function {
	if index < 0 {
		return nil
	}
	item, _ := s.at(component.SortCoreFunc, uint32(index)).(coreItem)
	instance := l.sandbox.instances[item.key]
	if instance == nil {
		return nil
	}
	return instance.ExportedFunction(item.name)
}

// handles gives every resource, stream and set a number of its own. The guest is
// single-threaded, so nothing guards it.
type handles struct {
	last uint32
	reps map[uint32]uint32
}

func (h *handles) add(rep uint32) uint64 {
	if h.reps == nil {
		h.reps = map[uint32]uint32{}
	}
	h.last++
	h.reps[h.last] = rep
	return uint64(h.last)
}

func (h *handles) rep(handle uint32) uint64 { return uint64(h.reps[handle]) }

// taskState is what a task keeps: its context slots and what it returned.
type taskState struct {
	slots    map[uint32]uint64
	returned bool
	flat     []uint64
	memory   api.Memory
	encoding string
}

func (t *taskState) set(slot uint32, v uint64) {
	if t.slots == nil {
		t.slots = map[uint32]uint64{}
	}
	t.slots[slot] = v
}

// taskReturn keeps the flat result of an asynchronously lifted function.
func (l *linker) taskReturn(s *scope, d *component.Canon) api.GoModuleFunc {
	want, _ := d.CoreType()
	return func(_ context.Context, _ api.Module, stack []uint64) {
		l.tasks.returned = true
		l.tasks.flat = append([]uint64(nil), stack[:len(want.Params)]...)
		l.tasks.memory = l.memory(s, d.Options.Memory)
		l.tasks.encoding = d.Options.Encoding
	}
}
