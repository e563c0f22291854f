package smoke

import (
	"encoding/binary"
	"math"
)

// The tests write small modules by hand: an encoder of a few lines, independent of
// the scanner under test.

const header = "\x00asm\x01\x00\x00\x00"

// Value types and instructions used in the tests.
const (
	i32     = 0x7f
	i64     = 0x7e
	funcref = 0x70
	opEnd   = 0x0b
)

func uleb(n uint64) []byte { return binary.AppendUvarint(nil, n) }

func sleb(n int64) []byte {
	var b []byte
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func cat(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case []byte:
			b = append(b, p...)
		case string:
			b = append(b, p...)
		case int:
			if p < 0 || p > math.MaxUint8 {
				panic("not a byte")
			}
			b = append(b, byte(p))
		default:
			panic("cat")
		}
	}
	return b
}

func sec(id int, body ...any) []byte {
	b := cat(body...)
	return cat(id, uleb(uint64(len(b))), b)
}

func vec(items ...[]byte) []byte {
	b := uleb(uint64(len(items)))
	for _, i := range items {
		b = append(b, i...)
	}
	return b
}

func str(s string) []byte { return cat(uleb(uint64(len(s))), s) }

func fn(params, results []byte) []byte {
	return cat(0x60, uleb(uint64(len(params))), params, uleb(uint64(len(results))), results)
}

// body is a function without locals; the end is added.
func body(code ...any) []byte { return bodyLocals([]byte{0}, code...) }

func bodyLocals(locals []byte, code ...any) []byte {
	b := cat(locals, cat(code...), opEnd)
	return cat(uleb(uint64(len(b))), b)
}

func export(name string, kind, index int) []byte {
	return cat(str(name), kind, uleb(uint64(index)))
}

// mod assembles a module.
func mod(sections ...[]byte) []byte {
	b := []byte(header)
	for _, s := range sections {
		b = append(b, s...)
	}
	return b
}

// voidModule has one function of type () -> () with the given code, exported as name.
func voidModule(name string, code ...any) []byte {
	return mod(
		sec(1, vec(fn(nil, nil))),
		sec(3, vec(uleb(0))),
		sec(5, vec(cat(0, 1))),
		sec(7, vec(export(name, 0, 0), export("memory", 2, 0))),
		sec(10, vec(body(code...))),
	)
}
