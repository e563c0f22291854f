package smoke

import "encoding/binary"

// target is where an import is found: the export name of the instance key.
type target struct{ key, name string }

// rewritten returns the module as the sandbox gives it to wazero: import i asks for
// targets[i], tables cannot grow beyond tableMax elements, and of the custom sections only
// a readable name section is left.
//
// New import names are what makes it possible to resolve every import on its own: empty
// module names, two imports of one name with different types, and imports that come
// from different instances under one module name all become ordinary.
func (m *module) rewritten(targets []target, tableMax uint64) []byte {
	out := make([]byte, 0, len(m.data)+32*len(targets))
	out = append(out, m.data[:8]...)
	for _, s := range m.sections {
		switch {
		case s.id == 0 && (s.name != "name" || s.unreadable || !s.firstOfName):
		case s.id == 2:
			out = appendSection(out, 2, m.encodeImports(targets))
		case s.id == 4:
			out = appendSection(out, 4, m.encodeTables(tableMax))
		default:
			out = append(out, m.data[s.start:s.end]...)
		}
	}
	return out
}

func (m *module) encodeImports(targets []target) []byte {
	b := binary.AppendUvarint(nil, uint64(len(m.imports)))
	for i, imp := range m.imports {
		b = appendName(b, targets[i].key)
		b = appendName(b, targets[i].name)
		b = append(b, imp.desc...)
	}
	return b
}

func (m *module) encodeTables(tableMax uint64) []byte {
	own := m.tables[m.importedTables:]
	b := binary.AppendUvarint(nil, uint64(len(own)))
	for _, t := range own {
		if t.init != nil {
			b = append(b, 0x40, 0)
		}
		if ceiling := max(t.min, tableMax); !t.hasMax || t.max > ceiling {
			t.max = ceiling
		}
		b = append(b, t.elem, 1)
		b = binary.AppendUvarint(b, t.min)
		b = binary.AppendUvarint(b, t.max)
		b = append(b, t.init...)
	}
	return b
}

func appendSection(b []byte, id byte, body []byte) []byte {
	b = append(b, id)
	b = binary.AppendUvarint(b, uint64(len(body)))
	return append(b, body...)
}

func appendName(b []byte, name string) []byte {
	b = binary.AppendUvarint(b, uint64(len(name)))
	return append(b, name...)
}

// providers returns a module that exports one memory, table or global for each given
// import, named by f: what a host would provide, at its declared minimum and zero.
func (m *module) providers(kind byte, indices []int, name func(i int) string) []byte {
	var defs, exports []byte
	for n, i := range indices {
		defs = m.imports[i].appendDefinition(defs)
		exports = appendName(exports, name(i))
		exports = append(exports, kind)
		exports = binary.AppendUvarint(exports, uint64(n))
	}
	count := binary.AppendUvarint(nil, uint64(len(indices)))
	section := map[byte]byte{kindTable: 4, kindMemory: 5, kindGlobal: 6}[kind]
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = appendSection(out, section, append(count[:len(count):len(count)], defs...))
	return appendSection(out, 7, append(count[:len(count):len(count)], exports...))
}

// appendDefinition encodes what the import describes as a definition of a module's own.
func (imp *imported) appendDefinition(b []byte) []byte {
	b = append(b, imp.desc[1:]...)
	if imp.kind != kindGlobal {
		return b
	}
	switch imp.global.kind {
	case 0x7f, 0x7e:
		b = append(b, 0x41+(0x7f-imp.global.kind), 0)
	case 0x7d:
		b = append(b, 0x43, 0, 0, 0, 0)
	case 0x7c:
		b = append(b, 0x44, 0, 0, 0, 0, 0, 0, 0, 0)
	case 0x7b:
		b = append(append(b, 0xfd, 12), make([]byte, 16)...)
	default:
		b = append(b, 0xd0, imp.global.kind)
	}
	return append(b, 0x0b)
}
