package source

import "errors"

var errShort = errors.New("the section is shorter than it says")

// reader takes a section's parts from its front. After the first error it gives zeros.
type reader struct {
	rest []byte
	at   int // of rest in the module
	err  error
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.err, r.rest = errShort, nil
		return nil
	}
	taken := r.rest[:n]
	r.rest, r.at = r.rest[n:], r.at+n
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// number is an unsigned LEB128 of 32 bits.
func (r *reader) number() uint32 {
	var value uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		value |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return uint32(value)
		}
	}
	r.err, r.rest = errors.New("a number has too many digits"), nil
	return 0
}

func (r *reader) sized() reader {
	n := int(r.number())
	at := r.at
	return reader{rest: r.take(n), at: at, err: r.err}
}

func (r *reader) name() string { s := r.sized(); return string(s.rest) }

func (r *reader) more() bool { return r.err == nil && len(r.rest) > 0 }
