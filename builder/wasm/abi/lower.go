package abi

import (
	"context"
	"encoding/binary"
	"math"
)

// store writes a value into b, which has the type's size and is all zeros.
func (g *Guest) store(ctx context.Context, t *Type, v any, b []byte) error {
	switch t.Kind {
	case String:
		s, ok := v.(string)
		if !ok {
			return mismatch(t, v)
		}
		text, units, align := EncodeText(s, g.Encoding)
		address, err := g.allocate(ctx, text, align)
		putPair(b, address, units)
		return err
	case List:
		address, n, err := g.storeList(ctx, t.Parts[0].Type, v)
		putPair(b, address, n)
		return err
	case Record, Tuple:
		return g.storeFields(ctx, t, v, b)
	case Variant, Enum, Option, Result:
		c, ok := v.(Chosen)
		if !ok || c.Case < 0 || c.Case >= len(t.Parts) {
			return mismatch(t, v)
		}
		putWord(b, tagSize(len(t.Parts)), uint64(c.Case))
		if p := t.Parts[c.Case].Type; p != nil {
			return g.store(ctx, p, c.Value, b[t.payload():])
		}
		return nil
	}
	n, err := g.core(t, v)
	putWord(b, t.size, n)
	return err
}

func mismatch(t *Type, v any) error {
	return wrong("a host function answered with %T where the kind %d is", v, t.Kind)
}

// core is the core value of a scalar.
func (g *Guest) core(t *Type, v any) (uint64, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case int64:
		if t.Kind == S64 {
			return uint64(v), nil
		}
		return uint64(uint32(v)), nil
	case uint64:
		return v, nil
	case float64:
		if t.Kind == F32 {
			return uint64(math.Float32bits(float32(v))), nil
		}
		return math.Float64bits(v), nil
	case rune:
		return uint64(uint32(v)), nil
	case Rep:
		if g.Handles == nil {
			return 0, wrong("there are no resources here")
		}
		return uint64(g.Handles.Give(uint32(v))), nil
	}
	return 0, mismatch(t, v)
}

func (g *Guest) storeFields(ctx context.Context, t *Type, v any, b []byte) error {
	values, ok := v.([]any)
	if !ok || len(values) != len(t.Parts) {
		return mismatch(t, v)
	}
	var at uint32
	for i, p := range t.Parts {
		at = alignTo(at, p.Type.align)
		if err := g.store(ctx, p.Type, values[i], b[at:at+p.Type.size]); err != nil {
			return err
		}
		at += p.Type.size
	}
	return nil
}

func (g *Guest) storeList(ctx context.Context, element *Type, v any) (address, n uint32, err error) {
	if b, ok := v.([]byte); ok && element.Kind == U8 {
		address, err = g.allocate(ctx, b, 1)
		return address, uint32(len(b)), err
	}
	values, ok := v.([]any)
	if !ok {
		return 0, 0, mismatch(&Type{Kind: List}, v)
	}
	size := uint64(len(values)) * uint64(element.size)
	if size > math.MaxUint32 {
		return 0, 0, wrong("a list of %d elements is larger than a memory", len(values))
	}
	b := make([]byte, size)
	for i, v := range values {
		at := uint32(i) * element.size
		if err := g.store(ctx, element, v, b[at:at+element.size]); err != nil {
			return 0, 0, err
		}
	}
	address, err = g.allocate(ctx, b, element.align)
	return address, uint32(len(values)), err
}

// allocate copies bytes into the guest, to where it says. What the guest answers is checked
// even where nothing is written.
func (g *Guest) allocate(ctx context.Context, b []byte, align uint32) (uint32, error) {
	if g.Realloc == nil || g.Memory == nil {
		return 0, wrong("it has no allocator or no memory for the host's answer")
	}
	address, err := g.Realloc(ctx, align, uint32(len(b)))
	if err != nil {
		return 0, err
	}
	if address%align != 0 || !g.Memory.Write(address, b) {
		return 0, wrong("its realloc returned %#x for %d bytes, which lies outside the memory or is not aligned", address, len(b))
	}
	return address, nil
}

func putPair(b []byte, first, second uint32) {
	binary.LittleEndian.PutUint32(b, first)
	binary.LittleEndian.PutUint32(b[4:], second)
}

func putWord(b []byte, n uint32, v uint64) {
	switch n {
	case 1:
		b[0] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	default:
		binary.LittleEndian.PutUint64(b, v)
	}
}
