package testkit

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Teller is a core module that carries its world, of which a component is made: it answers
// everything that the runtime asks it with "continue" and text, after it has run code, which
// leaves nothing on the stack. examples/custom-command/assemble.go says how it is laid out.
func Teller(t testing.TB, text string, code ...byte) []byte {
	t.Helper()
	world, err := os.ReadFile(filepath.Join(Root(), "examples", "custom-command", "world.bin"))
	if err != nil {
		t.Fatal(err)
	}
	const resultAt, textAt, page = 16, 64, 64 << 10
	action := "continue"
	var record []byte
	for _, word := range []int{textAt, len(action), 1, textAt + len(action), len(text)} {
		record = binary.LittleEndian.AppendUint32(record, uint32(word))
	}
	end := textAt + len(action) + len(text)
	constant := func(n int) []byte { return append([]byte{0x41}, leb(n)...) }
	function := func(code ...byte) []byte { return Sized(slices.Concat([]byte{0}, code, []byte{0x0b})) }
	data := func(at int, content []byte) []byte {
		return slices.Concat([]byte{0}, constant(at), []byte{0x0b}, Sized(content))
	}
	// free = (free + align - 1) & -align; return free, then free += size
	realloc := []byte{0x23, 0, 0x20, 2, 0x6a, 0x41, 1, 0x6b, 0x41, 0, 0x20, 2, 0x6b, 0x71, 0x22, 0, 0x20, 3, 0x6a, 0x24, 0, 0x20, 0}
	trigger := slices.Concat(code, constant(end), []byte{0x24, 0}, constant(resultAt))
	return Core(
		Section(1, Vector([]byte{0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f})),
		Section(3, Vector([]byte{0}, []byte{0})),
		Section(5, Vector(append([]byte{0}, binary.AppendUvarint(nil, uint64(end/page+17))...))),
		Section(6, Vector(slices.Concat([]byte{0x7f, 1}, constant(end), []byte{0x0b}))),
		Section(7, Vector(append(Sized("memory"), 2, 0), append(Sized("cabi_realloc"), 0, 0), append(Sized("astrid-hook-trigger"), 0, 1))),
		Section(10, Vector(function(realloc...), function(trigger...))),
		Section(11, Vector(data(resultAt, record), data(textAt, []byte(action+text)))),
		Section(0, Sized("component-type:capsule"), bytes.Clone(world)))
}

// leb is signed LEB128, for a number that is not negative.
func leb(n int) []byte {
	out := binary.AppendUvarint(nil, uint64(n))
	if last := out[len(out)-1]; last >= 0x40 { // its highest bit would be a sign
		out[len(out)-1] |= 0x80
		out = append(out, 0)
	}
	return out
}
