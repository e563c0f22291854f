package abi

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// What a lifted value costs of the budget beside its bytes: an interface value with what it
// points to.
const valueCost = 32

// flatten reads core values one after another.
type flatten struct {
	stack []uint64
	guest *Guest
}

func (f *flatten) next() uint64 {
	if len(f.stack) == 0 {
		return 0 // whoever binds a function has held Flat against what is passed
	}
	v := f.stack[0]
	f.stack = f.stack[1:]
	return v
}

// lift takes a value of a type from its flat form.
func (f *flatten) lift(t *Type) (any, error) {
	switch t.Kind {
	case String:
		address, units := uint32(f.next()), uint32(f.next())
		return f.guest.text(address, units)
	case List:
		address, n := uint32(f.next()), uint32(f.next())
		return f.guest.list(t.Parts[0].Type, address, n)
	case Record, Tuple:
		values := make([]any, len(t.Parts))
		for i, p := range t.Parts {
			var err error
			if values[i], err = f.lift(p.Type); err != nil {
				return nil, err
			}
		}
		return values, nil
	case Variant, Enum, Option, Result:
		return f.liftCase(t)
	}
	return f.guest.scalar(t, f.next())
}

func (f *flatten) liftCase(t *Type) (any, error) {
	rest := f.stack[min(t.flat, len(f.stack)):]
	c, err := t.chosen(uint32(f.next()))
	if err != nil {
		return nil, err
	}
	if p := t.Parts[c.Case].Type; p != nil {
		// All cases share the same core values; integers and floats have the same bits there.
		if c.Value, err = f.lift(p); err != nil {
			return nil, err
		}
	}
	f.stack = rest
	return c, nil
}

func (t *Type) chosen(tag uint32) (Chosen, error) {
	if int64(tag) >= int64(len(t.Parts)) {
		return Chosen{}, wrong("there is no case %d of %d", tag, len(t.Parts))
	}
	return Chosen{Case: int(tag)}, nil
}

// scalar makes the value of a core value.
func (g *Guest) scalar(t *Type, v uint64) (any, error) {
	switch t.Kind {
	case Bool:
		return uint32(v) != 0, nil
	case S8:
		return int64(int8(v)), nil
	case S16:
		return int64(int16(v)), nil
	case S32:
		return int64(int32(v)), nil
	case S64:
		return int64(v), nil
	case U8:
		return uint64(uint8(v)), nil
	case U16:
		return uint64(uint16(v)), nil
	case U32:
		return uint64(uint32(v)), nil
	case U64:
		return v, nil
	case F32:
		return float64(math.Float32frombits(uint32(v))), nil
	case F64:
		return math.Float64frombits(v), nil
	case Char:
		if r := rune(uint32(v)); uint32(v) < 0x110000 && utf8.ValidRune(r) {
			return r, nil
		}
		return nil, wrong("%#x is no character", uint32(v))
	case Flags:
		return v & (1<<len(t.Parts) - 1), nil
	case Own, Borrow:
		return g.handle(t, uint32(v))
	}
	return nil, wrong("a value of the kind %d cannot be passed so", t.Kind)
}

func (g *Guest) handle(t *Type, number uint32) (any, error) {
	if g.Handles == nil {
		return nil, wrong("there are no resources here")
	}
	resolve := g.Handles.Lend
	if t.Kind == Own {
		resolve = g.Handles.Take
	}
	rep, ok := resolve(number)
	if !ok {
		return nil, wrong("unknown handle index %d", number)
	}
	return Rep(rep), nil
}

// bytes is a view of n bytes at an address.
func (g *Guest) bytes(address, n, align uint32, what string) ([]byte, error) {
	if g.Memory == nil {
		return nil, wrong("a %s is passed without a memory", what)
	}
	if address%align != 0 {
		return nil, wrong("a %s lies at %#x, which is not aligned", what, address)
	}
	b, ok := g.Memory.Read(address, n)
	if !ok {
		return nil, wrong("a %s of %d bytes at %#x lies outside the memory", what, n, address)
	}
	return b, nil
}

func (g *Guest) text(address, units uint32) (any, error) {
	n, wide, ok := TextBytes(units, g.Encoding)
	if !ok {
		return nil, wrong("a string has %d units", units)
	}
	var align uint32 = 1
	if wide || g.Encoding == "latin1+utf16" {
		align = 2
	}
	b, err := g.bytes(address, n, align, "string")
	if err != nil {
		return nil, err
	}
	if err := g.spend(int(n) + valueCost); err != nil {
		return nil, err
	}
	s, valid := DecodeText(b, wide, g.Encoding)
	if !valid {
		return nil, wrong("a string at %#x is not text in its encoding", address)
	}
	return s, nil
}

func (g *Guest) list(element *Type, address, n uint32) (any, error) {
	size := uint64(n) * uint64(element.size)
	if size > math.MaxUint32 {
		return nil, wrong("a list of %d elements is larger than a memory", n)
	}
	b, err := g.bytes(address, uint32(size), element.align, "list")
	if err != nil {
		return nil, err
	}
	if element.Kind == U8 {
		if err := g.spend(int(n) + valueCost); err != nil {
			return nil, err
		}
		return append([]byte{}, b...), nil
	}
	if err := g.spend((int(n) + 1) * valueCost); err != nil {
		return nil, err
	}
	values := make([]any, n)
	for i := range values {
		if values[i], err = g.load(element, b[uint32(i)*element.size:]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// load takes a value from where it is stored; b has at least the type's size.
func (g *Guest) load(t *Type, b []byte) (any, error) {
	switch t.Kind {
	case String:
		return g.text(binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]))
	case List:
		return g.list(t.Parts[0].Type, binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]))
	case Record, Tuple:
		return g.loadFields(t, b)
	case Variant, Enum, Option, Result:
		c, err := t.chosen(uint32(word(b, tagSize(len(t.Parts)))))
		if err != nil {
			return nil, err
		}
		if p := t.Parts[c.Case].Type; p != nil {
			if c.Value, err = g.load(p, b[t.payload():]); err != nil {
				return nil, err
			}
		}
		return c, nil
	}
	return g.scalar(t, word(b, t.size))
}

func (g *Guest) loadFields(t *Type, b []byte) (any, error) {
	values := make([]any, len(t.Parts))
	if err := g.spend(len(t.Parts) * valueCost); err != nil {
		return nil, err
	}
	var at uint32
	for i, p := range t.Parts {
		at = alignTo(at, p.Type.align)
		var err error
		if values[i], err = g.load(p.Type, b[at:]); err != nil {
			return nil, err
		}
		at += p.Type.size
	}
	return values, nil
}

// word is the integer in the first n bytes.
func word(b []byte, n uint32) uint64 {
	switch n {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}
