package component

// coreSort reads a core sort byte.
func (d *decoder) coreSort() Sort {
	start := d.pos
	switch c := d.byte(); c {
	case 0x00:
		return SortCoreFunc
	case 0x01:
		return SortCoreTable
	case 0x02:
		return SortCoreMemory
	case 0x03:
		return SortCoreGlobal
	case 0x04:
		return SortCoreTag
	case 0x10:
		return SortCoreType
	case 0x11:
		return SortCoreModule
	case 0x12:
		return SortCoreInstance
	default:
		d.failAt(start, "unknown core sort %#x", c)
		return 0
	}
}

// anySort reads a sort, core ones by their prefix 0x00.
func (d *decoder) anySort() Sort {
	start := d.pos
	switch c := d.byte(); c {
	case 0x00:
		return d.coreSort()
	case 0x01:
		return SortFunc
	case 0x02:
		d.failAt(start, "values are not supported: no tool writes them yet")
		return SortValue
	case 0x03:
		return SortType
	case 0x04:
		return SortComponent
	case 0x05:
		return SortInstance
	default:
		d.failAt(start, "unknown sort %#x", c)
		return 0
	}
}

// coreInstance reads a core instance.
func (d *decoder) coreInstance() {
	start := d.pos
	ci := &CoreInstance{}
	switch c := d.byte(); c {
	case 0x00:
		ci.Module = d.index(SortCoreModule)
		ci.Args = d.coreArgs()
	case 0x01:
		ci.Inline = true
		ci.Exports = d.coreInlineExports()
	default:
		d.failAt(start, "unknown form %#x of a core instance", c)
	}
	d.define(start, ci, &ci.defAt, Extern{Sort: SortCoreInstance})
}

// coreArgs reads the arguments of a module instantiation.
func (d *decoder) coreArgs() (args []CoreArg) {
	var seen map[string]bool
	for range d.items("arguments", 3) {
		a := CoreArg{Name: d.unique(&seen, "argument", d.name)}
		d.expect(0x12, "the sort of a core instantiation argument")
		if a.Instance = d.index(SortCoreInstance); d.err != nil {
			return nil
		}
		args = append(args, a)
	}
	return args
}

// coreInlineExports reads the items of an inline core instance.
func (d *decoder) coreInlineExports() (exports []InlineExport) {
	var seen map[string]bool
	for range d.items("exports", 3) {
		e := InlineExport{Name: d.unique(&seen, "export", d.name), Sort: d.coreSort()}
		if e.Index = d.index(e.Sort); d.err != nil {
			return nil
		}
		exports = append(exports, e)
	}
	return exports
}

// unique reads a name that must not have been read into seen before. The map is made when it
// is needed: most definitions that could name something do not.
func (d *decoder) unique(seen *map[string]bool, what string, read func() string) string {
	start := d.pos
	n := read()
	if d.err == nil && (*seen)[n] {
		d.failAt(start, "%s name %q is used twice", what, n)
	}
	if *seen == nil {
		*seen = map[string]bool{}
	}
	(*seen)[n] = true
	return n
}

// instance reads a component instance.
func (d *decoder) instance() {
	start := d.pos
	in := &Instance{}
	switch c := d.byte(); c {
	case 0x00:
		var e Extern
		in.Component, e = d.lookup(SortComponent)
		in.Args = d.instanceArgs(start, e.Component)
		if e.Component != nil {
			in.Type = e.Component.Exports
		}
	case 0x01:
		in.Inline = true
		in.Exports, in.Type = d.inlineExports()
	default:
		d.failAt(start, "unknown form %#x of an instance", c)
	}
	d.define(start, in, &in.defAt, Extern{Sort: SortInstance, Instance: in.Type})
}

// instanceArgs reads the arguments of a component instantiation. There must be one of the
// right sort for each import.
func (d *decoder) instanceArgs(start int, t *ComponentType) (args []InlineExport) {
	var names map[string]bool
	given := map[string]Sort{}
	for range d.items("arguments", 3) {
		a := InlineExport{Name: d.unique(&names, "argument", d.name), Sort: d.anySort()}
		if a.Index = d.index(a.Sort); d.err != nil {
			return nil
		}
		given[a.Name] = a.Sort
		args = append(args, a)
	}
	if d.err != nil || t == nil {
		return nil
	}
	// The loop is bounded: it ends at the first import without an argument.
	for _, im := range t.Imports {
		if s, ok := given[im.Name]; !ok {
			d.failAt(start, "no argument for import %q", im.Name)
			return nil
		} else if s != im.Extern.Sort {
			d.failAt(start, "the argument for import %q is a %s, not a %s", im.Name, s, im.Extern.Sort)
			return nil
		}
	}
	return args
}

// inlineExports reads the items of an inline instance.
func (d *decoder) inlineExports() (exports []InlineExport, t *InstanceType) {
	n := d.items("exports", 4)
	t = &InstanceType{}
	var seen map[string]bool
	for range n {
		var e InlineExport
		var suffix string
		e.Name = d.unique(&seen, "export", func() (s string) { s, suffix = d.externName(); return s })
		e.Sort = d.anySort()
		var ext Extern
		if e.Index, ext = d.lookup(e.Sort); d.err != nil {
			return nil, t
		}
		exports = append(exports, e)
		t.add(NamedExtern{Name: e.Name, VersionSuffix: suffix, Extern: ext})
	}
	return exports, t
}

// alias reads an alias, in a component or a type.
func (d *decoder) alias() {
	start := d.pos
	sort := d.anySort()
	a := &Alias{}
	var e Extern
	switch c := d.byte(); c {
	case 0x00:
		a.Kind = AliasExport
		e = d.exportAlias(a, sort)
	case 0x01:
		a.Kind = AliasCoreExport
		a.Instance, a.Name = d.index(SortCoreInstance), d.name()
		if e.Sort = sort; sort > SortCoreTag {
			d.failAt(start, "a core instance has no exports of sort %s", sort)
		}
	case 0x02:
		a.Kind = AliasOuter
		e = d.outerAlias(a, sort)
	default:
		d.failAt(start, "unknown alias target %#x", c)
	}
	d.define(start, a, &a.defAt, e)
}

// exportAlias finds an export of an instance.
func (d *decoder) exportAlias(a *Alias, sort Sort) Extern {
	start := d.pos
	var in Extern
	a.Instance, in = d.lookup(SortInstance)
	a.Name = d.name()
	if d.err != nil || in.Instance == nil {
		return Extern{}
	}
	e, ok := in.Instance.Export(a.Name)
	if !ok {
		d.failAt(start, "instance %d has no export %q", a.Instance, a.Name)
	} else if e.Sort != sort {
		d.failAt(start, "export %q of instance %d is a %s, not a %s", a.Name, a.Instance, e.Sort, sort)
	}
	return e
}

// outerAlias finds an item of an enclosing component or type.
func (d *decoder) outerAlias(a *Alias, sort Sort) Extern {
	start := d.pos
	switch sort {
	case SortType, SortCoreType, SortCoreModule, SortComponent:
	default:
		d.failAt(start, "an outer alias cannot be of sort %s", sort)
	}
	a.Count, a.Outer = d.u32(), d.u32()
	sc := d.scope
	for i := uint32(0); i < a.Count && sc != nil; i++ {
		sc = sc.parent
	}
	if sc == nil {
		d.failAt(start, "outer alias goes %d levels out, only %d enclose it", a.Count, d.scope.depth)
		return Extern{}
	}
	return d.at(start, sc, sort, a.Outer)
}
