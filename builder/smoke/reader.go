package smoke

import (
	"fmt"
	"unicode/utf8"
)

// fault is the first thing wrong with a binary.
type fault struct {
	offset    int
	message   string
	truncated bool   // the bytes ended too early
	proposal  string // not wrong, but beyond the sandbox
}

func (f *fault) Error() string { return fmt.Sprintf("%s at byte %d", f.message, f.offset) }

// reader reads a binary between pos and end. After the first fault every
// method returns zero and more() is false, so that callers check once.
type reader struct {
	data     []byte
	pos, end int
	err      *fault
}

func (r *reader) left() int  { return r.end - r.pos }
func (r *reader) more() bool { return r.err == nil && r.pos < r.end }

func (r *reader) failf(format string, args ...any) {
	if r.err == nil {
		r.err = &fault{offset: r.pos, message: fmt.Sprintf(format, args...)}
	}
}

func (r *reader) needs(proposal string) {
	if r.err == nil {
		r.err = &fault{offset: r.pos, message: "needs the " + proposal + " proposal", proposal: proposal}
	}
}

func (r *reader) short(what string) {
	if r.err == nil {
		r.err = &fault{offset: r.pos, message: what + " runs past its end", truncated: r.end == len(r.data)}
	}
}

func (r *reader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.pos >= r.end {
		r.short("the section")
		return 0
	}
	b := r.data[r.pos]
	r.pos++
	return b
}

func (r *reader) take(n int, what string) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > r.left() {
		r.short(what)
		return nil
	}
	b := r.data[r.pos : r.pos+n]
	r.pos += n
	return b
}

func (r *reader) u32() uint32 {
	v := r.leb(5)
	if v > 1<<32-1 {
		r.failf("number is larger than 32 bits")
		return 0
	}
	return uint32(v)
}

// leb reads an unsigned number of at most max bytes.
func (r *reader) leb(max int) uint64 {
	var v uint64
	for i := 0; i < max; i++ {
		b := r.byte()
		if r.err != nil {
			return 0
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return v
		}
	}
	r.failf("number is longer than %d bytes", max)
	return 0
}

// skipLEB steps over a signed or unsigned number of at most max bytes.
func (r *reader) skipLEB(max int) {
	for i := 0; i < max; i++ {
		if b := r.byte(); r.err != nil || b < 0x80 {
			return
		}
	}
	r.failf("number is longer than %d bytes", max)
}

func (r *reader) name() string {
	n := r.u32()
	if uint64(n) > uint64(r.left()) {
		r.short("a name")
		return ""
	}
	b := r.take(int(n), "a name")
	if r.err == nil && !utf8.Valid(b) {
		r.failf("a name is not UTF-8")
	}
	return string(b)
}

// count reads the length of a vector whose elements take at least size bytes
// each, and refuses what cannot fit or is above limit.
func (r *reader) count(what string, size int, limit uint32) int {
	n := r.u32()
	switch {
	case r.err != nil:
		return 0
	case n > limit:
		r.failf("%d %s are more than the limit of %d", n, what, limit)
		return 0
	case uint64(n)*uint64(size) > uint64(r.left()):
		r.failf("%d %s do not fit into the %d bytes that are left", n, what, r.left())
		return 0
	}
	return int(n)
}
