package slim

import "bytes"

// Whether a body is valid does not hang on the numbers in it: not on the value of a constant, and not on the offset of an
// access to memory, as long as that has 32 bits. A linker that moves data changes these in half of all bodies, and nothing
// else. So a body is valid that differs in nothing but these from one that is valid in the same frame.

// mostBody is how many bytes a body has that may be like another: there is a limit for those that are valid, which is larger.
const mostBody = 1 << 20

// alike reports whether two bodies, with their sizes before them, differ in nothing that their validity hangs on. One of them is
// valid. They are of the same frame where moved is nil, else of modules of one kin that have these callees. It is false where they
// have instructions that it does not know.
func alike(valid, other []byte, moved *callees) bool {
	_, n := number(valid)
	_, m := number(other)
	if len(other) > mostBody {
		return false
	}
	p := pair{valid[n:], other[m:], true, moved}
	p.locals()
	for p.ok && len(p.a) > 0 {
		p.instruction()
	}
	return p.ok && len(p.b) == 0
}

// callees are the functions that bodies of an older and a newer module call.
type callees struct {
	imported int   // functions, which come first in both, and are the same
	was, is  []int // the types of those behind them
}

// sameType reports whether function a of the older module has the type of function b of the newer.
func (c *callees) sameType(a, b int) bool {
	if a < c.imported || b < c.imported {
		return a == b
	}
	a, b = a-c.imported, b-c.imported
	return a < len(c.was) && b < len(c.is) && c.was[a] == c.is[b]
}

// pair are two bodies that are read beside each other. ok ends with the first thing that differs.
type pair struct {
	a, b  []byte
	ok    bool
	moved *callees
}

// locals are the same in both: how many groups, and of each how many of which type.
func (p *pair) locals() {
	for n := p.same(); p.ok && n > 0; n-- {
		p.same()
		p.valueType()
	}
}

func (p *pair) instruction() {
	switch opcode := p.byte(); kinds[opcode] {
	case plain:
	case oneNumber:
		p.same()
	case twoNumbers:
		p.same()
		p.same()
	case callee:
		p.callee()
	case reference:
		p.same()
		p.ok = p.ok && p.moved == nil // other sections say which functions may be referred to
	case blockType:
		p.blockType()
	case labels:
		for n := p.same(); p.ok && n > 0; n-- {
			p.same()
		}
		p.same() // the default
	case access:
		if p.byte() >= 0x40 { // the alignment; from there on it means more
			p.ok = false
		}
		p.each(unsigned32)
	case constant32:
		p.each(signed32)
	case constant64:
		p.each(signed64)
	case float32bits:
		p.each(func(b []byte) int { return 4 })
	case float64bits:
		p.each(func(b []byte) int { return 8 })
	case prefixed:
		p.prefixed()
	default:
		p.ok = false
	}
}

// prefixed is what follows 0xfc: conversions, and bulk operations.
func (p *pair) prefixed() {
	switch opcode := p.same(); {
	case opcode < 8:
	case (opcode == 12 || opcode == 13) && p.moved != nil: // table.init, elem.drop: another section says which segments there are
		p.ok = false
	case opcode == 8, opcode == 10, opcode == 12, opcode == 14: // memory.init, memory.copy, table.init, table.copy
		p.same()
		p.same()
	case opcode < 18:
		p.same()
	default:
		p.ok = false
	}
}

// callee is the number of a function.
func (p *pair) callee() {
	if p.moved == nil {
		p.same()
		return
	}
	a, n := number(p.a)
	b, m := number(p.b)
	if n == 0 || m == 0 || !p.moved.sameType(a, b) {
		*p = pair{}
		return
	}
	p.a, p.b = p.a[n:], p.b[m:]
}

// blockType is one value type, none, or a number of a type.
func (p *pair) blockType() {
	switch {
	case len(p.a) > 0 && (p.a[0] <= 0x40):
		p.byte()
	case len(p.a) > 0 && p.a[0] >= 0x80:
		p.same()
	default:
		p.valueType()
	}
}

// valueType is one of a single byte.
func (p *pair) valueType() {
	if t := p.byte(); t < 0x7b && t != 0x70 && t != 0x6f || t > 0x7f {
		p.ok = false
	}
}

// byte is the next one of both.
func (p *pair) byte() byte {
	if len(p.a) == 0 || len(p.b) == 0 || p.a[0] != p.b[0] {
		*p = pair{}
		return 0
	}
	b := p.a[0]
	p.a, p.b = p.a[1:], p.b[1:]
	return b
}

// same is the next number of both, written in the same way.
func (p *pair) same() int {
	value, n := number(p.a)
	if n == 0 || len(p.b) < n || !bytes.Equal(p.a[:n], p.b[:n]) {
		*p = pair{}
		return 0
	}
	p.a, p.b = p.a[n:], p.b[n:]
	return value
}

// each passes over something in each of both, of which length says how long it is; 0: it is not right.
func (p *pair) each(length func([]byte) int) {
	n, m := length(p.a), length(p.b)
	if n == 0 || m == 0 || n > len(p.a) || m > len(p.b) {
		*p = pair{}
		return
	}
	p.a, p.b = p.a[n:], p.b[m:]
}

// unsigned32 is how long the number of 32 bits is that b begins with; 0: there is none.
func unsigned32(b []byte) int {
	_, n := number(b)
	return n
}

// signed32 is unsigned32 for a number with a sign.
func signed32(b []byte) int { return signed(b, 5, 0x78) }

// signed64 is signed32 of 64 bits.
func signed64(b []byte) int { return signed(b, 10, 0x7f) }

// signed is how long the number is that b begins with, in at most most bytes. Of the last of so many the bits in sign are all the same.
func signed(b []byte, most int, sign byte) int {
	for i := range b[:min(len(b), most)] {
		if b[i] < 0x80 {
			if last := b[i] & sign; i == most-1 && last != 0 && last != sign {
				return 0
			}
			return i + 1
		}
	}
	return 0
}

// kind is what follows an opcode.
type kind byte

const (
	unknown kind = iota
	plain
	oneNumber
	twoNumbers
	callee
	reference
	blockType
	labels
	access
	constant32
	constant64
	float32bits
	float64bits
	prefixed
)

// kinds are those of WebAssembly 2.0 without vectors, by opcode.
var kinds = func() (list [256]kind) {
	for _, of := range []struct {
		first, last byte
		kind        kind
	}{
		{0x00, 0x01, plain},      // unreachable, nop
		{0x02, 0x04, blockType},  // block, loop, if
		{0x05, 0x05, plain},      // else
		{0x0b, 0x0b, plain},      // end
		{0x0c, 0x0d, oneNumber},  // br, br_if
		{0x0e, 0x0e, labels},     // br_table
		{0x0f, 0x0f, plain},      // return
		{0x10, 0x10, callee},     // call
		{0x11, 0x11, twoNumbers}, // call_indirect
		{0x1a, 0x1b, plain},      // drop, select
		{0x20, 0x26, oneNumber},  // locals, globals, table.get, table.set
		{0x28, 0x3e, access},     // loads and stores
		{0x3f, 0x40, oneNumber},  // memory.size, memory.grow
		{0x41, 0x41, constant32},
		{0x42, 0x42, constant64},
		{0x43, 0x43, float32bits},
		{0x44, 0x44, float64bits},
		{0x45, 0xc4, plain},     // numbers
		{0xd1, 0xd1, plain},     // ref.is_null
		{0xd2, 0xd2, reference}, // ref.func
		{0xfc, 0xfc, prefixed},
	} {
		for opcode := int(of.first); opcode <= int(of.last); opcode++ {
			list[opcode] = of.kind
		}
	}
	return list
}()
