package component

import (
	"strings"
)

// coreSections names a core module's sections by their id.
var coreSections = []string{"custom", "type", "import", "function", "table", "memory", "global",
	"export", "start", "element", "code", "data", "data count", "tag"}

// coreOrder is a section's place in the order that a module must keep, by id.
var coreOrder = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6}

// sectionImport is the id of the import section.
const sectionImport = 2

// DecodeModule reads a core module, every section and every instruction. It checks the
// format, not the types of the instructions. The error is always an *Error.
func DecodeModule(b []byte) (*Module, error) {
	d := newModuleDecoder(b)
	for !d.done() {
		d.moduleSection()
	}
	d.finish()
	if d.err != nil {
		return nil, d.err
	}
	return d.m, nil
}

// moduleDecoder decodes one core module; it is used by one goroutine and thrown away.
type moduleDecoder struct {
	typeReader
	m      *Module
	place  int // of the last section that is not custom, in coreOrder
	bodies int // function bodies read
	// importedGlobals counts the imported globals.
	importedGlobals int
	features        features
	seen            map[string]bool // export names
}

// newModuleDecoder returns a decoder that has read the preamble.
func newModuleDecoder(b []byte) *moduleDecoder {
	d := &moduleDecoder{m: &Module{Start: -1, DataCount: -1}, seen: map[string]bool{}}
	d.typeReader = typeReader{reader: &reader{b: b, end: len(b), section: "preamble"}, features: &d.features}
	d.preamble(KindCore)
	return d
}

// finish checks what belongs together across sections.
func (d *moduleDecoder) finish() {
	m := d.m
	if d.bodies != len(m.Funcs) {
		d.failAt(d.pos, "%d functions are declared, %d have a body", len(m.Funcs), d.bodies)
	}
	if m.DataCount >= 0 && m.DataCount != int64(m.Data) {
		d.failAt(d.pos, "%d data segments are announced, %d are there", m.DataCount, m.Data)
	}
	m.Types = make([]CoreFuncType, len(d.types))
	for i, t := range d.types {
		m.Types[i] = t.CoreFuncType
	}
	m.Proposals = d.features.sorted()
}

// moduleSection reads one section.
func (d *moduleDecoder) moduleSection() {
	start := d.pos
	s, end := d.sectionHead(coreSections)
	if len(d.m.Sections) >= maxSections {
		d.failAt(start, "more than %d sections", maxSections)
	}
	if d.err != nil {
		return
	}
	d.section = s.Name
	if place := coreOrder[s.ID]; s.ID != 0 {
		if place <= d.place {
			d.failAt(start, "the %s section is out of order or there twice", s.Name)
		}
		d.place = place
	}
	s.Count = d.sectionBody(s.ID)
	d.leave(end)
	d.m.Sections = append(d.m.Sections, s)
}

// sectionBody reads a section's payload and returns the number of its items.
func (d *moduleDecoder) sectionBody(id byte) uint32 {
	m := d.m
	switch id {
	case 0:
		d.moduleCustom()
		return 0
	case 8:
		d.startSection()
		return 0
	case 12:
		m.DataCount = int64(d.u32())
		return uint32(m.DataCount)
	case 3:
		return d.each("functions", 1, maxFuncs, d.function)
	case 10:
		return d.each("function bodies", 1, maxFuncs, d.body)
	}
	read := map[byte]func(){1: d.typeItem, 2: d.importItem, 4: d.tableItem, 5: d.memoryItem,
		6: d.globalItem, 7: d.exportItem, 9: d.elementItem, 11: d.dataItem, 13: d.tagItem}[id]
	return d.each(coreSections[id]+" items", 1, maxModuleItems, read)
}

// each reads a vector of items.
func (d *moduleDecoder) each(what string, min, limit int, read func()) uint32 {
	n := d.vec(what, min, limit)
	for i := 0; i < n && d.err == nil; i++ {
		read()
	}
	return uint32(n)
}

func (d *moduleDecoder) moduleCustom() {
	cs := d.customSection(&d.m.Producers)
	if d.err != nil {
		return
	}
	d.m.Customs = append(d.m.Customs, cs)
	if strings.HasPrefix(cs.Name, "component-type") {
		d.m.ComponentType = append(d.m.ComponentType, cs.Name)
	}
}

func (d *moduleDecoder) typeItem() {
	start := d.pos
	d.types = append(d.types, d.recGroup()...)
	if len(d.types) > maxModuleItems {
		d.failAt(start, "more than %d types", maxModuleItems)
	}
}

func (d *moduleDecoder) importItem() {
	m := d.m
	im := d.moduleImport()
	if d.err != nil {
		return
	}
	m.Imports = append(m.Imports, im)
	if im.Type.Kind == ExternFunc {
		m.importedFuncs = append(m.importedFuncs, im.Type.TypeIndex)
		return
	}
	if im.Type.Kind == ExternGlobal {
		d.importedGlobals++
	}
	d.addExtern(im.Type, int(im.Offset))
}

// addExtern fills the next index of a table, memory, global or tag.
func (d *moduleDecoder) addExtern(e CoreExtern, start int) {
	m := d.m
	switch e.Kind {
	case ExternTable:
		m.Tables = append(m.Tables, e)
	case ExternMemory:
		if m.Memories = append(m.Memories, e); len(m.Memories) == 2 {
			d.features.use(FeatureMultiMemory, start, "a second memory")
		}
	case ExternGlobal:
		m.Globals = append(m.Globals, e)
	case ExternTag:
		m.Tags = append(m.Tags, e)
	}
}

func (d *moduleDecoder) function() {
	if e := d.funcOf(ExternFunc); d.err == nil {
		d.m.Funcs = append(d.m.Funcs, e.TypeIndex)
	}
}

func (d *moduleDecoder) tableItem() {
	start := d.pos
	init := d.peek() == 0x40
	if init {
		d.features.use(FeatureFunctionReferences, start, "table with an initial value")
		d.byte()
		d.expect(0x00, "the byte behind a table's mark")
	}
	e := d.tableType()
	if init {
		d.constant()
	}
	d.addExtern(e, start)
}

func (d *moduleDecoder) memoryItem() {
	start := d.pos
	d.addExtern(CoreExtern{Kind: ExternMemory, Limits: d.limits(false)}, start)
}

func (d *moduleDecoder) globalItem() {
	start := d.pos
	e := d.globalType()
	d.constant()
	d.addExtern(e, start)
}

func (d *moduleDecoder) tagItem() {
	start := d.pos
	d.features.use(FeatureExceptions, start, "tag")
	d.expect(0x00, "the attribute of a tag")
	d.addExtern(d.funcOf(ExternTag), start)
}

func (d *moduleDecoder) exportItem() {
	start := d.pos
	e := ModuleExport{Name: d.name(), Kind: ExternKind(d.byte())}
	at := d.pos
	e.Index = d.u32()
	if d.err != nil {
		return
	}
	if e.Kind > ExternTag {
		d.failAt(at-1, "unknown kind %#x of export", uint8(e.Kind))
		return
	}
	if d.seen[e.Name] {
		d.failAt(start, "export name %q is used twice", e.Name)
	}
	d.seen[e.Name] = true
	size := [...]int{d.m.FuncCount(), len(d.m.Tables), len(d.m.Memories), len(d.m.Globals), len(d.m.Tags)}[e.Kind]
	d.bound(at, e.Kind.String(), e.Index, size)
	d.m.Exports = append(d.m.Exports, e)
}

// bound checks an index against the size of its space.
func (d *moduleDecoder) bound(at int, what string, i uint32, size int) {
	if d.err == nil && uint64(i) >= uint64(size) {
		d.failAt(at, "%s index %d is out of range: there are %d", what, i, size)
	}
}

func (d *moduleDecoder) startSection() {
	at := d.pos
	i := d.u32()
	d.bound(at, "start function", i, d.m.FuncCount())
	d.m.Start = int64(i)
}

// elementItem reads an element segment: active, passive or declared, of function indices or
// of constants.
func (d *moduleDecoder) elementItem() {
	start := d.pos
	flags := d.u32()
	if flags > 7 {
		d.failAt(start, "unknown element flags %#x", flags)
	}
	active, explicit, constants := flags&1 == 0, flags&2 != 0, flags&4 != 0
	if active {
		table := uint32(0)
		at := d.pos
		if explicit {
			table = d.u32()
		}
		d.bound(at, "table", table, len(d.m.Tables))
		d.constant()
	}
	if flags&3 != 0 && constants {
		d.refType()
	} else if flags&3 != 0 {
		d.expect(0x00, "the kind of an element segment")
	}
	for range d.vec("elements", 1, 10*maxFuncs) {
		if d.err != nil {
			return
		}
		if constants {
			d.constant()
		} else {
			at := d.pos
			d.bound(at, "function", d.u32(), d.m.FuncCount())
		}
	}
	d.m.Elements++
}

// dataItem reads a data segment.
func (d *moduleDecoder) dataItem() {
	start := d.pos
	flags := d.u32()
	if flags > 2 {
		d.failAt(start, "unknown data flags %#x", flags)
	}
	if flags != 1 {
		memory := uint32(0)
		at := d.pos
		if flags == 2 {
			memory = d.u32()
		}
		d.bound(at, "memory", memory, len(d.m.Memories))
		d.constant()
	}
	n := d.u32()
	d.skip(uint64(n))
	d.m.Data++
	d.m.DataBytes += int64(n)
}

// body reads a function body: locals, then instructions.
func (d *moduleDecoder) body() {
	start := d.pos
	size := d.u32()
	if d.err == nil && uint64(size) > uint64(d.left()) {
		d.failAt(start, "a function body of %d bytes is announced, %d are left", size, d.left())
	}
	if d.err != nil {
		return
	}
	if d.bodies++; d.bodies > len(d.m.Funcs) {
		d.failAt(start, "more function bodies than functions")
		return
	}
	outer := d.end
	d.end = d.pos + int(size)
	d.m.CodeBytes += int64(size)
	d.locals()
	x := instructions{typeReader: &d.typeReader}
	x.expression()
	d.m.Instructions += x.count
	d.m.MaxNesting = max(d.m.MaxNesting, x.deepest)
	if d.err == nil && d.pos != d.end {
		d.failAt(d.pos, "%d bytes are left over behind a function's end", d.end-d.pos)
	}
	d.end = outer
}

// locals reads a body's local declarations.
func (d *moduleDecoder) locals() {
	total := uint64(0)
	for range d.vec("groups of locals", 2, maxLocals) {
		start := d.pos
		total += uint64(d.u32())
		d.valType()
		if total > maxLocals {
			d.failAt(start, "more than %d locals in a function", maxLocals)
		}
		if d.err != nil {
			return
		}
	}
	d.m.MaxLocals = max(d.m.MaxLocals, total)
}

// constant reads a constant expression.
func (d *moduleDecoder) constant() {
	x := instructions{typeReader: &d.typeReader, constant: true, globals: d.m.Globals, imported: d.importedGlobals}
	x.expression()
}

// parseProducers reads the payload of a producers section. What cannot be read is left out:
// the section is a remark and never makes a module wrong.
func parseProducers(b []byte) (ps []Producer) {
	r := &reader{b: b, end: len(b)}
	for range r.vec("fields", 2, 100) {
		field := r.name()
		for range r.vec("values", 2, 1000) {
			p := Producer{Field: field, Name: r.name(), Version: r.name()}
			if r.err != nil {
				return ps
			}
			ps = append(ps, p)
		}
	}
	return ps
}
