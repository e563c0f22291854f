package component

// coreTypeDef reads a core type definition: a function, a module, or a GC type.
func (d *decoder) coreTypeDef() {
	start := d.pos
	t := &CoreType{}
	tr := &typeReader{reader: &d.reader}
	switch {
	case d.peek() == 0x50:
		d.byte()
		t.Module = d.coreModuleType()
	case d.peek() == 0x00:
		d.byte() // marks a GC type that would otherwise look like a module type
		fallthrough
	default:
		types := tr.recGroup()
		d.spend(len(types))
		if len(types) == 1 && types[0].isFunc {
			t.Func = &types[0].CoreFuncType
		}
		if d.err == nil && len(types) != 1 {
			d.failAt(start, "a recursive group of %d types is not supported in a component", len(types))
		}
	}
	d.define(start, t, &t.defAt, Extern{Sort: SortCoreType, CoreModule: t.Module, coreFunc: t.Func})
}

// coreModuleType reads the declarations of a module type. It has a type space of its own.
func (d *decoder) coreModuleType() *CoreModuleType {
	t := &CoreModuleType{}
	tr := &typeReader{reader: &d.reader}
	for range d.items("declarations", 1) {
		start := d.pos
		switch c := d.byte(); c {
		case 0x00:
			t.Imports = append(t.Imports, tr.moduleImport())
		case 0x01:
			tr.types = append(tr.types, tr.recGroup()...)
			d.spend(1)
		case 0x02:
			d.coreOuterAlias(tr)
		case 0x03:
			t.Exports = append(t.Exports, ModuleExportType{Name: d.name(), Type: tr.extern()})
		default:
			d.failAt(start, "unknown module declaration %#x", c)
		}
		if d.err != nil {
			return t
		}
	}
	return t
}

// coreOuterAlias takes a core type of an enclosing scope into a module type; the module type
// itself is level 0.
func (d *decoder) coreOuterAlias(tr *typeReader) {
	start := d.pos
	d.expect(0x10, "the sort of an alias in a module type")
	d.expect(0x01, "the target of an alias in a module type")
	count, i := d.u32(), d.u32()
	sc := d.scope
	for n := uint32(1); n < count && sc != nil; n++ {
		sc = sc.parent
	}
	if count == 0 || sc == nil {
		d.failAt(start, "outer alias goes %d levels out, only %d enclose it", count, d.scope.depth+1)
		return
	}
	var t moduleType
	if f := d.at(start, sc, SortCoreType, i).coreFunc; f != nil {
		t = moduleType{CoreFuncType: *f, isFunc: true}
	}
	tr.types = append(tr.types, t)
}
