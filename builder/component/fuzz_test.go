package component

import (
	"bytes"
	"testing"
)

// addSeeds gives a fuzz target every seed, those of the corpus only when they are small.
func addSeeds(f *testing.F, kind Kind) {
	for _, b := range seeds(f) {
		if Sniff(b).Kind == kind {
			f.Add(b)
		}
	}
}

// FuzzDecode asserts that what decodes keeps all properties, that what does not fails with a
// place inside the input, and that neither costs more than in proportion.
func FuzzDecode(f *testing.F) {
	addSeeds(f, KindComponent)
	for _, b := range [][]byte{nestedComponents(5), nestedTypes(5), comp(sec(7, doubling(40)))} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var c *Component
		err := checkCost(t, b, func() (err error) { c, err = Decode(b); return err })
		if checkError(t, b, err, false) {
			return
		}
		checkComponent(t, b, c)
		for _, d := range c.Space(SortCoreFunc) {
			if canon, ok := d.(*Canon); ok {
				canon.CoreType()
			}
		}
		w := c.World()
		if len(w.Imports) != len(c.Imports) || len(w.Exports) != len(c.Exports) {
			t.Fatalf("%d imports and %d exports in the world", len(w.Imports), len(w.Exports))
		}
		for _, im := range w.Imports {
			if im.Name.String() != im.Raw && im.Name.Plain == "" {
				t.Fatalf("name %q is put together as %q", im.Raw, im.Name)
			}
		}
	})
}

// FuzzSection puts a payload into a section of a real component, with the right size in front,
// so that what is tried is not lost to sizes that do not add up.
func FuzzSection(f *testing.F) {
	var bases []*Component
	var inputs [][]byte
	for _, name := range []string{"canon.bin", "async.bin", "types.bin", "component"} {
		b := seeds(f)[name]
		c, err := Decode(b)
		if err != nil {
			f.Fatal(err)
		}
		for i, s := range c.Sections {
			f.Add(uint8(len(bases)), uint8(i), s.ID, s.Payload.Of(b))
		}
		bases, inputs = append(bases, c), append(inputs, b)
	}
	f.Fuzz(func(t *testing.T, base, section, id uint8, payload []byte) {
		i := int(base) % len(bases)
		c, in := bases[i], inputs[i]
		s := c.Sections[int(section)%len(c.Sections)]
		b := cat(in[:s.Header.Offset], sec(id, payload), in[s.Payload.Offset+s.Payload.Size:])
		got, err := Decode(b)
		if !checkError(t, b, err, false) {
			checkComponent(t, b, got)
		}
	})
}

// FuzzDecodeModule does the same for core modules, and renames their imports.
func FuzzDecodeModule(f *testing.F) {
	addSeeds(f, KindCore)
	f.Fuzz(func(t *testing.T, b []byte) {
		var m *Module
		err := checkCost(t, b, func() (err error) { m, err = DecodeModule(b); return err })
		if !checkError(t, b, err, false) {
			checkModule(t, b, m)
		}
	})
}

// FuzzBridge bridges whatever a module imports: what Bridge writes must decode to the same
// imports, exported under the names that were asked for.
func FuzzBridge(f *testing.F) {
	addSeeds(f, KindCore)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeModule(b)
		if err != nil {
			return
		}
		checkBridge(t, m.Imports)
	})
}

// checkBridge bridges imports under numbered names.
func checkBridge(t *testing.T, imports []ModuleImport) {
	t.Helper()
	var exports []BridgeExport
	for i := range imports {
		exports = append(exports, BridgeExport{Name: string(uleb(uint64(i) + 0x21)[:1]) + string(rune('a'+i%26)) + string(rune(0x100+i)), Import: i})
	}
	b, err := Bridge(imports, exports)
	if err != nil {
		return // names that collide or references to a module's own types
	}
	m, err := DecodeModule(b)
	if err != nil {
		t.Fatalf("decoding a bridge: %v\n% x", err, b)
	}
	if len(m.Imports) != len(imports) || len(m.Exports) != len(imports) {
		t.Fatalf("a bridge of %d has %d imports and %d exports", len(imports), len(m.Imports), len(m.Exports))
	}
	for i, im := range m.Imports {
		was := imports[i]
		typ, ok := m.ExportType(m.Exports[i])
		if im.Module != was.Module || im.Name != was.Name || m.Exports[i].Name != exports[i].Name || !ok ||
			typ.String() != was.Type.String() || im.Type.String() != was.Type.String() {
			t.Fatalf("import %d %v became %v, exported as %v", i, was, im, typ)
		}
	}
}

// FuzzSniff asserts that there is always a sentence, and that only the eight bytes count.
func FuzzSniff(f *testing.F) {
	for _, b := range []string{"", "\x00as", "(module)", "; comment", "\x00asm\x01\x00\x00\x00", "\x00asm\x0c\x00\x01\x00", "MZ"} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := Sniff(b)
		if s.Sentence == "" {
			t.Fatalf("no sentence for %q", b)
		}
		binary := s.Kind == KindCore || s.Kind == KindComponent
		if binary != (bytes.HasPrefix(b, mod()) || bytes.HasPrefix(b, comp())) {
			t.Fatalf("% x is %s", b[:min(8, len(b))], s.Kind)
		}
	})
}
