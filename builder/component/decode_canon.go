package component

// canon reads a canonical definition.
func (d *decoder) canon() {
	start := d.pos
	c := &Canon{Op: CanonOp(d.byte()), Options: noOptions()}
	info, ok := canons[c.Op]
	if !ok {
		d.failAt(start, "unknown canonical function %#x", uint8(c.Op))
		return
	}
	if info.operands == special {
		d.canonSpecial(c)
	} else {
		d.canonOperands(c, info.operands)
	}
	e := Extern{Sort: SortCoreFunc}
	if c.Op == Lift {
		e = Extern{Sort: SortFunc, Func: c.FuncType}
	}
	d.define(start, c, &c.defAt, e)
}

// canonSpecial reads the operands of lift, lower and task.return.
func (d *decoder) canonSpecial(c *Canon) {
	switch c.Op {
	case Lift:
		d.expect(0x00, "the sort of a lifted function")
		c.Func = d.index(SortCoreFunc)
		c.Options = d.canonOptions()
		start := d.pos
		var e Extern
		if c.Type, e = d.lookup(SortType); e.Type != nil {
			if c.FuncType = e.Type.Func; c.FuncType == nil {
				d.failAt(start, "a lifted function's type is a %s", e.Type.Kind)
			}
		}
	case Lower:
		d.expect(0x00, "the sort of a lowered function")
		var e Extern
		c.Func, e = d.lookup(SortFunc)
		c.FuncType = e.Func
		c.Options = d.canonOptions()
	case TaskReturn:
		c.Result = d.resultList()
		c.Options = d.canonOptions()
	}
}

// canonOperands reads the operands of all other built-ins.
func (d *decoder) canonOperands(c *Canon, o operands) {
	switch o {
	case typeIndex:
		d.canonType(c)
	case typeOptions:
		d.canonType(c)
		c.Options = d.canonOptions()
	case typeAsync:
		d.canonType(c)
		c.Async = d.flag("the async mark")
	case options:
		c.Options = d.canonOptions()
	case asyncFlag:
		c.Async = d.flag("the async mark")
	case cancelFlag:
		c.Cancellable = d.flag("the cancellable mark")
	case cancelMemory:
		c.Cancellable = d.flag("the cancellable mark")
		c.Options.Memory = int64(d.index(SortCoreMemory))
	case slot:
		d.contextSlot(c)
	case coreTypeTable:
		c.Type, c.Table = d.index(SortCoreType), d.index(SortCoreTable)
	case sharedType:
		c.Shared, c.Type = d.flag("the shared mark"), d.index(SortCoreType)
	case sharedTypeTable:
		c.Shared, c.Type = d.flag("the shared mark"), d.index(SortCoreType)
		c.Table = d.index(SortCoreTable)
	case sharedFlag:
		c.Shared = d.flag("the shared mark")
	}
}

// canonType reads the resource, stream or future that a built-in works on.
func (d *decoder) canonType(c *Canon) {
	want := Future
	switch {
	case c.Op <= ResourceDropAsync:
		want = Resource
	case c.Op <= StreamDropWritable || c.Op == StreamForward:
		want = Stream
	}
	start := d.pos
	var e Extern
	if c.Type, e = d.lookup(SortType); e.Type != nil && e.Type.Kind != want {
		d.failAt(start, "%s works on a %s, type %d is a %s", c.Op, want, c.Type, e.Type.Kind)
	}
}

// contextSlot reads the operands of context.get and context.set.
func (d *decoder) contextSlot(c *Canon) {
	start := d.pos
	c.SlotType = CoreValType(d.byte())
	if d.err == nil && c.SlotType != I32 && c.SlotType != I64 {
		d.failAt(start, "the type of a context slot is %#x, not i32 or i64", uint8(c.SlotType))
	}
	c.Slot = d.u32()
}

func noOptions() CanonOptions {
	return CanonOptions{Memory: -1, Realloc: -1, PostReturn: -1, Callback: -1, CoreType: -1}
}

// canonOptions reads the options of a canonical definition; none may be given twice.
func (d *decoder) canonOptions() CanonOptions {
	o := noOptions()
	for range d.items("options", 1) {
		start := d.pos
		switch c := d.byte(); c {
		case 0x00, 0x01, 0x02:
			d.once(start, o.Encoding != "", "string-encoding")
			o.Encoding = [...]string{"utf8", "utf16", "latin1+utf16"}[c]
		case 0x03:
			d.optionIndex(start, &o.Memory, SortCoreMemory, "memory")
		case 0x04:
			d.optionIndex(start, &o.Realloc, SortCoreFunc, "realloc")
		case 0x05:
			d.optionIndex(start, &o.PostReturn, SortCoreFunc, "post-return")
		case 0x06:
			d.once(start, o.Async, "async")
			o.Async = true
		case 0x07:
			d.optionIndex(start, &o.Callback, SortCoreFunc, "callback")
		case 0x08:
			d.optionIndex(start, &o.CoreType, SortCoreType, "core-type")
		case 0x09:
			d.once(start, o.GC, "gc")
			o.GC = true
		default:
			d.failAt(start, "unknown canonical option %#x", c)
		}
		if d.err != nil {
			return o
		}
	}
	return o
}

func (d *decoder) once(start int, given bool, what string) {
	if given {
		d.failAt(start, "option %s is given twice", what)
	}
}

func (d *decoder) optionIndex(start int, field *int64, s Sort, what string) {
	d.once(start, *field >= 0, what)
	*field = int64(d.index(s))
}
