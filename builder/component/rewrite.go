package component

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// RenameImports returns the module with its imports renamed by f, which is called with each
// import's position and names in order and returns the new ones. Only the import section is
// encoded anew, everything else is copied byte for byte; a module without imports is returned
// as it is, not copied. What lies behind the import section is not looked at. The error is an
// *Error.
func RenameImports(module []byte, f func(i int, imp ModuleImport) (module, name string)) ([]byte, error) {
	d := newModuleDecoder(module)
	for d.place < coreOrder[sectionImport] && !d.done() {
		d.moduleSection()
	}
	if d.err != nil {
		return nil, d.err
	}
	i := slices.IndexFunc(d.m.Sections, func(s Section) bool { return s.ID == sectionImport })
	if i < 0 {
		return module, nil
	}
	payload := binary.AppendUvarint(nil, uint64(len(d.m.Imports)))
	for i, im := range d.m.Imports {
		mod, name := f(i, im)
		payload = appendName(appendName(payload, mod), name)
		payload = append(payload, im.desc.Of(module)...)
	}
	s := d.m.Sections[i]
	out := make([]byte, 0, len(module)+len(payload))
	out = append(out, module[:s.Header.Offset]...)
	out = appendSection(out, sectionImport, payload)
	return append(out, module[s.Payload.Offset+s.Payload.Size:]...), nil
}

// BridgeExport gives import number Import the name Name.
type BridgeExport struct {
	Name   string
	Import int // index into the bridge's imports
}

// Bridge returns a module that imports everything in imports and exports it again. Of the
// imports, Module, Name and Type count, with Type.Func for functions and tags. The error is
// non-nil for an import index out of range, a name exported twice, or a type that cannot be
// written without its module's types (references other than funcref and externref).
func Bridge(imports []ModuleImport, exports []BridgeExport) ([]byte, error) {
	b := bridge{types: map[string]uint32{}}
	for _, im := range imports {
		if err := b.addImport(im); err != nil {
			return nil, fmt.Errorf("bridging import %q %q: %w", im.Module, im.Name, err)
		}
	}
	for _, e := range exports {
		if err := b.addExport(e); err != nil {
			return nil, fmt.Errorf("bridging export %q: %w", e.Name, err)
		}
	}
	out := append([]byte(magic), 1, 0, 0, 0)
	for _, s := range []struct {
		id    byte
		count int
		items []byte
	}{{1, len(b.types), b.typeItems}, {sectionImport, len(b.kinds), b.importItems}, {7, len(exports), b.exportItems}} {
		if s.count > 0 {
			out = appendSection(out, s.id, append(binary.AppendUvarint(nil, uint64(s.count)), s.items...))
		}
	}
	return out, nil
}

// bridge collects a bridge's sections.
type bridge struct {
	types                               map[string]uint32 // index by encoding
	typeItems, importItems, exportItems []byte
	kinds                               []ExternKind // of the imports
	indices                             []uint32     // of the imports, each in its kind's index space
	counts                              [ExternTag + 1]uint32
	names                               map[string]bool // exported so far
}

func (b *bridge) addImport(im ModuleImport) error {
	t := im.Type
	if t.Kind > ExternTag {
		return fmt.Errorf("unknown kind %d", t.Kind)
	}
	b.importItems = appendName(appendName(b.importItems, im.Module), im.Name)
	b.importItems = append(b.importItems, byte(t.Kind))
	switch t.Kind {
	case ExternTag:
		b.importItems = append(b.importItems, 0)
		fallthrough
	case ExternFunc:
		i, err := b.typeIndex(t.Func)
		if err != nil {
			return err
		}
		b.importItems = binary.AppendUvarint(b.importItems, uint64(i))
	case ExternTable:
		if t.Val != FuncRef && t.Val != ExternRef {
			return fmt.Errorf("a table of %s needs its module's types", t.Val)
		}
		b.importItems = appendLimits(append(b.importItems, byte(t.Val)), t.Limits)
	case ExternMemory:
		b.importItems = appendLimits(b.importItems, t.Limits)
	case ExternGlobal:
		if t.Val == RefType {
			return fmt.Errorf("a global of %s needs its module's types", t.Val)
		}
		b.importItems = append(b.importItems, byte(t.Val), t.mutability())
	}
	b.kinds = append(b.kinds, t.Kind)
	b.indices = append(b.indices, b.counts[t.Kind])
	b.counts[t.Kind]++
	return nil
}

// mutability is a global's flags.
func (e CoreExtern) mutability() (flags byte) {
	if e.Mutable {
		flags |= 1
	}
	if e.shared {
		flags |= 2
	}
	return flags
}

// typeIndex returns the index of a function type, adding it when it is new.
func (b *bridge) typeIndex(f CoreFuncType) (uint32, error) {
	enc := []byte{0x60}
	for _, ts := range [][]CoreValType{f.Params, f.Results} {
		enc = binary.AppendUvarint(enc, uint64(len(ts)))
		for _, t := range ts {
			if t == RefType {
				return 0, fmt.Errorf("a function with a %s needs its module's types", t)
			}
			enc = append(enc, byte(t))
		}
	}
	i, ok := b.types[string(enc)]
	if !ok {
		i = uint32(len(b.types))
		b.types[string(enc)] = i
		b.typeItems = append(b.typeItems, enc...)
	}
	return i, nil
}

func (b *bridge) addExport(e BridgeExport) error {
	if e.Import < 0 || e.Import >= len(b.kinds) {
		return fmt.Errorf("import %d is out of range: there are %d", e.Import, len(b.kinds))
	}
	if b.names[e.Name] {
		return fmt.Errorf("the name is used twice")
	}
	if b.names == nil {
		b.names = map[string]bool{}
	}
	b.names[e.Name] = true
	b.exportItems = append(appendName(b.exportItems, e.Name), byte(b.kinds[e.Import]))
	b.exportItems = binary.AppendUvarint(b.exportItems, uint64(b.indices[e.Import]))
	return nil
}

// appendLimits writes the limits of a table or memory.
func appendLimits(b []byte, l CoreLimits) []byte {
	var flags byte
	for i, set := range []bool{l.HasMax, l.Shared, l.Is64, l.customPages()} {
		if set {
			flags |= 1 << i
		}
	}
	b = binary.AppendUvarint(append(b, flags), l.Min)
	if l.HasMax {
		b = binary.AppendUvarint(b, l.Max)
	}
	if l.customPages() {
		b = binary.AppendUvarint(b, uint64(l.PageSizeLog2))
	}
	return b
}

// customPages tells whether the page size has to be written. Pages of one byte are the only
// ones the proposal allows beside the usual ones, and PageSizeLog2 is zero in limits that
// were not decoded; so one-byte pages need the mark that decoding leaves.
func (l CoreLimits) customPages() bool { return l.custom && l.PageSizeLog2 != 16 }

func appendName(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendSection(b []byte, id byte, payload []byte) []byte {
	return append(binary.AppendUvarint(append(b, id), uint64(len(payload))), payload...)
}
