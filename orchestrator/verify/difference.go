package verify

import (
	"bytes"
	"fmt"
)

// difference is where two modules differ first.
type difference struct {
	where string // "custom section \"name\"", "data section, segment 2 ..."
	a, b  int    // offsets of the first differing byte in either file
}

// part is one section of a module or component, or what lies before the first.
type part struct {
	id         byte
	name       string
	start, end int // of its content
}

var coreNames = [...]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag"}

var componentNames = [...]string{"custom", "core module", "core instance", "core type", "component", "instance", "alias", "type", "canon", "start", "import", "export", "value"}

// The sections that are looked into.
const (
	customID   = 0
	codeID     = 10
	dataID     = 11
	moduleID   = 1 // in a component
	nestedID   = 4 // in a component
	headerSize = 8
)

// firstDifference compares section by section, because one longer section moves
// all that follow. ok is false when the two are equal.
func firstDifference(a, b []byte) (d difference, ok bool) {
	if bytes.Equal(a, b) {
		return difference{}, false
	}
	return compare(a, b, 0, 0, len(a), len(b), "", 0), true
}

// maxNesting is deeper than any tool nests components; below it only an offset is told.
const maxNesting = 16

// compare finds the first difference of the modules in a[aAt:aEnd] and b[bAt:bEnd].
func compare(a, b []byte, aAt, bAt, aEnd, bEnd int, inside string, depth int) difference {
	as, aComponent, aOK := parts(a, aAt, aEnd)
	bs, bComponent, bOK := parts(b, bAt, bEnd)
	if !aOK || !bOK || aComponent != bComponent || depth > maxNesting {
		n := shared(a[aAt:aEnd], b[bAt:bEnd])
		return difference{inside + "the bytes", aAt + n, bAt + n}
	}
	count := map[string]int{}
	for i := range max(len(as), len(bs)) {
		switch {
		case i >= len(as):
			return difference{inside + bs[i].name + ", which only the second build has", aEnd, bs[i].start}
		case i >= len(bs):
			return difference{inside + as[i].name + ", which only the first build has", as[i].start, bEnd}
		case as[i].name != bs[i].name:
			return difference{fmt.Sprintf("%s%s of the first build, where the second has %s", inside, as[i].name, bs[i].name), as[i].start, bs[i].start}
		}
		x, y := as[i], bs[i]
		count[x.name]++
		if bytes.Equal(a[x.start:x.end], b[y.start:y.end]) {
			continue
		}
		if aComponent && (x.id == moduleID || x.id == nestedID) {
			return compare(a, b, x.start, y.start, x.end, y.end, fmt.Sprintf("%s%s %d, ", inside, x.name, count[x.name]), depth+1)
		}
		n := shared(a[x.start:x.end], b[y.start:y.end])
		d := difference{inside + x.name, x.start + n, y.start + n}
		if !aComponent {
			d.detail(a, b, x, y)
		}
		return d
	}
	return difference{inside + "the sections' lengths", aAt + headerSize, bAt + headerSize}
}

// detail says which function or data segment the first difference lies in.
func (d *difference) detail(a, b []byte, x, y part) {
	if x.id != codeID && x.id != dataID {
		return
	}
	xs, ys := items(a, x), items(b, y)
	kind := "function"
	if x.id == dataID {
		kind = "segment"
	}
	for i := range min(len(xs), len(ys)) {
		p, q := xs[i], ys[i]
		if bytes.Equal(a[p.start:p.end], b[q.start:q.end]) {
			continue
		}
		n := shared(a[p.start:p.end], b[q.start:q.end])
		d.where += fmt.Sprintf(", %s %d at byte %d of it", kind, i, n)
		d.a, d.b = p.start+n, q.start+n
		return
	}
	if len(xs) != len(ys) {
		d.where += fmt.Sprintf(", which has %d %ss in the first build and %d in the second", len(xs), kind, len(ys))
	}
}

// shared is how many bytes a and b begin with in common.
func shared(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// parts lists the sections of the module or component in data[at:end].
func parts(data []byte, at, end int) (list []part, isComponent, ok bool) {
	if end-at < headerSize || string(data[at:at+4]) != "\x00asm" {
		return nil, false, false
	}
	isComponent = data[at+6] == 1
	r := scanner{data: data, at: at + headerSize, end: end}
	for r.at < r.end && !r.bad {
		id := r.byte()
		size := r.number()
		p := part{id: id, start: r.at, end: r.at + size}
		if !r.skip(size) {
			break
		}
		p.name = sectionName(data, p, isComponent)
		list = append(list, p)
	}
	return list, isComponent, !r.bad
}

func sectionName(data []byte, p part, isComponent bool) string {
	names := coreNames[:]
	if isComponent {
		names = componentNames[:]
	}
	switch {
	case p.id == customID:
		r := scanner{data: data, at: p.start, end: p.end}
		n := r.number()
		from := r.at
		if !r.skip(n) {
			return "custom section"
		}
		return fmt.Sprintf("custom section %q", data[from:r.at])
	case int(p.id) >= len(names):
		return fmt.Sprintf("section %d", p.id)
	case isComponent && (p.id == moduleID || p.id == nestedID):
		return names[p.id]
	}
	return names[p.id] + " section"
}

// items are the function bodies of a code section, or the bytes of a data
// section's segments; as far as they can be read.
func items(data []byte, p part) (list []part) {
	r := scanner{data: data, at: p.start, end: p.end}
	for range r.number() {
		if p.id == dataID {
			r.segmentHead()
		}
		size := r.number()
		item := part{start: r.at, end: r.at + size}
		if !r.skip(size) {
			return list
		}
		list = append(list, item)
	}
	return list
}

// scanner reads numbers; bad is set by the first that is not there.
type scanner struct {
	data    []byte
	at, end int
	bad     bool
}

func (r *scanner) byte() byte {
	if r.bad || r.at >= r.end {
		r.bad = true
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

// number reads an unsigned LEB128 of at most 32 bits.
func (r *scanner) number() int {
	n := 0
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.bad = true
	return 0
}

func (r *scanner) skip(n int) bool {
	if r.bad || n < 0 || n > r.end-r.at {
		r.bad = true
		return false
	}
	r.at += n
	return true
}

// segmentHead reads what stands before a segment's bytes: flags, a memory, and
// an offset that is one constant or one global. Anything else is not read.
func (r *scanner) segmentHead() {
	const (
		i32Const, i64Const, globalGet, end = 0x41, 0x42, 0x23, 0x0b
		passive, withMemory                = 1, 2
	)
	switch r.number() {
	case passive:
		return
	case withMemory:
		r.number()
	}
	switch r.byte() {
	case i32Const, i64Const, globalGet:
		for r.byte() >= 0x80 {
		}
	default:
		r.bad = true
	}
	r.bad = r.bad || r.byte() != end
}
