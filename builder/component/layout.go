package component

import "math"

// pointerLayout is how a string, list or map lies in memory: address and length.
var pointerLayout = Layout{Size: 8, Align: 4, Flat: []CoreValType{I32, I32}}

// handleLayout is how a handle lies in memory.
var handleLayout = Layout{Size: 4, Align: 4, Flat: []CoreValType{I32}}

// maxFlat is how many flat values are kept of a layout: one more than ever matters.
const maxFlat = MaxFlatParams + 1

// layoutOf computes a type's layout from those of its parts, in time linear in its members.
func (d *decoder) layoutOf(t *Type, start int) Layout {
	l, ok := layout(t)
	if !ok {
		d.failAt(start, "values of the %s are larger than 4 GiB", t.Kind)
	}
	return l
}

// layout is false for a type of more than 4 GiB.
func layout(t *Type) (l Layout, ok bool) {
	switch t.Kind {
	case Record, Tuple:
		return sequence(t.Fields)
	case Variant, Enum:
		return variant(t.Fields)
	case Option:
		return variant([]Field{{}, {Type: t.Elem}})
	case Result:
		return variant([]Field{{Type: t.Elem}, {Type: t.Err}})
	case Flags:
		return flags(len(t.Fields)), true
	case List, Map:
		return pointerLayout, true
	case FixedList:
		return repeated(t.Elem.layout, t.Len)
	case Own, Borrow, Stream, Future:
		return handleLayout, true
	}
	return t.layout, true
}

// alignTo rounds up to a multiple of a power of two.
func alignTo(n uint64, align uint32) uint64 {
	return (n + uint64(align) - 1) &^ (uint64(align) - 1)
}

// sequence lays fields out one behind the other.
func sequence(fields []Field) (Layout, bool) {
	l, size := Layout{Align: 1}, uint64(0)
	for _, f := range fields {
		p := f.Type.layout
		size = alignTo(size, p.Align) + uint64(p.Size)
		l.Align = max(l.Align, p.Align)
		l.Flat = append(l.Flat, p.Flat[:min(len(p.Flat), maxFlat-len(l.Flat))]...)
		if size > math.MaxUint32 {
			return l, false
		}
	}
	return l.sized(alignTo(size, l.Align))
}

// repeated lays n equal elements out one behind the other.
func repeated(elem Layout, n uint32) (Layout, bool) {
	l := Layout{Align: max(elem.Align, 1)}
	for i := uint32(0); i < n && len(l.Flat) < maxFlat && len(elem.Flat) > 0; i++ {
		l.Flat = append(l.Flat, elem.Flat[:min(len(elem.Flat), maxFlat-len(l.Flat))]...)
	}
	return l.sized(uint64(elem.Size) * uint64(n))
}

// variant lays a discriminant out in front of the largest payload; cases without one have no
// type.
func variant(cases []Field) (Layout, bool) {
	tag := uint32(4)
	switch n := len(cases); {
	case n <= 1<<8:
		tag = 1
	case n <= 1<<16:
		tag = 2
	}
	l, align, size := Layout{Flat: []CoreValType{I32}}, uint32(1), uint32(0)
	for _, c := range cases {
		if c.Type == nil {
			continue
		}
		p := c.Type.layout
		align, size = max(align, p.Align), max(size, p.Size)
		l.Flat = joinFlat(l.Flat, p.Flat)
	}
	l.Align = max(tag, align)
	return l.sized(alignTo(alignTo(uint64(tag), align)+uint64(size), l.Align))
}

// joinFlat merges a case's flat values into those behind the discriminant.
func joinFlat(flat, payload []CoreValType) []CoreValType {
	for i, v := range payload {
		switch at := i + 1; {
		case at >= maxFlat:
			return flat
		case at == len(flat):
			flat = append(flat, v)
		default:
			flat[at] = join(flat[at], v)
		}
	}
	return flat
}

// join is the narrowest core type that holds both.
func join(a, b CoreValType) CoreValType {
	switch {
	case a == b:
		return a
	case a != I64 && b != I64 && a != CoreF64 && b != CoreF64:
		return I32
	}
	return I64
}

// flags are bits in as few bytes as hold them; above 32, in 32-bit words.
func flags(n int) Layout {
	switch {
	case n <= 8:
		return Layout{Size: 1, Align: 1, Flat: []CoreValType{I32}}
	case n <= 16:
		return Layout{Size: 2, Align: 2, Flat: []CoreValType{I32}}
	}
	words := (n + 31) / 32
	l := Layout{Size: uint32(4 * words), Align: 4}
	for range min(words, maxFlat) {
		l.Flat = append(l.Flat, I32)
	}
	return l
}

// sized completes a layout with its size in bytes.
func (l Layout) sized(size uint64) (Layout, bool) {
	l.Size = uint32(size)
	return l, size <= math.MaxUint32
}
