package smoke

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/component"
)

// maxJoined bounds how deep components call each other. The component model forbids
// re-entrance, so that a real chain is as long as components are nested; each call takes Go
// stack, of which a process has 1 GB before it dies.
const maxJoined = 50

var (
	errJoined = errors.New("components call each other without an end")
	errCopy   = errors.New("a value passed between components lies outside the memory")
)

// side is one end of a call between two components.
type side struct {
	memory  api.Memory
	realloc api.Function
}

// join returns the core function that calls one component's lifted function from
// another's lowering: arguments and result are copied between the two memories. It
// returns nil for the forms no known tool writes, which are then stubbed.
func (l *linker) join(s *scope, d *component.Canon, f function) api.GoModuleFunc {
	if !joinable(d, f) {
		return nil
	}
	outer, inner := d.Signature(), f.lifted.Signature()
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		if l.depth++; l.depth > maxJoined {
			panic(errJoined)
		}
		defer func() { l.depth-- }()
		caller := side{l.memory(s, d.Options.Memory), l.function(s, d.Options.Realloc)}
		callee := side{l.memory(f.scope, f.lifted.Options.Memory), l.function(f.scope, f.lifted.Options.Realloc)}
		call := l.function(f.scope, int64(f.lifted.Func))
		if call == nil {
			panic(errors.New("a component calls a function that is a stub itself"))
		}
		args := append([]uint64(nil), stack[:len(inner.Params)]...)
		at := 0
		for _, p := range f.typ.Params {
			if k := p.Type.Kind; k == component.String || k == component.List {
				args[at] = uint64(copyList(ctx, p.Type, caller, callee, uint32(args[at]), uint32(args[at+1])))
			}
			at += len(p.Type.Layout().Flat)
		}
		out, err := call.Call(ctx, args...)
		if err != nil {
			panic(err)
		}
		switch {
		case outer.ResultArea != nil:
			copyValue(ctx, f.typ.Result, callee, caller, uint32(out[0]), uint32(stack[len(outer.Params)-1]))
		case len(outer.Results) == 1:
			stack[0] = out[0]
		}
		if post := l.function(f.scope, f.lifted.Options.PostReturn); post != nil {
			if _, err := post.Call(ctx, out...); err != nil {
				panic(err)
			}
		}
	}
}

func joinable(d *component.Canon, f function) bool {
	plainText := func(o component.CanonOptions) bool { return !o.Async && (o.Encoding == "" || o.Encoding == "utf8") }
	if !plainText(d.Options) || !plainText(f.lifted.Options) {
		return false
	}
	if d.Signature().ParamArea != nil || f.lifted.Signature().ParamArea != nil {
		return false
	}
	for _, p := range f.typ.Params {
		if k := p.Type.Kind; k != component.String && k != component.List && pointers(p.Type) {
			return false
		}
	}
	return true
}

// pointers tells whether values of a type refer to memory beyond themselves.
func pointers(t *component.Type) bool {
	if t == nil {
		return false
	}
	switch t.Kind {
	case component.String, component.List, component.Map:
		return true
	}
	for _, f := range t.Fields {
		if pointers(f.Type) {
			return true
		}
	}
	return t.Kind != component.Stream && t.Kind != component.Future && (pointers(t.Elem) || pointers(t.Err))
}

// copyList copies the elements of a string or list and returns their new address.
func copyList(ctx context.Context, t *component.Type, from, to side, address, n uint32) uint32 {
	elem := component.Layout{Size: 1, Align: 1}
	if t.Kind == component.List {
		elem = t.Elem.Layout()
	}
	size := uint64(elem.Size) * uint64(n)
	if from.memory == nil || to.memory == nil || to.realloc == nil || size > uint64(from.memory.Size()) {
		panic(errCopy)
	}
	b, ok := from.memory.Read(address, uint32(size))
	if !ok {
		panic(errCopy)
	}
	b = append([]byte(nil), b...) // realloc may move the memory, or be the same one
	out, err := to.realloc.Call(ctx, 0, 0, uint64(elem.Align), size)
	if err != nil {
		panic(err)
	}
	if len(out) != 1 || !to.memory.Write(uint32(out[0]), b) {
		panic(errCopy)
	}
	if t.Kind == component.List && elem.Size > 0 && pointers(t.Elem) {
		for i := uint32(0); i < n; i++ {
			fixPointers(ctx, t.Elem, from, to, uint32(out[0])+i*elem.Size)
		}
	}
	return uint32(out[0])
}

// copyValue copies a value as it lies in memory.
func copyValue(ctx context.Context, t *component.Type, from, to side, source, target uint32) {
	if from.memory == nil || to.memory == nil {
		panic(errCopy)
	}
	b, ok := from.memory.Read(source, t.Layout().Size)
	if !ok || !to.memory.Write(target, b) {
		panic(errCopy)
	}
	fixPointers(ctx, t, from, to, target)
}

// fixPointers replaces every pointer in the value at address in to's memory, which
// still refers to from's, by one to a copy.
func fixPointers(ctx context.Context, t *component.Type, from, to side, address uint32) {
	if !pointers(t) {
		return
	}
	switch t.Kind {
	case component.String, component.List:
		pair, ok := to.memory.Read(address, 8)
		if !ok {
			panic(errCopy)
		}
		n := binary.LittleEndian.Uint32(pair[4:])
		moved := copyList(ctx, t, from, to, binary.LittleEndian.Uint32(pair), n)
		if !to.memory.WriteUint32Le(address, moved) {
			panic(errCopy)
		}
	case component.Record, component.Tuple:
		offset := uint32(0)
		for _, f := range t.Fields {
			layout := f.Type.Layout()
			offset = alignUp(offset, layout.Align)
			fixPointers(ctx, f.Type, from, to, address+offset)
			offset += layout.Size
		}
	case component.Variant, component.Option, component.Result:
		payload, offset := chosen(t, to.memory, address)
		if payload != nil {
			fixPointers(ctx, payload, from, to, address+offset)
		}
	default:
		panic(fmt.Errorf("a value of kind %d cannot be passed between components here", t.Kind))
	}
}

// chosen returns the payload's type and offset of the case that a variant is in.
func chosen(t *component.Type, m api.Memory, address uint32) (*component.Type, uint32) {
	var cases []*component.Type
	switch t.Kind {
	case component.Option:
		cases = []*component.Type{nil, t.Elem}
	case component.Result:
		cases = []*component.Type{t.Elem, t.Err}
	default:
		for _, f := range t.Fields {
			cases = append(cases, f.Type)
		}
	}
	width, align := uint32(1), uint32(1)
	if len(cases) > 1<<8 {
		width = 2
	}
	if len(cases) > 1<<16 {
		width = 4
	}
	for _, c := range cases {
		if c != nil {
			align = max(align, c.Layout().Align)
		}
	}
	b, ok := m.Read(address, width)
	if !ok {
		panic(errCopy)
	}
	var which uint32
	for i := int(width) - 1; i >= 0; i-- {
		which = which<<8 | uint32(b[i])
	}
	if int64(which) >= int64(len(cases)) {
		panic(errCopy)
	}
	return cases[which], alignUp(width, max(align, width))
}

func alignUp(n, align uint32) uint32 {
	if align == 0 {
		return n
	}
	return (n + align - 1) / align * align
}
