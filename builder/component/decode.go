package component

// componentSections names a component's sections by their id.
var componentSections = []string{"custom", "core module", "core instance", "core type", "component",
	"instance", "alias", "type", "canon", "start", "import", "export", "value"}

// Decode reads a component and everything nested in it; core modules are kept as ranges. The
// error is always an *Error.
func Decode(b []byte) (*Component, error) {
	d := &decoder{reader: reader{b: b, end: len(b), section: "preamble"}, budget: &budget{}}
	c := &Component{}
	d.component(c, nil)
	if d.err != nil {
		return nil, d.err
	}
	return c, nil
}

// decoder decodes one component tree; it is used by one goroutine and thrown away.
type decoder struct {
	reader
	budget *budget
	scope  *scope // innermost
}

// scope is what is being defined: a component, or a component or instance type. Its index
// spaces grow in file order, so that an index can only refer back and no cycle can arise.
type scope struct {
	parent  *scope
	depth   int
	comp    *Component // nil in a type
	spaces  [sortCount][]Extern
	imports map[string]bool // nil until there is one, as is exports
	exports map[string]bool
}

// enter opens a scope, leaveScope closes it.
func (d *decoder) enter(c *Component) *scope {
	s := &scope{parent: d.scope, comp: c}
	if d.scope != nil {
		s.depth = d.scope.depth + 1
	}
	if s.depth > maxDepth {
		d.failAt(d.pos, "nested deeper than %d levels", maxDepth)
	}
	d.scope = s
	return s
}

func (d *decoder) leaveScope() { d.scope = d.scope.parent }

// spend takes n items from the budget.
func (d *decoder) spend(n int) {
	if d.budget.items += n; d.budget.items > maxItems {
		d.failAt(d.pos, "more than %d fields, cases, arguments and exports", maxItems)
	}
}

// items reads a count of members of a definition.
func (d *decoder) items(what string, min int) int {
	n := d.vec(what, min, maxItems)
	d.spend(n)
	return n
}

// component reads a component from the window into c.
func (d *decoder) component(c *Component, parent *Component) {
	start := d.pos
	outer := d.section
	d.section = "preamble"
	d.preamble(KindComponent)
	c.Parent = parent
	c.Type = &ComponentType{Exports: &InstanceType{}}
	if s := d.enter(c); d.err == nil {
		c.Depth = s.depth
		for !d.done() {
			d.componentSection(c)
		}
	}
	d.leaveScope()
	c.Range = d.rangeFrom(start)
	d.section = outer
}

// componentSection reads one section of a component.
func (d *decoder) componentSection(c *Component) {
	s, end := d.sectionHead(componentSections)
	if d.budget.sections++; d.budget.sections > maxSections {
		d.failAt(d.pos, "more than %d sections", maxSections)
	}
	if d.err != nil {
		return
	}
	d.section = s.Name
	switch s.ID {
	case 0:
		d.custom(c)
	case 1:
		d.coreModule()
	case 4:
		d.nested(c)
	case 9:
		d.start()
	default:
		s.Count = d.definitions(s.ID)
	}
	d.leave(end)
	c.Sections = append(c.Sections, s)
}

// definitions reads a section that is a vector of definitions.
func (d *decoder) definitions(id byte) uint32 {
	if id == 12 {
		d.failAt(d.pos, "value definitions are not supported: no tool writes them yet")
		return 0
	}
	n := d.vec("definitions", 1, maxDefs)
	for range n {
		if d.err != nil {
			break
		}
		switch id {
		case 2:
			d.coreInstance()
		case 3:
			d.coreTypeDef()
		case 5:
			d.instance()
		case 6:
			d.alias()
		case 7:
			d.typeDef()
		case 8:
			d.canon()
		case 10:
			d.importDef()
		case 11:
			d.exportDef()
		}
	}
	return uint32(n)
}

// define appends a definition to the component that is being read and fills the next index
// of the extern's sort with it. In a type only the index is filled.
func (d *decoder) define(start int, def Def, at *defAt, e Extern) {
	if d.budget.defs++; d.budget.defs > maxDefs {
		d.failAt(start, "more than %d definitions", maxDefs)
	}
	if d.err != nil {
		return
	}
	sc := d.scope
	*at = defAt{offset: int64(start), sort: e.Sort, index: uint32(len(sc.spaces[e.Sort])), fills: true}
	sc.spaces[e.Sort] = append(sc.spaces[e.Sort], e)
	if c := sc.comp; c != nil {
		c.Defs = append(c.Defs, def)
		c.spaces[e.Sort] = append(c.spaces[e.Sort], def)
	}
}

// index reads an index and checks it against its space.
func (d *decoder) index(s Sort) uint32 {
	i, _ := d.lookup(s)
	return i
}

// lookup reads an index and returns it with what it refers to.
func (d *decoder) lookup(s Sort) (uint32, Extern) {
	start := d.pos
	i := d.u32()
	return i, d.at(start, d.scope, s, i)
}

// at is item i of a scope's space.
func (d *decoder) at(start int, sc *scope, s Sort, i uint32) Extern {
	if d.err != nil {
		return Extern{}
	}
	if space := sc.spaces[s]; uint64(i) < uint64(len(space)) {
		return space[i]
	}
	d.failAt(start, "%s index %d is out of range: %d are defined so far", s, i, len(sc.spaces[s]))
	return Extern{}
}

// coreModule keeps a core module's bytes.
func (d *decoder) coreModule() {
	start := d.pos
	d.preamble(KindCore)
	d.skip(uint64(d.left()))
	m := &CoreModule{Range: d.rangeFrom(start)}
	d.define(start, m, &m.defAt, Extern{Sort: SortCoreModule})
}

// nested reads a component inside a component.
func (d *decoder) nested(parent *Component) {
	start := d.pos
	c := &Component{}
	d.component(c, parent)
	d.define(start, c, &c.defAt, Extern{Sort: SortComponent, Component: c.Type})
}

// custom keeps a custom section and reads the producers.
func (d *decoder) custom(c *Component) {
	cs := d.customSection(&c.Producers)
	if d.err == nil {
		c.Customs = append(c.Customs, cs)
	}
}

// customSection reads a custom section's name and moves over its payload.
func (r *reader) customSection(producers *[]Producer) Custom {
	cs := Custom{Name: r.name()}
	start := r.pos
	if cs.Name == "producers" {
		*producers = append(*producers, parseProducers(r.b[r.pos:r.end])...)
	}
	r.skip(uint64(r.left()))
	cs.Payload = r.rangeFrom(start)
	return cs
}

// start reads the start definition.
func (d *decoder) start() {
	at := d.pos
	s := &Start{defAt: defAt{offset: int64(at)}}
	var e Extern
	if s.Func, e = d.lookup(SortFunc); d.err == nil && e.Func != nil && len(e.Func.Params) > 0 {
		d.failAt(at, "a start function with parameters needs values, which are not supported")
	}
	if n := d.vec("start arguments", 1, maxItems); n > 0 {
		d.failAt(at, "start arguments are values, which are not supported")
	}
	if s.Results = d.u32(); s.Results > 0 {
		d.failAt(at, "start results are values, which are not supported")
	}
	c := d.scope.comp
	if c.started {
		d.failAt(at, "a second start function")
	}
	if c.started = true; d.err == nil {
		c.Defs = append(c.Defs, s)
	}
}
