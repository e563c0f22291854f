package slim

import (
	"bytes"
	"encoding/binary"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/source"
)

// After most edits the data of a module is other, and in JavaScript nothing else is. Where it lies in segments of the simplest kind it is
// taken out of what is left: it says nothing of whether a module is valid, and who starts the module writes it. A Go compiler writes
// some 35,000 segments, thirty bytes each, of which validators and engines check each by itself.

const (
	activeSegment = 0 // in memory 0, at an offset
	constOpcode   = 0x41
	endOpcode     = 0x0b

	most = 50_000 // segments; wasmparser has a limit of 100,000
)

// noSegments is the content of a data section that has none.
var noSegments = []byte{0}

// plainMemories begin the content of a memory section with one memory of at most 4 GiB, without and with an upper limit.
var plainMemories = [][]byte{{1, 0}, {1, 1}}

// dataOf is the data section of a core module, where it has one, with a memory of its own, which is its only one as the sandbox knows
// no more, with no code that names a segment, and with no function that runs before anybody can write the data.
func dataOf(module []byte) (data section, ok bool) {
	list, _ := sections(module)
	plain := false
	for _, s := range list {
		switch s.id {
		case memorySection:
			plain = bytes.HasPrefix(module[s.body:s.end], plainMemories[0]) || bytes.HasPrefix(module[s.body:s.end], plainMemories[1])
		case startSection, dataCountSection: // how many segments there are that code may name
			return section{}, false
		case dataSection:
			data = s
		}
	}
	return data, plain && data.end > 0
}

// takeData takes data out of all core modules in the file b where that can be done, and says how many bytes there are less then. It is
// not ok for a file of which nobody knows the number of a core module, as for one that carries its world: it is started as the
// component that is made of it.
func (changed changes) takeData(b []byte) (taken engine.Data, less int64, ok bool) {
	taken = engine.Data{}
	number := 0
	ok = modules(b, func(module []byte, _ int) {
		if data, ok := dataOf(module); ok {
			if list := segments(module[data.body:data.end]); len(list) > 0 {
				taken[number] = list
				changed.set(module, dataSection, noSegments)
				less += data.whole() - sized(len(noSegments))
			}
		}
		number++
	})
	customs, known := source.Customs(bytes.NewReader(b))
	return taken, less, ok && known && !source.TellWorld(customs)
}

// segments are those of a data section with this content; nil where one of them is not of the simplest kind.
func segments(content []byte) []engine.Segment {
	count, at := number(content)
	if at == 0 || count > most || count > len(content) {
		return nil
	}
	list := make([]engine.Segment, 0, count)
	for range count {
		s, n := readSegment(content[at:])
		if n == 0 {
			return nil
		}
		at += n
		list = append(list, s)
	}
	if at != len(content) {
		return nil
	}
	return list
}

// readSegment is the segment that b begins with, and its length in b; 0 for one of another kind.
func readSegment(b []byte) (s engine.Segment, n int) {
	if len(b) < 2 || b[0] != activeSegment || b[1] != constOpcode {
		return s, 0
	}
	n = 2
	offset, size := readOffset(b[n:])
	if size == 0 {
		return s, 0
	}
	if n += size; n == len(b) || b[n] != endOpcode {
		return s, 0
	}
	n++
	length, size := number(b[n:])
	if n += size; size == 0 || length > len(b)-n {
		return s, 0
	}
	return engine.Segment{At: uint32(offset), Content: b[n : n+length]}, n + length
}

// readOffset is a signed number of 32 bits that is not negative, and how many bytes it takes; 0 when it is another one, or
// written in more bytes than it needs.
func readOffset(b []byte) (value, n int) {
	value, n = number(b)
	if n == 0 || n != len(appendOffset(nil, value)) || value > 1<<31-1 {
		return 0, 0
	}
	return value, n
}

// appendOffset writes a signed number that is not negative.
func appendOffset(b []byte, value int) []byte {
	b = binary.AppendUvarint(b, uint64(value))
	if last := len(b) - 1; b[last]&0x40 != 0 { // the sign
		b[last] |= 0x80
		b = append(b, 0)
	}
	return b
}
