package source

import (
	"bytes"
	"encoding/binary"
)

// Fold is a core module in which exported functions that do the same are one function, that of the first of these
// exports, as a compiler leaves them that optimizes all code at once: Astrid's kernel knows by that which of them an SDK
// filled in. Everything else stays byte for byte. Functions do the same when their bodies have the same bytes, or do nothing
// but call functions one after the other that do the same. What is no core module is returned as it is.
func Fold(module []byte) []byte {
	if !isWhole(module) {
		return module
	}
	f := folding{left: mostCompared}
	var head, end int // of the section of exports
	var exports reader
	for r := (reader{rest: module[8:], at: 8}); r.more(); {
		at := r.at
		id := r.byte()
		content := r.sized()
		switch id {
		case 2:
			f.imported = importedFunctions(content)
		case 3:
			for n := content.number(); n > 0 && content.more(); n-- {
				f.types = append(f.types, content.number())
			}
		case 7:
			head, end, exports = at, r.at, content
		case 10:
			for n := content.number(); n > 0 && content.more(); n-- {
				f.bodies = append(f.bodies, content.sized().rest)
			}
		}
	}
	folded, changed := f.exports(exports)
	if !changed {
		return module
	}
	out := append(make([]byte, 0, len(module)), module[:head]...)
	out = binary.AppendUvarint(append(out, 7), uint64(len(folded)))
	return append(append(out, folded...), module[end:]...)
}

const (
	// deepestCall is how deep calls are followed: an SDK's stubs call two deep.
	deepestCall = 8
	// mostCompared is how many pairs of functions are compared in a module.
	mostCompared = 10_000
)

// folding is a module whose exports are folded.
type folding struct {
	imported uint32   // functions
	types    []uint32 // of the functions behind these
	bodies   [][]byte
	left     int // pairs that may still be compared
}

// exports is the content of a section of exports, folded. It has not changed where that is not as it should be.
func (f *folding) exports(r reader) (folded []byte, changed bool) {
	n := r.number()
	folded = binary.AppendUvarint(folded, uint64(n))
	var functions []uint32
	for ; n > 0 && r.more(); n-- {
		name, kind, index := r.name(), r.byte(), r.number()
		if kind == 0 {
			of := f.first(functions, index)
			functions = append(functions, of)
			changed = changed || of != index
			index = of
		}
		folded = append(binary.AppendUvarint(folded, uint64(len(name))), name...)
		folded = binary.AppendUvarint(append(folded, kind), uint64(index))
	}
	return folded, changed && r.err == nil && n == 0 && len(r.rest) == 0
}

// first is the first of functions that does the same as index, or index.
func (f *folding) first(functions []uint32, index uint32) uint32 {
	for _, function := range functions {
		if f.same(function, index, deepestCall) {
			return function
		}
	}
	return index
}

// same reports whether it is known that functions a and b do the same.
func (f *folding) same(a, b uint32, depth int) bool {
	if a == b {
		return true
	}
	f.left--
	if depth == 0 || f.left < 0 || a < f.imported || b < f.imported {
		return false
	}
	a, b = a-f.imported, b-f.imported
	if most := min(len(f.types), len(f.bodies)); int(a) >= most || int(b) >= most || f.types[a] != f.types[b] {
		return false
	}
	if bytes.Equal(f.bodies[a], f.bodies[b]) {
		return true
	}
	x, isX := calls(f.bodies[a])
	y, isY := calls(f.bodies[b])
	if !isX || !isY || len(x) != len(y) {
		return false
	}
	for i := range x {
		if !f.same(x[i], y[i], depth-1) {
			return false
		}
	}
	return true
}

// calls are the functions that a body calls which does nothing else, and has no locals.
func calls(body []byte) (list []uint32, is bool) {
	r := reader{rest: body}
	if r.number() != 0 {
		return nil, false
	}
	for r.more() {
		switch r.byte() {
		case 0x10:
			list = append(list, r.number())
		case 0x0b:
			return list, r.err == nil && len(r.rest) == 0
		default:
			return nil, false
		}
	}
	return nil, false
}
