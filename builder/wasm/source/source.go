package source

import (
	"debug/dwarf"
	"fmt"
	"sync"
)

// Place is where an instruction comes from.
type Place struct {
	Function     string // as the author or the compiler called it; "": nobody knows
	File         string // as the compiler wrote it, often relative to where it ran; "": nobody knows
	Line, Column int    // from 1; 0: nobody knows
}

// String is "function (file:line:column)", less what is not known.
func (p Place) String() string {
	where := p.File
	if where != "" && p.Line > 0 {
		where += fmt.Sprintf(":%d", p.Line)
		if p.Column > 0 {
			where += fmt.Sprintf(":%d", p.Column)
		}
	}
	switch {
	case where == "":
		return p.Function
	case p.Function == "":
		return where
	}
	return p.Function + " (" + where + ")"
}

const (
	MapSuffix = ".map"   // what the name of a source map that is kept beside its module has behind the module's
	MaxMap    = 64 << 20 // bytes: more than any source map has by far
)

// Module is a core module with what it tells of its source. Its methods may be called
// concurrently.
type Module struct {
	sections *sections
	dwarf    *dwarf.Data // nil: none

	mu   sync.Mutex // guards what follows, and dwarf
	rows []row      // by address
	read bool       // rows were read, or given
}

// Open reads the sections of a core module. Debug information that cannot be read counts as none.
func Open(module []byte) (*Module, error) {
	s, err := readSections(module)
	if err != nil {
		return nil, err
	}
	m := &Module{sections: s}
	guard(func() { m.dwarf, _ = openDWARF(s.debug) })
	return m, nil
}

// MapURL is where the module says that its source map is: a path relative to the module, as a
// rule; "" for none. Whoever has the module knows whether to read it.
func (m *Module) MapURL() string { return m.sections.url }

// UseMap takes the places from a source map, and no longer from the module.
func (m *Module) UseMap(text []byte) error {
	rows, err := parseMap(text, m.sections.code)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows, m.read, m.dwarf = rows, true, nil
	return nil
}

// At are the places of the instruction at offset, counted in bytes from the begin of the code
// section's content, as DWARF and wazero count: the innermost first, and behind it those of the
// functions into which it was compiled. Of an address to which a call returns, give one less. Nil:
// no function is there.
func (m *Module) At(offset uint64) []Place {
	f, ok := m.sections.function(offset)
	if !ok {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.sections.names[f.index]
	places := []Place{{Function: known}}
	guard(func() {
		if !m.read {
			m.read = true
			if m.dwarf != nil {
				m.rows = readRows(m.dwarf, m.sections)
			}
		}
		r, ok := rowAt(m.rows, f, offset)
		if !ok {
			return
		}
		places[0].File, places[0].Line, places[0].Column = r.file, r.line, r.column
		if r.unit != nil {
			places = unrolled(places[0], scopesAt(m.dwarf, r.unit, offset))
		}
	})
	return places
}

// unrolled are the places of an instruction that lies in scopes, the outermost first.
func unrolled(p Place, scopes []scope) []Place {
	var places []Place
	for i := len(scopes) - 1; i >= 0; i-- {
		if s := scopes[i]; s.name != "" {
			p.Function = s.name
		}
		places = append(places, p)
		if scopes[i].file == "" {
			return places
		}
		p = Place{File: scopes[i].file, Line: scopes[i].line, Column: scopes[i].column}
	}
	if places == nil {
		places = []Place{p}
	}
	return places
}

// guard is for the standard library's reader of DWARF, which is not written for bytes that lie.
func guard(read func()) {
	defer func() { _ = recover() }()
	read()
}
