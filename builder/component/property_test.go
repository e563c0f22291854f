package component

import (
	"bytes"
	"slices"
	"testing"
)

// checkComponent asserts what must hold of everything Decode accepts: sections tile the
// component, definitions lie in their sections in order and fill their spaces, and the
// sections of names and indices encode again to the bytes they were read from, up to the
// order of canonical options and to numbers that were written longer than needed.
func checkComponent(t *testing.T, input []byte, c *Component) {
	t.Helper()
	at := c.Range.Offset + preambleSize
	for i, s := range c.Sections {
		if s.Header.Offset != at || s.Header.Offset+s.Header.Size != s.Payload.Offset {
			t.Fatalf("section %d (%s) begins at %#x, not at %#x", i, s.Name, s.Header.Offset, at)
		}
		at = s.Payload.Offset + s.Payload.Size
	}
	if end := c.Range.Offset + c.Range.Size; at != end {
		t.Fatalf("sections end at %#x, the component at %#x", at, end)
	}
	checkDefs(t, c)
	checkReencoding(t, input, c)
	for _, d := range c.Defs {
		switch d := d.(type) {
		case *Component:
			if d.Parent != c || d.Depth != c.Depth+1 {
				t.Fatalf("nested component at %#x has parent %p and depth %d", d.At(), d.Parent, d.Depth)
			}
			checkComponent(t, input, d)
		case *CoreModule:
			if Sniff(d.Range.Of(input)).Kind != KindCore {
				t.Fatalf("core module at %#x is not one", d.At())
			}
		}
	}
}

// checkDefs asserts that definitions are in order and are what their spaces say.
func checkDefs(t *testing.T, c *Component) {
	t.Helper()
	last, filled := int64(-1), [sortCount]int{}
	for _, d := range c.Defs {
		if d.At() <= last {
			t.Fatalf("definition at %#x comes after one at %#x", d.At(), last)
		}
		last = d.At()
		s, i, ok := d.Index()
		if !ok {
			continue
		}
		if int(i) != filled[s] || c.Space(s)[i] != d {
			t.Fatalf("definition at %#x fills %s %d, expected %d", d.At(), s, i, filled[s])
		}
		filled[s]++
	}
	for s := range filled {
		if filled[s] != len(c.spaces[s]) {
			t.Fatalf("%d definitions fill the %s space of %d", filled[s], Sort(s), len(c.spaces[s]))
		}
	}
}

// checkReencoding encodes the sections that consist of names, sorts and indices.
func checkReencoding(t *testing.T, input []byte, c *Component) {
	t.Helper()
	defs := c.Defs
	for _, s := range c.Sections {
		end := s.Payload.Offset + s.Payload.Size
		n := 0
		for n < len(defs) && defs[n].At() < end {
			n++
		}
		section := defs[:n]
		defs = defs[n:]
		switch s.ID {
		case 2, 5, 6, 8:
		default:
			continue
		}
		if int(s.Count) != n {
			t.Fatalf("%s section at %#x holds %d definitions, %d announced", s.Name, s.Header.Offset, n, s.Count)
		}
		for i, d := range section {
			next := end
			if i+1 < n {
				next = section[i+1].At()
			}
			was := input[d.At():next]
			is, ok := encodeDef(d)
			if ok && canonical(d, was) && !sameUpToOptionOrder(d, is, was) {
				t.Fatalf("%T at %#x was\n% x, is encoded as\n% x", d, d.At(), was, is)
			}
		}
	}
}

// canonical is false where the same definition has more than one encoding and was is not
// certainly the one the tests' encoder writes: numbers with leading zeros, and the second and
// third form of a name.
func canonical(d Def, was []byte) bool {
	for i := 1; i < len(was); i++ {
		if was[i] == 0x00 && was[i-1] >= 0x80 {
			return false
		}
	}
	if in, ok := d.(*Instance); ok && in.Inline {
		for _, e := range in.Exports {
			if !bytes.Contains(was, ext(e.Name)) {
				return false
			}
		}
	}
	return true
}

// sameUpToOptionOrder compares bytes, for canonical functions as a multiset.
func sameUpToOptionOrder(d Def, a, b []byte) bool {
	if _, ok := d.(*Canon); ok {
		a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	}
	return bytes.Equal(a, b)
}

// checkModule asserts what must hold of everything DecodeModule accepts.
func checkModule(t *testing.T, input []byte, m *Module) {
	t.Helper()
	at := int64(preambleSize)
	for i, s := range m.Sections {
		if s.Header.Offset != at {
			t.Fatalf("section %d (%s) begins at %#x, not at %#x", i, s.Name, s.Header.Offset, at)
		}
		at = s.Payload.Offset + s.Payload.Size
	}
	if at != int64(len(input)) {
		t.Fatalf("sections end at %#x, the module at %#x", at, len(input))
	}
	for i := range m.FuncCount() {
		if _, ok := m.FuncType(uint32(i)); !ok {
			t.Fatalf("function %d of %d has no type", i, m.FuncCount())
		}
	}
	for _, e := range m.Exports {
		if _, ok := m.ExportType(e); !ok {
			t.Fatalf("export %q has no type", e.Name)
		}
	}
	checkModuleReencoding(t, input, m)
	checkRename(t, input, m)
}

// checkModuleReencoding encodes the sections of a module that consist of names and indices.
func checkModuleReencoding(t *testing.T, input []byte, m *Module) {
	t.Helper()
	for _, s := range m.Sections {
		var items [][]byte
		switch s.Name {
		case "function":
			for _, f := range m.Funcs {
				items = append(items, uleb(uint64(f)))
			}
		case "export":
			for _, e := range m.Exports {
				items = append(items, cat(str(e.Name), []byte{byte(e.Kind)}, uleb(uint64(e.Index))))
			}
		case "start":
			items = nil
		default:
			continue
		}
		is, was := vecOf(items...), s.Payload.Of(input)
		if s.Name == "start" {
			is = uleb(uint64(m.Start))
		}
		// A payload that is longer holds numbers with leading zeros.
		if len(is) == len(was) && !bytes.Equal(is, was) || len(is) > len(was) {
			t.Fatalf("%s section was\n% x, is encoded as\n% x", s.Name, was, is)
		}
	}
}

// checkRename renames all imports there and back again.
func checkRename(t *testing.T, input []byte, m *Module) {
	t.Helper()
	there, err := RenameImports(input, func(i int, im ModuleImport) (string, string) { return im.Module + "!", im.Name + "é" })
	if err != nil {
		t.Fatalf("renaming: %v", err)
	}
	renamed, err := DecodeModule(there)
	if err != nil {
		t.Fatalf("decoding the renamed module: %v", err)
	}
	for i, im := range renamed.Imports {
		if was := m.Imports[i]; im.Module != was.Module+"!" || im.Name != was.Name+"é" || im.Type.String() != was.Type.String() {
			t.Fatalf("import %d was %q %q, is %q %q", i, was.Module, was.Name, im.Module, im.Name)
		}
	}
	back, err := RenameImports(there, func(i int, im ModuleImport) (string, string) { return m.Imports[i].Module, m.Imports[i].Name })
	if err != nil {
		t.Fatalf("renaming back: %v", err)
	}
	same, _ := RenameImports(input, func(i int, im ModuleImport) (string, string) { return im.Module, im.Name })
	if !bytes.Equal(back, same) {
		t.Fatal("renaming there and back changes the module")
	}
}
