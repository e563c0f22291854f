package source

import (
	"cmp"
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// row says that the instructions from address on come from a line.
type row struct {
	address      uint64 // in the code section
	file         string
	line, column int
	end          bool         // nothing is known from here on
	unit         *dwarf.Entry // that told of it
}

// openDWARF reads no more than the heads of the sections; nil: the module has none.
func openDWARF(debug map[string][]byte) (*dwarf.Data, error) {
	if len(debug[".debug_info"]) == 0 || len(debug[".debug_abbrev"]) == 0 {
		return nil, nil
	}
	data, err := dwarf.New(debug[".debug_abbrev"], nil, nil, debug[".debug_info"], debug[".debug_line"], nil, debug[".debug_ranges"], debug[".debug_str"])
	if err != nil {
		return nil, err
	}
	for _, name := range []string{".debug_addr", ".debug_line_str", ".debug_str_offsets", ".debug_rnglists", ".debug_loclists"} {
		if section, ok := debug[name]; ok {
			if err := data.AddSection(name, section); err != nil {
				return nil, err
			}
		}
	}
	return data, nil
}

// units are the compilation units, found by the lengths in their heads: debug/dwarf would follow
// what an entry names as the next one, which may lie before it, without end.
func units(data *dwarf.Data, info []byte) (list []*dwarf.Entry) {
	for at := uint64(0); at+12 <= uint64(len(info)); {
		length, version := binary.LittleEndian.Uint32(info[at:]), binary.LittleEndian.Uint16(info[at+4:])
		head := uint64(11)
		if version >= 5 {
			head = 12 // the unit's type is in it
		}
		entries := data.Reader()
		entries.Seek(dwarf.Offset(at + head))
		if unit, err := entries.Next(); err == nil && unit != nil && unit.Tag == dwarf.TagCompileUnit {
			list = append(list, unit)
		}
		at += 4 + uint64(length)
	}
	return list
}

// readRows are the rows of all units, by address.
func readRows(data *dwarf.Data, s *sections) []row {
	var rows []row
	read := map[int64]bool{} // tables, which several units may name
	for _, unit := range units(data, s.debug[".debug_info"]) {
		if table, ok := unit.Val(dwarf.AttrStmtList).(int64); ok && !read[table] {
			read[table] = true
			rows = append(rows, unitRows(data, unit, s)...)
		}
	}
	slices.SortStableFunc(rows, byAddress)
	return rows
}

// byAddress orders rows; where one sequence ends another may begin.
func byAddress(a, b row) int { return cmp.Or(cmp.Compare(a.address, b.address), ends(b)-ends(a)) }

func ends(r row) int {
	if r.end {
		return 1
	}
	return 0
}

// unitRows are those of one unit, but for sequences that begin outside of every function: these
// are of functions that the linker threw away.
func unitRows(data *dwarf.Data, unit *dwarf.Entry, s *sections) (rows []row) {
	lines, err := data.LineReader(unit)
	if err != nil || lines == nil {
		return nil
	}
	var sequence []row
	for {
		var e dwarf.LineEntry
		if err := lines.Next(&e); err != nil {
			if !errors.Is(err, io.EOF) {
				return nil // a table that is broken somewhere is believed nowhere
			}
			return rows
		}
		r := row{address: e.Address, line: e.Line, column: e.Column, end: e.EndSequence, unit: unit}
		if e.File != nil {
			r.file = e.File.Name
		}
		sequence = append(sequence, r)
		if !e.EndSequence {
			continue
		}
		// A function's first address is that of its size or of its locals.
		if _, living := s.function(sequence[0].address + 5); living {
			rows = append(rows, sequence...)
		}
		sequence = nil
	}
}

// rowAt is the row that tells of offset, inside of f.
func rowAt(rows []row, f function, offset uint64) (row, bool) {
	i, _ := slices.BinarySearchFunc(rows, offset, func(r row, offset uint64) int {
		if r.address <= offset {
			return -1
		}
		return 1
	})
	if i == 0 || rows[i-1].end || rows[i-1].line == 0 || rows[i-1].address+5 < f.start {
		return row{}, false
	}
	return rows[i-1], true
}
