package source

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// function is the body of one that the module defines.
type function struct {
	index      uint32 // counted from the first import
	start, end uint64 // in the code section, from the number of its locals to behind its end
}

// sections are the parts of a core module that tell of its source.
type sections struct {
	code      uint64 // where the content of the code section begins in the module
	functions []function
	names     map[uint32]string // of functions
	debug     map[string][]byte // .debug_* by name
	url       string            // of the source map
}

func readSections(module []byte) (*sections, error) {
	if !bytes.HasPrefix(module, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, errors.New("it is no core module")
	}
	s := &sections{names: map[uint32]string{}, debug: map[string][]byte{}}
	r := reader{rest: module[8:], at: 8}
	imported := uint32(0)
	for r.more() {
		id := r.byte()
		content := r.sized()
		if r.err != nil {
			return nil, fmt.Errorf("the section at byte %d: %w", r.at, r.err)
		}
		switch id {
		case 0:
			s.custom(content)
		case 2:
			imported = importedFunctions(content)
		case 10:
			s.code = uint64(content.at)
			s.bodies(content, imported)
		}
	}
	return s, nil
}

// custom keeps what tells of the source. What is broken in it is left out.
func (s *sections) custom(r reader) {
	name := r.name()
	switch {
	case strings.HasPrefix(name, ".debug_"):
		s.debug[name] = r.rest
	case name == MapSection:
		s.url = r.name()
	case name == "name":
		for r.more() {
			id := r.byte()
			names := r.sized()
			if id != 1 {
				continue
			}
			for n := names.number(); n > 0 && names.more(); n-- {
				index := names.number()
				s.names[index] = names.name()
			}
		}
	}
}

// bodies notes where each function lies. A section that ends too early has fewer.
func (s *sections) bodies(r reader, first uint32) {
	for n := r.number(); n > 0 && r.more(); n-- {
		body := r.sized()
		start := uint64(body.at) - s.code
		s.functions = append(s.functions, function{first, start, start + uint64(len(body.rest))})
		first++
	}
}

// importedFunctions counts them; an import of a kind that is not known ends the count.
func importedFunctions(r reader) (count uint32) {
	for n := r.number(); n > 0 && r.more(); n-- {
		r.name()
		r.name()
		switch r.byte() {
		case 0: // a function, of a type
			r.number()
			count++
		case 1: // a table
			r.byte()
			r.limits()
		case 2: // a memory
			r.limits()
		case 3: // a global
			r.take(2)
		case 4: // a tag
			r.take(1)
			r.number()
		default:
			return count
		}
	}
	return count
}

func (r *reader) limits() {
	flags := r.byte()
	r.number()
	if flags&1 != 0 {
		r.number()
	}
}

// function is the one whose body holds offset.
func (s *sections) function(offset uint64) (function, bool) {
	i, exact := slices.BinarySearchFunc(s.functions, offset, func(f function, offset uint64) int {
		switch {
		case f.end <= offset:
			return -1
		case f.start > offset:
			return 1
		}
		return 0
	})
	if !exact {
		return function{}, false
	}
	return s.functions[i], true
}
