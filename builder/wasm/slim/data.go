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

// joined is the content of its data section with fewer segments; nil where there is no such thing.
func (c *core) joined() []byte {
	data := joined(c.module[c.data.body:c.data.end])
	if int64(len(data)) > 2*c.data.whole() {
		return nil
	}
	return data
}

// joined is the content of a data section that writes the same as content, with fewer segments. It is nil where
// segments are not of the simplest kind, and where nothing much would come of it.
func joined(content []byte) []byte {
	count, at := number(content)
	if at == 0 || count < 2*spots || count > most {
		return nil
	}
	var list []segment
	for range count {
		s, n := readSegment(content[at:])
		if n == 0 {
			return nil
		}
		at += n
		if !join(list, s) {
			if list = append(list, s); len(list) > spots {
				return nil
			}
		}
	}
	if at != len(content) {
		return nil
	}
	out := binary.AppendUvarint(nil, uint64(len(list)))
	for _, s := range list {
		out = append(appendOffset(append(out, activeSegment, constOpcode), s.at), endOpcode)
		out = append(binary.AppendUvarint(out, uint64(len(s.content))), s.content...)
	}
	return out
}

// join adds s to the last of list, where it lies close behind it. Zeros are written only where nothing was written before.
func join(list []segment, s segment) bool {
	if len(list) == 0 {
		return false
	}
	last := &list[len(list)-1]
	gap := s.at - last.end()
	if gap < 0 || gap > closest {
		return false
	}
	for i := range list[:len(list)-1] {
		if before := &list[i]; before.at < s.at && last.end() < before.end() {
			return false
		}
	}
	last.content = append(append(last.content, make([]byte, gap)...), s.content...)
	return true
}

// readSegment is the segment that b begins with, and its length in b; 0 for one of another kind. Its content may be appended to.
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
	return segment{offset, b[n : n+length : n+length]}, n + length
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
