package abi

// alignTo rounds up to a multiple of align, a power of two.
func alignTo(n, align uint32) uint32 { return (n + align - 1) &^ (align - 1) }

// tagSize is the bytes of a discriminant for n cases.
func tagSize(n int) uint32 {
	switch {
	case n <= 1<<8:
		return 1
	case n <= 1<<16:
		return 2
	}
	return 4
}

// layOut computes sizes; those of the parts are known.
func (t *Type) layOut() {
	switch t.Kind {
	case Bool, S8, U8:
		t.size, t.align, t.flat = 1, 1, 1
	case S16, U16:
		t.size, t.align, t.flat = 2, 2, 1
	case S32, U32, F32, Char, Own, Borrow:
		t.size, t.align, t.flat = 4, 4, 1
	case S64, U64, F64:
		t.size, t.align, t.flat = 8, 8, 1
	case String, List:
		t.size, t.align, t.flat = 8, 4, 2
	case Record, Tuple:
		t.layOutFields()
	case Variant, Enum, Option, Result:
		t.layOutCases()
	case Flags:
		n := flagBytes(len(t.Parts))
		t.size, t.align, t.flat = n, min(n, 4), 1
	}
}

// flagBytes is the bytes of n flags; there are at most 32.
func flagBytes(n int) uint32 {
	switch {
	case n <= 8:
		return 1
	case n <= 16:
		return 2
	}
	return 4
}

func (t *Type) layOutFields() {
	t.align = 1
	for _, p := range t.Parts {
		t.size = alignTo(t.size, p.Type.align) + p.Type.size
		t.align = max(t.align, p.Type.align)
		t.flat += p.Type.flat
	}
	t.size = alignTo(t.size, t.align)
}

func (t *Type) layOutCases() {
	tag := tagSize(len(t.Parts))
	t.align, t.flat = tag, 1
	var largest uint32
	most := 0
	for _, p := range t.Parts {
		if p.Type != nil {
			t.align = max(t.align, p.Type.align)
			largest = max(largest, p.Type.size)
			most = max(most, p.Type.flat)
		}
	}
	t.flat += most
	t.size = alignTo(t.payload()+largest, t.align)
}

// payload is where the value of a case begins.
func (t *Type) payload() uint32 {
	var align uint32 = 1
	for _, p := range t.Parts {
		if p.Type != nil {
			align = max(align, p.Type.align)
		}
	}
	return alignTo(tagSize(len(t.Parts)), align)
}
