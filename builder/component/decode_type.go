package component

// typeDef reads a type definition, in a component or a type.
func (d *decoder) typeDef() {
	start := d.pos
	t := &Type{}
	d.typeBody(t)
	if d.err == nil {
		t.layout = d.layoutOf(t, start)
	}
	d.define(start, t, &t.defAt, Extern{Sort: SortType, Type: t})
}

// typeBody reads a type into t.
func (d *decoder) typeBody(t *Type) {
	start := d.pos
	c := d.byte()
	if p := primitive(c); p != nil {
		t.Kind, t.layout = p.Kind, p.layout
		return
	}
	switch c {
	case 0x3e, 0x3f:
		d.resource(t, c == 0x3e)
	case 0x40, 0x43:
		t.Kind, t.Func = Func, d.funcType(c == 0x43)
	case 0x41:
		t.Kind, t.Component = ComponentKind, d.componentType()
	case 0x42:
		t.Kind, t.Instance = InstanceKind, d.instanceType()
	default:
		d.definedType(t, c, start)
	}
}

// definedType reads a compound value type.
func (d *decoder) definedType(t *Type, c byte, start int) {
	switch c {
	case 0x72:
		t.Kind, t.Fields = Record, d.fields("fields", d.valType)
	case 0x71:
		t.Kind, t.Fields = Variant, d.fields("cases", d.variantCase)
	case 0x70:
		t.Kind, t.Elem = List, d.valType()
	case 0x6f:
		t.Kind, t.Fields = Tuple, d.tuple()
	case 0x6e:
		t.Kind, t.Fields = Flags, d.fields("flags", nil)
	case 0x6d:
		t.Kind, t.Fields = Enum, d.fields("enum cases", nil)
	case 0x6b:
		t.Kind, t.Elem = Option, d.valType()
	case 0x6a:
		t.Kind, t.Elem, t.Err = Result, d.optionalType(), d.optionalType()
	case 0x69:
		t.Kind, t.Resource = Own, d.typeOf(Resource)
	case 0x68:
		t.Kind, t.Resource = Borrow, d.typeOf(Resource)
	case 0x67:
		if t.Kind, t.Elem, t.Len = FixedList, d.valType(), d.u32(); t.Len == 0 {
			d.failAt(start, "a fixed-length list of length 0")
		}
	case 0x66:
		t.Kind, t.Elem = Stream, d.optionalType()
	case 0x65:
		t.Kind, t.Elem = Future, d.optionalType()
	case 0x63:
		t.Kind, t.Err, t.Elem = Map, d.valType(), d.valType()
	default:
		d.failAt(start, "unknown type %#x", c)
	}
}

// valType reads a value type: a primitive, or the index of one that is defined. The result is
// not nil even after an error.
func (d *decoder) valType() *Type {
	if p := primitive(d.peek()); p != nil {
		d.byte()
		return p
	}
	start := d.pos
	i := d.signed(33)
	if i < 0 {
		d.failAt(start, "unknown value type %#x", uint8(i)&0x7f)
		return &Type{}
	}
	e := d.at(start, d.scope, SortType, uint32(i))
	if d.err != nil {
		return &Type{}
	}
	if e.Type.Kind >= Func {
		d.failAt(start, "type %d is a %s, not a value type", i, e.Type.Kind)
	}
	return e.Type
}

// optionalType reads a value type or its absence (nil).
func (d *decoder) optionalType() *Type {
	if d.flag("the mark of an optional type") {
		return d.valType()
	}
	return nil
}

// variantCase reads what follows a case's name: a payload, and a mark that was once used.
func (d *decoder) variantCase() *Type {
	t := d.optionalType()
	d.expect(0x00, "the refinement of a case")
	return t
}

// fields reads named members; payload reads what follows the name (nil: nothing).
func (d *decoder) fields(what string, payload func() *Type) (fs []Field) {
	start := d.pos
	n := d.items(what, 1)
	if d.err == nil && n == 0 {
		d.failAt(start, "a type without %s", what)
	}
	var seen map[string]bool
	for range n {
		f := Field{Name: d.unique(&seen, what, d.name)}
		if payload != nil {
			f.Type = payload()
		}
		if d.err != nil {
			return nil
		}
		fs = append(fs, f)
	}
	return fs
}

// tuple reads members without names.
func (d *decoder) tuple() (fs []Field) {
	start := d.pos
	n := d.items("tuple members", 1)
	if d.err == nil && n == 0 {
		d.failAt(start, "a tuple without members")
	}
	for range n {
		if d.err != nil {
			return nil
		}
		fs = append(fs, Field{Type: d.valType()})
	}
	return fs
}

// resource reads a resource type, which only a component can define.
func (d *decoder) resource(t *Type, async bool) {
	start := d.pos
	t.Kind = Resource
	if d.scope.comp == nil {
		d.failAt(start, "a resource type cannot be defined inside a type")
	}
	if c := d.byte(); c != 0x7f && c != 0x7e {
		d.failAt(start, "a resource's representation is %#x, not i32 or i64", c)
	}
	if async {
		d.index(SortCoreFunc)
	} else if !d.flag("the mark of a destructor") {
		return
	} else {
		d.index(SortCoreFunc)
		return
	}
	if d.flag("the mark of a callback") {
		d.index(SortCoreFunc)
	}
}

// funcType reads a function type.
func (d *decoder) funcType(async bool) *FuncType {
	f := &FuncType{Async: async}
	var seen map[string]bool
	for range d.items("parameters", 2) {
		p := Field{Name: d.unique(&seen, "parameter", d.name), Type: d.valType()}
		if d.err != nil {
			return f
		}
		f.Params = append(f.Params, p)
	}
	f.Result = d.resultList()
	return f
}

// resultList reads a function's result. Named results, which tools wrote until 2025, lie in
// memory as a tuple does, and are kept as one.
func (d *decoder) resultList() *Type {
	start := d.pos
	switch c := d.byte(); c {
	case 0x00:
		return d.valType()
	case 0x01:
		if d.peek() == 0 {
			d.byte()
			return nil
		}
		t := &Type{Kind: Tuple, Fields: d.fields("results", d.valType)}
		if d.err == nil {
			t.layout = d.layoutOf(t, start)
		}
		return t
	default:
		d.failAt(start, "unknown form %#x of results", c)
		return nil
	}
}

// componentType reads the declarations of a component type.
func (d *decoder) componentType() *ComponentType {
	t := &ComponentType{Exports: &InstanceType{}}
	d.enter(nil)
	for range d.items("declarations", 1) {
		if d.err != nil {
			break
		}
		if d.peek() != 0x03 {
			d.instanceDecl(t.Exports)
			continue
		}
		start := d.pos
		d.byte()
		var im Import
		im.Name, im.VersionSuffix, im.Extern = d.importDecl()
		d.define(start, nil, &im.defAt, im.Extern)
		t.Imports = append(t.Imports, NamedExtern{im.Name, im.VersionSuffix, im.Extern})
	}
	d.leaveScope()
	return t
}

// instanceType reads the declarations of an instance type.
func (d *decoder) instanceType() *InstanceType {
	t := &InstanceType{}
	d.enter(nil)
	for range d.items("declarations", 1) {
		if d.err != nil {
			break
		}
		d.instanceDecl(t)
	}
	d.leaveScope()
	return t
}

// instanceDecl reads one declaration of an instance or component type.
func (d *decoder) instanceDecl(t *InstanceType) {
	start := d.pos
	switch c := d.byte(); c {
	case 0x00:
		d.coreTypeDef()
	case 0x01:
		d.typeDef()
	case 0x02:
		d.alias()
	case 0x04:
		var ex NamedExtern
		ex.Name = d.unique(&d.scope.exports, "export", func() (s string) { s, ex.VersionSuffix = d.externName(); return s })
		ex.Extern = d.externDesc()
		var at defAt
		d.define(start, nil, &at, ex.Extern)
		t.add(ex)
	default:
		d.failAt(start, "unknown declaration %#x", c)
	}
}
