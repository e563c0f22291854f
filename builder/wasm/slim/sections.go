package slim

import (
	"bytes"
	"encoding/binary"
	"math"
)

const (
	coreHead      = "\x00asm\x01\x00\x00\x00"
	componentHead = "\x00asm\x0d\x00\x01\x00"
)

// Numbers of sections.
const (
	customSection    = 0
	importSection    = 2
	functionSection  = 3
	tableSection     = 4
	memorySection    = 5
	globalSection    = 6
	exportSection    = 7
	startSection     = 8
	elementSection   = 9
	codeSection      = 10
	dataSection      = 11
	dataCountSection = 12

	nameSection = 0xff // none of the format: the custom section with names

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

// whole is how long it is with its number and size.
func (s section) whole() int64 { return int64(s.end - s.head) }

// sized is how long a section is with n bytes of content.
func sized(n int) int64 { return int64(1 + len(binary.AppendUvarint(nil, uint64(n))) + n) }

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

// modules calls each for the core modules in the file b, in their order, with where they begin. It is not ok where some were
// not found.
func modules(b []byte, each func(module []byte, at int)) (ok bool) { return modulesIn(b, 0, 0, each) }

func modulesIn(b []byte, at, depth int, each func(module []byte, at int)) (ok bool) {
	if !bytes.HasPrefix(b, []byte(componentHead)) {
		each(b, at)
		return true
	}
	list, ok := sections(b)
	if !ok || depth == deepest {
		return false
	}
	for _, s := range list {
		if s.id == moduleSection || s.id == componentSection {
			ok = modulesIn(b[s.body:s.end], at+s.body, depth+1, each) && ok
		}
	}
	return ok
}

// codes are where the code sections of all core modules in the file b have their content.
func codes(b []byte) (at []int) {
	modules(b, func(module []byte, begin int) {
		list, _ := sections(module)
		for _, s := range list {
			if s.id == codeSection {
				at = append(at, begin+s.body)
			}
		}
	})
	return at
}

// changes are the contents of sections that change, by their numbers, of core modules, which are named by where they begin.
type changes map[*byte]map[byte][]byte

func (changed changes) set(module []byte, id byte, content []byte) {
	of := changed[&module[0]]
	if of == nil {
		of = map[byte][]byte{}
		changed[&module[0]] = of
	}
	of[id] = content
}

// noNames is the content of a custom section for names that has none.
var noNames = []byte("\x04name")

// isNames reports whether a section of the core module b is for names.
func isNames(s section, b []byte) bool {
	return s.id == customSection && bytes.HasPrefix(b[s.body:s.end], noNames)
}

// dropNames takes the names out of a core module, and says how many bytes there are less then.
func (changed changes) dropNames(module []byte) (less int64) {
	list, _ := sections(module)
	for _, s := range list {
		if isNames(s, module) {
			less += s.whole() - sized(len(noNames))
			changed.set(module, nameSection, noNames)
		}
	}
	return less
}

// rewrite is the file b with what changed.
func rewrite(b []byte, changed changes, depth int) []byte {
	list, ok := sections(b)
	if !ok || len(b) == 0 || depth > deepest {
		return b
	}
	component := bytes.HasPrefix(b, []byte(componentHead))
	own := changed[&b[0]]
	out := append(make([]byte, 0, len(b)), b[:len(coreHead)]...)
	for _, s := range list {
		content := b[s.body:s.end]
		switch {
		case own[nameSection] != nil && isNames(s, b):
			content = own[nameSection]
		case component && len(content) > 0 && (s.id == moduleSection || s.id == componentSection):
			content = rewrite(content, changed, depth+1)
		case !component && own[s.id] != nil:
			content = own[s.id]
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
