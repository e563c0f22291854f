package source

import (
	"encoding/binary"
	"regexp"
	"strconv"
	"strings"
)

// markSize is more than what Mark adds with a short key.
const markSize = 256

// Mark is module with debug sections of ours in the place of its own: they say that all of its
// code is line 1 of a file called key. With them, and WithDebugInfoEnabled, wazero tells behind
// each frame of a trap where in the code section it was, and of which module that is, whatever
// compiler made it; and it reads no debug information of a stranger's. They cost some 100 bytes,
// and in the interpreter eight bytes an operation. Code stays where it is. key is any text
// without a zero byte; what is no core module is returned as it is.
func Mark(module []byte, key string) []byte {
	s, err := readSections(module)
	if err != nil {
		return module
	}
	out := without(module, func(name string) bool { return strings.HasPrefix(name, ".debug_") })
	if len(s.functions) == 0 {
		return out
	}
	size := uint32(s.functions[len(s.functions)-1].end)
	for _, section := range []struct {
		name    string
		content []byte
	}{
		{".debug_abbrev", []byte{1, 0x11, 0, 0x11, 0x01, 0x12, 0x06, 0x10, 0x17, 0, 0, 0}}, // a unit: low address, size, line table
		{".debug_info", unitOf(size)},
		{".debug_line", tableOf(size, key)},
	} {
		named := append(binary.AppendUvarint(nil, uint64(len(section.name))), section.name...)
		named = append(named, section.content...)
		out = append(binary.AppendUvarint(append(out, 0), uint64(len(named))), named...)
	}
	return out
}

// words are numbers of four bytes, as DWARF for WebAssembly has them.
func words(values ...uint32) (out []byte) {
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}

// counted is a DWARF unit: its length, version 4, and its content.
func counted(content []byte) []byte {
	return append(append(words(uint32(len(content)+2)), 4, 0), content...)
}

// unitOf is a compilation unit of all addresses from 1 to size. At 0 is the number of functions;
// wazero takes what begins there for thrown away.
func unitOf(size uint32) []byte {
	head := append(words(0), 4, 1) // the abbreviations at 0, addresses of 4 bytes; entry 1
	return counted(append(head, words(1, size-1, 0)...))
}

// tableOf is a line table in which all addresses are line 1 of a file.
func tableOf(size uint32, file string) []byte {
	header := []byte{1, 1, 1, 0, 1, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0} // the sizes that every assembler writes; no folders
	header = append(append(header, file...), 0, 0, 0, 0, 0)
	program := append([]byte{0, 5, 2}, words(1)...)         // from address 1
	program = append(program, 1, 2)                         // a row; then forward by
	program = binary.AppendUvarint(program, uint64(size-1)) // all there is
	program = append(program, 0, 1, 1)                      // the end
	return counted(append(append(words(uint32(len(header))), header...), program...))
}

var marked = regexp.MustCompile(`^\s*0x([0-9a-f]+): (.*):1$`)

// ReadMark reads a line of a trap's stack in wazero: the key of the marked module, and where the
// frame was in it. Of a frame that called another this is the call itself, and not behind it.
func ReadMark(line string) (key string, offset uint64, ok bool) {
	parts := marked.FindStringSubmatch(line)
	if parts == nil {
		return "", 0, false
	}
	offset, err := strconv.ParseUint(parts[1], 16, 64)
	return parts[2], offset, err == nil
}
