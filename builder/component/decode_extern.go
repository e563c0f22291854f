package component

// externName reads an import's or export's name in each of the forms that tools have written:
// 0x00 and 0x01 with a name, 0x02 with a name and either a version suffix (an earlier draft)
// or a list of annotations.
func (d *decoder) externName() (name, suffix string) {
	start := d.pos
	form := d.byte()
	name = d.name()
	if d.err == nil && name == "" {
		d.failAt(start, "an import or export has an empty name")
	}
	switch {
	case form < 0x02:
	case form > 0x02:
		d.failAt(start, "unknown form %#x of a name", form)
	default:
		suffix = d.nameOptions()
	}
	return name, suffix
}

// nameOptions reads what follows a name of form 0x02. The draft's suffix begins with a
// printable character, an annotation with a small number, so that they can be told apart.
func (d *decoder) nameOptions() (suffix string) {
	start := d.pos
	n := d.items("name annotations", 1)
	if n > 0 && d.peek() >= ' ' {
		d.pos = start
		return d.name()
	}
	for range n {
		at := d.pos
		switch c := d.byte(); c {
		case 0x00, 0x02: // the interface it implements, an external id: of no use to us
			d.name()
		case 0x01:
			suffix = d.name()
		default:
			d.failAt(at, "unknown name annotation %#x", c)
		}
		if d.err != nil {
			return ""
		}
	}
	return suffix
}

// externDesc reads what an import or export is declared to be.
func (d *decoder) externDesc() Extern {
	start := d.pos
	switch c := d.byte(); c {
	case 0x00:
		d.expect(0x11, "the core sort of an import")
		_, e := d.lookup(SortCoreType)
		if d.err == nil && e.CoreModule == nil {
			d.failAt(start, "a core module's type is not a module type")
		}
		return Extern{Sort: SortCoreModule, CoreModule: e.CoreModule}
	case 0x01:
		t := d.typeOf(Func)
		return Extern{Sort: SortFunc, Func: t.Func}
	case 0x02:
		d.failAt(start, "values are not supported: no tool writes them yet")
		return Extern{Sort: SortValue}
	case 0x03:
		return Extern{Sort: SortType, Type: d.typeBound()}
	case 0x04:
		t := d.typeOf(ComponentKind)
		return Extern{Sort: SortComponent, Component: t.Component}
	case 0x05:
		t := d.typeOf(InstanceKind)
		return Extern{Sort: SortInstance, Instance: t.Instance}
	default:
		d.failAt(start, "unknown kind %#x of import or export", c)
		return Extern{}
	}
}

// typeBound reads the bound of a type: equal to another, or a fresh resource.
func (d *decoder) typeBound() *Type {
	start := d.pos
	switch c := d.byte(); c {
	case 0x00:
		return d.anyType()
	case 0x01:
		return &Type{Kind: Resource, defAt: defAt{offset: int64(start)}}
	default:
		d.failAt(start, "unknown type bound %#x", c)
		return &Type{}
	}
}

// anyType reads a type index. The result is not nil even after an error.
func (d *decoder) anyType() *Type {
	if _, e := d.lookup(SortType); e.Type != nil {
		return e.Type
	}
	return &Type{}
}

// typeOf reads the index of a type of a kind.
func (d *decoder) typeOf(k TypeKind) *Type {
	start := d.pos
	t := d.anyType()
	if d.err == nil && t.Kind != k {
		d.failAt(start, "the type is a %s, not a %s", t.Kind, k)
	}
	return t
}

// importDef reads an import of a component.
func (d *decoder) importDef() {
	start := d.pos
	im := &Import{}
	im.Name, im.VersionSuffix, im.Extern = d.importDecl()
	d.define(start, im, &im.defAt, im.Extern)
	if d.err == nil {
		c := d.scope.comp
		c.Imports = append(c.Imports, im)
		c.Type.Imports = append(c.Type.Imports, NamedExtern{im.Name, im.VersionSuffix, im.Extern})
	}
}

// importDecl reads an import, in a component or a component type.
func (d *decoder) importDecl() (name, suffix string, e Extern) {
	name = d.unique(&d.scope.imports, "import", func() (s string) { s, suffix = d.externName(); return s })
	d.spend(1)
	return name, suffix, d.externDesc()
}

// exportDef reads an export of a component.
func (d *decoder) exportDef() {
	start := d.pos
	ex := &Export{}
	ex.Name = d.unique(&d.scope.exports, "export", func() (s string) { s, ex.VersionSuffix = d.externName(); return s })
	ex.Sort = d.anySort()
	if ex.Sort < SortFunc && ex.Sort != SortCoreModule {
		d.failAt(start, "a component cannot export a %s", ex.Sort)
	}
	ex.Item, ex.Extern = d.lookup(ex.Sort)
	if at := d.pos; d.flag("the mark of an ascribed type") {
		if ex.Extern = d.externDesc(); d.err == nil && ex.Extern.Sort != ex.Sort {
			d.failAt(at, "export %q of a %s is ascribed the type of a %s", ex.Name, ex.Sort, ex.Extern.Sort)
		}
	}
	d.spend(1)
	d.define(start, ex, &ex.defAt, ex.Extern)
	if d.err == nil {
		c := d.scope.comp
		c.Exports = append(c.Exports, ex)
		c.Type.Exports.add(NamedExtern{ex.Name, ex.VersionSuffix, ex.Extern})
	}
}
