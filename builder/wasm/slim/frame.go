package slim

import (
	"encoding/binary"

	"github.com/zeebo/blake3"
)

// frame is what the bodies of a core module may name: its types, functions, tables, memories and globals, and how many segments
// it has.
type frame struct {
	exact     [32]byte // the digest of all of it
	kin       [32]byte // the digest of what is the same in all modules whose bodies can be compared: not its functions, not their numbers
	imports   []byte   // the content of the section that says what is imported
	functions []byte   // the content of the section that says which type each function with a body has
}

// frameOf is the frame of the core module b, which has these sections.
func frameOf(b []byte, list []section) (f frame) {
	exact, kin := blake3.New(), blake3.New()
	write := func(h *blake3.Hasher, id byte, content []byte) {
		// Its number and its size, in full, and its content.
		h.Write(binary.LittleEndian.AppendUint64([]byte{id}, uint64(len(content))))
		h.Write(content)
	}
	for _, s := range list {
		content := b[s.body:s.end]
		switch s.id {
		case customSection, dataSection, codeSection:
			continue
		case importSection:
			f.imports = content
			write(kin, s.id, content)
		case functionSection:
			f.functions = content
		case exportSection, startSection, elementSection: // what they say decides only of instructions that are not alike where something moved
		default:
			write(kin, s.id, bare(s.id, content))
		}
		write(exact, s.id, content)
	}
	exact.Sum(f.exact[:0])
	kin.Sum(f.kin[:0])
	return f
}

// bare is the content of a section without the numbers in it that no body hangs on: how large tables and memories are, and
// which values globals begin with. It is all of it where that is not written in the simplest way.
func bare(id byte, content []byte) []byte {
	entry := map[byte]func(b []byte) (keep, size int){tableSection: bareTable, memorySection: bareMemory, globalSection: bareGlobal}[id]
	if entry == nil {
		return content
	}
	count, at := number(content)
	out := append([]byte(nil), content[:at]...)
	for range count {
		keep, size := entry(content[at:])
		if size == 0 {
			return content
		}
		out = append(out, content[at:at+keep]...)
		at += size
	}
	if at != len(content) {
		return content
	}
	return out
}

// bareTable is how much of the table that b begins with is kept, and how long it is; 0 for one of another kind.
func bareTable(b []byte) (keep, size int) {
	if len(b) == 0 || b[0] != 0x70 && b[0] != 0x6f {
		return 0, 0
	}
	if size = limits(b[1:]); size == 0 {
		return 0, 0
	}
	return 1, 1 + size
}

// bareMemory is bareTable for memories, of which nothing is kept.
func bareMemory(b []byte) (keep, size int) { return 0, limits(b) }

// bareGlobal is bareTable for globals: a type, whether it changes, and a constant.
func bareGlobal(b []byte) (keep, size int) {
	const head = 3
	if len(b) <= head {
		return 0, 0
	}
	n := 0
	switch b[2] {
	case constOpcode:
		n = signed32(b[head:])
	case 0x42: // of 64 bits
		n = signed64(b[head:])
	}
	if n == 0 || head+n >= len(b) || b[head+n] != endOpcode {
		return 0, 0
	}
	return head, head + n + 1
}

// limits is how long the limits are that b begins with, of a table or a memory of 32 bits that is not shared; 0 for others.
func limits(b []byte) (size int) {
	if len(b) == 0 || b[0] > 1 {
		return 0
	}
	size = 1
	for range 1 + b[0] { // the least, and the most where there is one
		_, n := number(b[size:])
		if n == 0 {
			return 0
		}
		size += n
	}
	return size
}

// imported is how many functions are imported, by the content of the section. It is not ok where that has what is not known here.
func imported(b []byte) (functions int, ok bool) {
	count, n := number(b)
	b = b[n:]
	for range count {
		which, size := readImport(b)
		if size == 0 {
			return 0, false
		}
		if which == importedFunction {
			functions++
		}
		b = b[size:]
	}
	return functions, len(b) == 0
}

// What is imported.
const (
	importedFunction = iota
	importedTable
	importedMemory
	importedGlobal
)

// readImport is what the import that b begins with is of, and how long it is; 0: it is not known.
func readImport(b []byte) (which byte, size int) {
	for range 2 { // the module, and the name
		length, n := number(b[size:])
		if n == 0 || length >= len(b)-size-n {
			return 0, 0
		}
		size += n + length
	}
	which, b = b[size], b[size+1:]
	n := 0
	switch which {
	case importedFunction:
		_, n = number(b)
	case importedTable:
		_, n = bareTable(b)
	case importedMemory:
		_, n = bareMemory(b)
	case importedGlobal:
		if len(b) >= 2 {
			n = 2
		}
	}
	if n == 0 {
		return 0, 0
	}
	return which, size + 1 + n
}

// types are those of all functions with a body, by the content of their section. It is not ok where that is broken.
func types(functions []byte) (list []int, ok bool) {
	count, at := number(functions)
	if count > len(functions) {
		return nil, false
	}
	for range count {
		t, n := number(functions[at:])
		if n == 0 {
			return nil, false
		}
		list, at = append(list, t), at+n
	}
	return list, at == len(functions)
}
