package slim

import "encoding/binary"

// A Go compiler writes some 35,000 segments of data, thirty bytes each, of which engines and validators check each by
// itself. Those that lie close behind each other are joined: what is between them is zero before, and the zeros are written out.

const (
	activeSegment = 0 // in memory 0, at an offset
	constOpcode   = 0x41
	endOpcode     = 0x0b

	closest = 256    // bytes between segments that are joined
	most    = 50_000 // segments; wasmparser has a limit of 100,000
	spots   = 64     // segments in what is joined
)

// segment is data that a module begins with, at an offset of its memory.
type segment struct {
	at      int
	content []byte
}

func (s *segment) end() int { return s.at + len(s.content) }

// run are segments that are joined, by where they begin and end.
type run struct{ at, end, count int }

// dataOf is the data section of a core module, where it has one, with a memory of its own, which is its only one as the sandbox knows
// no more, and with no code that names a segment.
func dataOf(module []byte) (data section, ok bool) {
	list, _ := sections(module)
	memories := 0
	for _, s := range list {
		switch s.id {
		case memorySection:
			memories, _ = number(module[s.body:s.end])
		case dataCountSection: // how many segments there are that code may name
			return section{}, false
		case dataSection:
			data = s
		}
	}
	return data, data.end > 0 && memories == 1
}

// joinAll joins the data sections of all core modules in the file b, where they can be, and says how many bytes there are less then.
func (changed changes) joinAll(b []byte) (less int64) {
	modules(b, func(module []byte, _ int) {
		if data, ok := dataOf(module); ok {
			if content := joined(module[data.body:data.end]); content != nil {
				changed.set(module, dataSection, content)
				less += data.whole() - sized(len(content))
			}
		}
	})
	return less
}

// joined is the content of a data section that writes the same as content, with fewer segments. It is nil where
// segments are not of the simplest kind, and where nothing much would come of it.
func joined(content []byte) []byte {
	count, first := number(content)
	if first == 0 || count < 2*spots || count > most {
		return nil
	}
	var runs []run
	at, size := first, 0
	for range count {
		s, n := readSegment(content[at:])
		if n == 0 {
			return nil
		}
		at += n
		if !join(runs, s) {
			if runs = append(runs, run{at: s.at, end: s.at}); len(runs) > spots {
				return nil
			}
		}
		last := &runs[len(runs)-1]
		size += s.end() - last.end
		last.end, last.count = s.end(), last.count+1
	}
	if at != len(content) || size > 2*len(content) {
		return nil
	}
	return write(runs, content[first:], size)
}

// write is the content of a data section of runs: in all size bytes, of which segments, one after the other, tell those that are not zero.
func write(runs []run, segments []byte, size int) []byte {
	const head = 16 // a segment has less before its content
	out := make([]byte, 0, head*(len(runs)+1)+size)
	out = binary.AppendUvarint(out, uint64(len(runs)))
	for _, r := range runs {
		out = append(appendOffset(append(out, activeSegment, constOpcode), r.at), endOpcode)
		out = binary.AppendUvarint(out, uint64(r.end-r.at))
		begin := len(out)
		out = out[:begin+r.end-r.at] // zeros
		for range r.count {
			s, n := readSegment(segments)
			copy(out[begin+s.at-r.at:], s.content)
			segments = segments[n:]
		}
	}
	return out
}

// join reports whether s can be written with the last of runs, as it lies close behind it. Zeros are written only where nothing was written before.
func join(runs []run, s segment) bool {
	if len(runs) == 0 {
		return false
	}
	last := runs[len(runs)-1]
	gap := s.at - last.end
	if gap < 0 || gap > closest {
		return false
	}
	for _, before := range runs[:len(runs)-1] {
		if before.at < s.at && last.end < before.end {
			return false
		}
	}
	return true
}

// readSegment is the segment that b begins with, and its length in b; 0 for one of another kind.
func readSegment(b []byte) (s segment, n int) {
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
	return segment{offset, b[n : n+length]}, n + length
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
