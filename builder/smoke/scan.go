package smoke

import "fmt"

// wazero allocates what a count in the file says before it reads the elements,
// so that a few dozen bytes end the process with an out-of-memory that cannot be
// recovered. scan therefore reads every vector of the module first. Its limits are
// those of the WebAssembly JavaScript interface, which all browsers share, unless a
// comment says otherwise.
const (
	maxTypes     = 1_000_000
	maxFunctions = 1_000_000
	maxImports   = 1_000_000
	maxExports   = 1_000_000
	maxGlobals   = 1_000_000
	maxSegments  = 100_000
	maxParams    = 1_000
	maxLocals    = 50_000
	maxBody      = 7_654_321
	maxElements  = 10_000_000
	maxTables    = 100 // wasmtime's default a module; the interface allows more than anyone uses

	// Locals of all functions together: each costs wazero about 100 bytes, and a large
	// debug build has about 1.6 million.
	maxLocalsSum = 4_000_000
	// Table elements at the start, all tables together: 8 bytes each, so 16 MiB. The
	// largest module we know, a JavaScript engine, has 12,000.
	maxTableMin = 2 << 20
	// What one function's operand stack may reach while wazero validates it. Only types
	// with many results can get there: each call of such a function takes two bytes.
	maxOperands = 64 << 20
)

type funcType struct{ params, results []byte }

type limits struct {
	min, max uint64
	hasMax   bool
	shared   bool
}

type tableType struct {
	elem byte
	limits
	init []byte // encoded constant expression, nil: null
}

type globalType struct {
	kind    byte
	mutable bool
}

// External kinds of the binary format.
const (
	kindFunc   = 0
	kindTable  = 1
	kindMemory = 2
	kindGlobal = 3
	kindTag    = 4
)

func kindName(kind byte) string {
	return [...]string{"func", "table", "memory", "global", "tag"}[kind]
}

type imported struct {
	module, name string
	kind         byte
	typ          uint32 // of a func or tag
	table        tableType
	memory       limits
	global       globalType
	desc         []byte // kind and description as encoded
}

type exported struct {
	name  string
	kind  byte
	index uint32
}

type section struct {
	id          byte
	name        string // of a custom section
	start       int    // of the id byte
	body, end   int
	content     int  // after a custom section's name
	unreadable  bool // a name section that wazero would trip over
	firstOfName bool
}

// module is a scanned core module. All its slices point into data.
type module struct {
	data     []byte
	sections []section
	types    []funcType
	imports  []imported
	funcs    []uint32 // type index of every function, the imported ones first
	tables   []tableType
	memories []limits
	globals  []globalType
	exports  []exported
	start    int // function index, or -1
	bodies   [][2]int
	segments int // data segments

	importedFuncs, importedTables, importedMemories, importedGlobals int
	declaredSegments                                                 int // data count section, or -1
	elements, localsSum, maxResults                                  int
}

// scan reads a core module as far as wazero would and returns what it knows
// together with the first fault.
func scan(data []byte) (*module, *fault) {
	m := &module{data: data, start: -1, declaredSegments: -1}
	r := &reader{data: data, pos: 8, end: len(data)} // sniff has seen the header
	seen := map[byte]bool{}
	for r.more() {
		s := section{start: r.pos}
		s.id = r.byte()
		size := r.u32()
		if r.err == nil && uint64(size) > uint64(r.left()) {
			r.short(sectionName(s.id) + " section")
		}
		if r.err != nil {
			return m, r.err
		}
		s.body, s.end = r.pos, r.pos+int(size)
		if s.id != 0 && seen[s.id] {
			r.failf("second %s section", sectionName(s.id))
			return m, r.err
		}
		seen[s.id] = true
		sub := &reader{data: data, pos: s.body, end: s.end}
		m.section(sub, &s)
		if sub.err == nil && sub.left() != 0 {
			sub.failf("%s section has %d bytes too many", sectionName(s.id), sub.left())
		}
		m.sections = append(m.sections, s)
		if sub.err != nil {
			sub.err.message = sectionName(s.id) + " section: " + sub.err.message
			return m, sub.err
		}
		r.pos = s.end
	}
	return m, m.check(len(data))
}

func sectionName(id byte) string {
	names := [...]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag"}
	if int(id) < len(names) {
		return names[id]
	}
	return fmt.Sprintf("unknown (%d)", id)
}

func (m *module) section(r *reader, s *section) {
	switch s.id {
	case 0:
		m.custom(r, s)
	case 1:
		m.typeSection(r)
	case 2:
		m.importSection(r)
	case 3:
		m.functionSection(r)
	case 4:
		m.tableSection(r)
	case 5:
		m.memorySection(r)
	case 6:
		m.globalSection(r)
	case 7:
		m.exportSection(r)
	case 8:
		m.start = int(r.u32())
	case 9:
		m.elementSection(r)
	case 10:
		m.codeSection(r)
	case 11:
		m.dataSection(r)
	case 12:
		m.declaredSegments = int(r.u32())
	case 13:
		r.needs(exceptions)
	default:
		r.failf("unknown section id %d", s.id)
	}
}

// custom never fails the module for the content: the specification says that an
// engine ignores custom sections it cannot read.
func (m *module) custom(r *reader, s *section) {
	s.name = r.name()
	s.content = r.pos
	s.firstOfName = true
	for _, other := range m.sections {
		if other.id == 0 && other.name == s.name {
			s.firstOfName = false
			break
		}
	}
	if s.name == "name" && r.err == nil {
		s.unreadable = !readableNames(r)
	}
	if r.err == nil {
		r.pos = r.end
	}
}

// readableNames walks a name section the way wazero does.
func readableNames(outer *reader) bool {
	r := &reader{data: outer.data, pos: outer.pos, end: outer.end}
	for r.more() {
		id := r.byte()
		size := r.u32()
		if r.err != nil || uint64(size) > uint64(r.left()) {
			return false
		}
		sub := &reader{data: r.data, pos: r.pos, end: r.pos + int(size)}
		switch id {
		case 0:
			sub.name()
		case 1:
			nameMap(sub)
		case 2:
			for i := sub.count("functions", 2, maxFunctions); i > 0 && sub.err == nil; i-- {
				sub.u32()
				nameMap(sub)
			}
		default:
			sub.pos = sub.end
		}
		if sub.err != nil || sub.left() != 0 {
			return false
		}
		r.pos = sub.end
	}
	return r.err == nil
}

func nameMap(r *reader) {
	for i := r.count("names", 2, maxFunctions); i > 0 && r.err == nil; i-- {
		r.u32()
		r.name()
	}
}

// check looks at what needs the whole module: every index that wazero uses
// before, or without, checking it itself.
func (m *module) check(end int) *fault {
	bad := func(format string, args ...any) *fault {
		return &fault{offset: end, message: fmt.Sprintf(format, args...)}
	}
	defined := len(m.funcs) - m.importedFuncs
	if defined != len(m.bodies) {
		return bad("%d functions are declared but %d have code", defined, len(m.bodies))
	}
	for i, t := range m.funcs {
		if int64(t) >= int64(len(m.types)) {
			return bad("function %d has type %d of %d", i, t, len(m.types))
		}
	}
	counts := [...]int{len(m.funcs), len(m.tables), len(m.memories), len(m.globals), 0}
	for _, e := range m.exports {
		if int64(e.index) >= int64(counts[e.kind]) {
			return bad("export %q names %s %d of %d", e.name, kindName(e.kind), e.index, counts[e.kind])
		}
	}
	if m.start >= len(m.funcs) {
		return bad("the start function is %d of %d", m.start, len(m.funcs))
	}
	if m.declaredSegments >= 0 && m.declaredSegments != m.segments {
		return bad("%d data segments are declared but there are %d", m.declaredSegments, m.segments)
	}
	var tableMin uint64
	for _, t := range m.tables {
		tableMin += t.min
	}
	if tableMin > maxTableMin {
		return bad("tables begin with %d elements, above the sandbox's limit of %d", tableMin, maxTableMin)
	}
	for _, b := range m.bodies {
		if m.maxResults > 16 && (b[1]-b[0])*m.maxResults > maxOperands {
			return bad("a body of %d bytes beside types with %d results is beyond the sandbox", b[1]-b[0], m.maxResults)
		}
	}
	return nil
}
