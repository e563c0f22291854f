package slim

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/zeebo/blake3"
)

const (
	coreHead      = "\x00asm\x01\x00\x00\x00"
	componentHead = "\x00asm\x0d\x00\x01\x00"
)

// Numbers of sections.
const (
	customSection = 0
	codeSection   = 10
	dataSection   = 11

	moduleSection    = 1 // of a component
	componentSection = 4
)

// deepest is how deep components nest that are looked into.
const deepest = 8

// section is one section of a file: b[head:body] is its number and size, b[body:end] its content.
type section struct {
	id              byte
	head, body, end int
}

// sections are those of the module or component b, which begins with its header.
func sections(b []byte) (list []section, ok bool) {
	for at := len(coreHead); at < len(b); {
		size, n := number(b[at+1:])
		body := at + 1 + n
		if n == 0 || size > len(b)-body {
			return nil, false
		}
		list = append(list, section{b[at], at, body, body + size})
		at = body + size
	}
	return list, true
}

// number is a number of 32 bits as the format writes them, and how many bytes it takes; 0 when
// there is none.
func number(b []byte) (value, n int) {
	v, n := binary.Uvarint(b[:min(len(b), 5)])
	if n <= 0 || v > math.MaxUint32 {
		return 0, 0
	}
	return int(v), n
}

// core is a core module in a file with much code.
type core struct {
	module []byte // of the file
	code   section
	first  int      // where the first entry of the code section begins in module
	bodies [][]byte // with their sizes before them
	frame  [32]byte // the digest of all that decides whether a body is valid
}

// readCore is the core module in b; nil for one that has less than least bytes of code, or that
// is not understood.
func readCore(b []byte, least int) *core {
	list, ok := sections(b)
	if !ok || !bytes.HasPrefix(b, []byte(coreHead)) {
		return nil
	}
	c := &core{module: b}
	frame := blake3.New()
	for _, s := range list {
		switch s.id {
		case customSection, dataSection: // the number of segments that code may name is in a section of its own
			continue
		case codeSection:
			if c.code.end > 0 || s.end-s.body < least {
				return nil
			}
			c.code = s
			continue
		}
		// Its number and its size, in full, and its content.
		frame.Write(binary.LittleEndian.AppendUint64([]byte{s.id}, uint64(s.end-s.body)))
		frame.Write(b[s.body:s.end])
	}
	if c.code.end == 0 || !c.readBodies() {
		return nil
	}
	frame.Sum(c.frame[:0])
	return c
}

func (c *core) readBodies() bool {
	content := c.module[c.code.body:c.code.end]
	count, at := number(content)
	if at == 0 || count > len(content) {
		return false
	}
	c.first = c.code.body + at
	c.bodies = make([][]byte, 0, count)
	for range count {
		size, n := number(content[at:])
		if n == 0 || size > len(content)-at-n {
			return false
		}
		c.bodies = append(c.bodies, content[at:at+n+size])
		at += n + size
	}
	return at == len(content)
}

// entries are all bodies of c, as they lie in the file.
func (c *core) entries() []byte { return c.module[c.first:c.code.end] }

// cores finds the core modules in the file b that readCore takes, in their order.
func cores(b []byte, least, depth int) (found []*core) {
	if !bytes.HasPrefix(b, []byte(componentHead)) {
		if c := readCore(b, least); c != nil {
			found = append(found, c)
		}
		return found
	}
	list, ok := sections(b)
	if !ok || depth == deepest {
		return nil
	}
	for _, s := range list {
		if s.end-s.body >= least && (s.id == moduleSection || s.id == componentSection) {
			found = append(found, cores(b[s.body:s.end], least, depth+1)...)
		}
	}
	return found
}

// rewrite is the file b with the code sections in their place that changed has for a core module,
// which is named by where it begins.
func rewrite(b []byte, changed map[*byte][]byte, depth int) []byte {
	list, ok := sections(b)
	if !ok || len(b) == 0 || depth > deepest {
		return b
	}
	component := bytes.HasPrefix(b, []byte(componentHead))
	code := changed[&b[0]]
	out := append(make([]byte, 0, len(b)), b[:len(coreHead)]...)
	for _, s := range list {
		content := b[s.body:s.end]
		switch {
		case component && len(content) > 0 && (s.id == moduleSection || s.id == componentSection):
			content = rewrite(content, changed, depth+1)
		case !component && s.id == codeSection && code != nil:
			content = code
		}
		if len(content) == s.end-s.body {
			out = append(out, b[s.head:s.body]...) // as it was spelled
		} else {
			out = binary.AppendUvarint(append(out, s.id), uint64(len(content)))
		}
		out = append(out, content...)
	}
	return out
}
