package verify

import (
	"bytes"
	"encoding/binary"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/source"
)

var coreHeader = []byte("\x00asm\x01\x00\x00\x00")

// functionAt names the function whose code holds the byte at of data, as its author or the compiler
// called it, with its line where the module tells; "" where nobody knows.
func functionAt(data []byte, at int) string {
	start := bytes.LastIndex(data[:min(at, len(data))], coreHeader)
	if start < 0 {
		return ""
	}
	code, end := extent(data, start)
	if code == 0 || at < code || at >= end {
		return ""
	}
	m, err := source.Open(data[start:end])
	if err != nil {
		return ""
	}
	if places := m.At(uint64(at - code)); len(places) > 0 {
		return places[0].String()
	}
	return ""
}

// The sections of a core module, whose numbers rise but for that which counts data (12): it
// stands before code (10). What comes behind lower ones is no part of it.
const (
	customSection = 0
	codeSection   = 10
	lastSection   = 13
)

// extent is where the content of the code section of the core module that begins at start
// begins, 0 without one, and where the module ends.
func extent(data []byte, start int) (code, end int) {
	end = start + len(coreHeader)
	highest := byte(0)
	for end < len(data) {
		id := data[end]
		size, n := binary.Uvarint(data[end+1:])
		next := end + 1 + n + int(size)
		if id > lastSection || n <= 0 || size > uint64(len(data)) || next > len(data) {
			break
		}
		rank := id * 2
		if id == 12 {
			rank = codeSection*2 - 1
		}
		if id != customSection && rank <= highest {
			break
		}
		if id == codeSection {
			code = end + 1 + n
		}
		if id != customSection {
			highest = rank
		}
		end = next
	}
	return code, end
}
