package component

import (
	"fmt"
	"unicode/utf8"
)

// reader reads the binary format's primitives from a window of the input. The first error
// sticks: every later read returns zero and reads nothing, so that a sequence of reads needs
// one check. Loops over counts check err, or read through vec, which bounds them.
type reader struct {
	b       []byte // the whole input, so that positions are offsets
	pos     int
	end     int // of the window; at most len(b)
	section string
	err     *Error
}

// failAt records the first error.
func (r *reader) failAt(pos int, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Offset: int64(pos), Section: r.section, Message: fmt.Sprintf(format, args...)}
	}
}

// left is the number of bytes left in the window.
func (r *reader) left() int { return r.end - r.pos }

// done tells whether the window is read or an error stuck.
func (r *reader) done() bool { return r.err != nil || r.pos >= r.end }

func (r *reader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.pos >= r.end {
		r.failAt(r.pos, "unexpected end")
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

// peek returns the next byte without reading it; 0 at the end.
func (r *reader) peek() byte {
	if r.err != nil || r.pos >= r.end {
		return 0
	}
	return r.b[r.pos]
}

// skip moves over n bytes.
func (r *reader) skip(n uint64) {
	if r.err != nil {
		return
	}
	if n > uint64(r.left()) {
		r.failAt(r.pos, "%d bytes announced, %d left", n, r.left())
		return
	}
	r.pos += int(n)
}

func (r *reader) u32() uint32 {
	if r.err == nil && r.pos < r.end && r.b[r.pos] < 0x80 {
		r.pos++
		return uint32(r.b[r.pos-1])
	}
	return uint32(r.unsigned(32))
}

func (r *reader) u64() uint64 { return r.unsigned(64) }

// unsigned reads an unsigned LEB128 of at most the given number of bits.
func (r *reader) unsigned(bits uint) uint64 {
	start, v := r.pos, uint64(0)
	for shift := uint(0); r.err == nil; shift += 7 {
		c := r.byte()
		if rest := bits - shift; rest < 7 && c>>rest != 0 {
			r.failAt(start, "number is longer than %d bits", bits)
			return 0
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	return 0
}

// signed reads a signed LEB128 of at most the given number of bits.
func (r *reader) signed(bits uint) int64 {
	start, v := r.pos, int64(0)
	for shift := uint(0); r.err == nil; shift += 7 {
		c := r.byte()
		if rest := bits - shift; rest < 7 {
			// What lies above the sign bit must repeat it, and nothing may follow.
			top := int8(c<<1) >> rest
			if c >= 0x80 || (top != 0 && top != -1) {
				r.failAt(start, "number is longer than %d bits", bits)
				return 0
			}
		}
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if shift+7 < 64 && c&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	return 0
}

// vec reads a count of items that take at least min bytes each, bounded by limit and by the
// bytes that are left.
func (r *reader) vec(what string, min, limit int) int {
	start := r.pos
	n := r.u32()
	switch {
	case r.err != nil:
		return 0
	case uint64(n)*uint64(min) > uint64(r.left()):
		r.failAt(start, "%d %s announced, %d bytes left", n, what, r.left())
		return 0
	case uint64(n) > uint64(limit):
		r.failAt(start, "%d %s are more than the %d that are supported", n, what, limit)
		return 0
	}
	return int(n)
}

// name reads a length-prefixed UTF-8 string into a copy.
func (r *reader) name() string {
	start := r.pos
	n := r.vec("name bytes", 1, maxName)
	if r.err != nil {
		return ""
	}
	s := r.b[r.pos : r.pos+n]
	if !utf8.Valid(s) {
		r.failAt(start, "name is not valid UTF-8")
		return ""
	}
	r.pos += n
	return string(s)
}

// flag reads a byte that must be 0 or 1.
func (r *reader) flag(what string) bool {
	start := r.pos
	c := r.byte()
	if c > 1 {
		r.failAt(start, "%s is %#x, not 0 or 1", what, c)
	}
	return c == 1
}

// expect reads a byte that has only one valid value.
func (r *reader) expect(want byte, what string) {
	start := r.pos
	if c := r.byte(); c != want {
		r.failAt(start, "%s is %#x, not %#x", what, c, want)
	}
}

// rangeFrom is the bytes from start to the current position.
func (r *reader) rangeFrom(start int) Range {
	return Range{Offset: int64(start), Size: int64(r.pos - start)}
}

// sectionHead reads a section's id and size and returns it with the window narrowed to the
// payload; the caller restores the window with leave.
func (r *reader) sectionHead(names []string) (s Section, outerEnd int) {
	start := r.pos
	r.section = "header"
	s.ID = r.byte()
	if int(s.ID) >= len(names) {
		r.failAt(start, "unknown section id %d", s.ID)
		return s, r.end
	}
	s.Name = names[s.ID]
	size := r.u32()
	s.Header = r.rangeFrom(start)
	if r.err == nil && uint64(size) > uint64(r.left()) {
		r.failAt(start, "%s section of %d bytes announced, %d left", s.Name, size, r.left())
	}
	if r.err != nil {
		return s, r.end
	}
	s.Payload = Range{Offset: int64(r.pos), Size: int64(size)}
	outerEnd, r.end = r.end, r.pos+int(size)
	return s, outerEnd
}

// leave ends a section: its payload must have been read completely.
func (r *reader) leave(outerEnd int) {
	if r.err == nil && r.pos != r.end {
		r.failAt(r.pos, "%d bytes are left over at the end of the section", r.end-r.pos)
	}
	r.end = outerEnd
}

// preamble checks magic, version and layer.
func (r *reader) preamble(want Kind) {
	start := r.pos
	s := Sniff(r.b[r.pos:r.end])
	if s.Kind != want {
		r.failAt(start, "%s where a %s was expected", s.Sentence, want)
		return
	}
	r.pos += preambleSize
}
