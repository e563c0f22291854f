package smoke

func (m *module) typeSection(r *reader) {
	// Two bytes at least: a structure without fields, of the garbage collection proposal.
	for i := r.count("types", 2, maxTypes); i > 0 && r.err == nil; i-- {
		switch b := r.byte(); b {
		case 0x60:
			m.types = append(m.types, m.signature(r))
		case 0x4e, 0x4f, 0x50, 0x5e, 0x5f:
			r.needs(gc)
		default:
			r.failf("unknown type form %#x", b)
		}
	}
}

func (m *module) signature(r *reader) funcType {
	t := funcType{params: valueTypes(r, "parameters"), results: valueTypes(r, "results")}
	m.maxResults = max(m.maxResults, len(t.results))
	return t
}

func valueTypes(r *reader, what string) []byte {
	n := r.count(what, 1, maxParams)
	start := r.pos
	for range n {
		valueType(r)
		if r.err != nil {
			return nil
		}
	}
	return r.data[start:r.pos]
}

// valueType reads one value type; those it accepts take one byte.
func valueType(r *reader) byte {
	b := r.byte()
	switch b {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f:
	case 0x63, 0x64:
		r.needs(funcRefs)
	case 0x69, 0x74:
		r.needs(exceptions)
	case 0x68, 0x75:
		r.needs(stackSwitch)
	case 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73, 0x77, 0x78:
		r.needs(gc)
	default:
		r.failf("unknown value type %#x", b)
	}
	return b
}

func (m *module) importSection(r *reader) {
	// Two empty names, a kind and one byte of description.
	for i := r.count("imports", 4, maxImports); i > 0 && r.err == nil; i-- {
		imp := imported{module: r.name(), name: r.name()}
		from := r.pos
		imp.kind = r.byte()
		switch imp.kind {
		case kindFunc:
			imp.typ = r.u32()
			m.funcs = append(m.funcs, imp.typ)
			m.importedFuncs++
		case kindTable:
			imp.table = m.table(r)
			m.tables = append(m.tables, imp.table)
			m.importedTables++
		case kindMemory:
			imp.memory = m.memory(r)
			m.importedMemories++
		case kindGlobal:
			imp.global = global(r)
			m.globals = append(m.globals, imp.global)
			m.importedGlobals++
		case kindTag:
			r.needs(exceptions)
		default:
			r.failf("unknown import kind %#x", imp.kind)
		}
		if r.err != nil {
			return
		}
		imp.desc = r.data[from:r.pos]
		m.imports = append(m.imports, imp)
	}
}

func (m *module) functionSection(r *reader) {
	for i := r.count("functions", 1, maxFunctions); i > 0 && r.err == nil; i-- {
		m.funcs = append(m.funcs, r.u32())
	}
}

func (m *module) table(r *reader) (t tableType) {
	hasInit := false
	if r.left() > 0 && r.data[r.pos] == 0x40 {
		r.take(2, "table prefix")
		hasInit = true
	}
	t.elem = valueType(r)
	if r.err == nil && t.elem != 0x70 && t.elem != 0x6f {
		r.failf("table of %#x", t.elem)
	}
	t.limits = readLimits(r)
	if r.err == nil && t.hasMax && t.max < t.min {
		r.failf("table minimum %d is above its maximum %d", t.min, t.max)
	}
	if t.shared {
		r.needs(threads)
	}
	if hasInit {
		t.init = constExpr(r)
	}
	return t
}

func (m *module) tableSection(r *reader) {
	for i := r.count("tables", 3, maxTables); i > 0 && r.err == nil; i-- {
		m.tables = append(m.tables, m.table(r))
	}
}

func (m *module) memory(r *reader) limits {
	l := readLimits(r)
	if r.err == nil && l.hasMax && l.max < l.min {
		r.failf("memory minimum %d is above its maximum %d", l.min, l.max)
	}
	if l.shared {
		r.needs(threads)
	}
	m.memories = append(m.memories, l)
	if len(m.memories) > 1 {
		r.needs(multiMemory)
	}
	return l
}

func (m *module) memorySection(r *reader) {
	for i := r.count("memories", 2, maxTables); i > 0 && r.err == nil; i-- {
		m.memory(r)
	}
}

func readLimits(r *reader) (l limits) {
	flags := r.byte()
	switch {
	case r.err != nil:
		return l
	case flags > 0x0f:
		r.failf("unknown limits flags %#x", flags)
		return l
	case flags&8 != 0:
		r.needs(pageSizes)
		return l
	case flags&4 != 0:
		r.needs(memory64)
		return l
	}
	l.shared = flags&2 != 0
	l.min = uint64(r.u32())
	if flags&1 != 0 {
		l.max, l.hasMax = uint64(r.u32()), true
	}
	return l
}

func global(r *reader) globalType {
	g := globalType{kind: valueType(r)}
	switch b := r.byte(); b {
	case 0, 1:
		g.mutable = b == 1
	case 2, 3:
		r.needs(threads)
	default:
		r.failf("unknown mutability %#x", b)
	}
	return g
}

func (m *module) globalSection(r *reader) {
	for i := r.count("globals", 4, maxGlobals); i > 0 && r.err == nil; i-- {
		m.globals = append(m.globals, global(r))
		constExpr(r)
	}
}

// constExpr steps over a constant expression and returns its bytes with the end.
func constExpr(r *reader) []byte {
	start := r.pos
	for r.err == nil {
		switch op := r.byte(); op {
		case 0x0b:
			return r.data[start:r.pos]
		case 0x41:
			r.skipLEB(5)
		case 0x42:
			r.skipLEB(10)
		case 0x43:
			r.take(4, "f32 constant")
		case 0x44:
			r.take(8, "f64 constant")
		case 0x23, 0xd2:
			r.u32()
		case 0xd0:
			if b := valueType(r); r.err == nil && b != 0x70 && b != 0x6f {
				r.failf("null of type %#x", b)
			}
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // extended-const
		case 0xfd:
			if sub := r.u32(); r.err == nil && sub != 12 {
				r.failf("vector instruction %d in a constant", sub)
			}
			r.take(16, "v128 constant")
		case 0xfb:
			r.needs(gc)
		default:
			if r.err == nil {
				r.failf("instruction %#x in a constant", op)
			}
		}
	}
	return nil
}

func (m *module) exportSection(r *reader) {
	seen := map[string]bool{}
	for i := r.count("exports", 3, maxExports); i > 0 && r.err == nil; i-- {
		e := exported{name: r.name(), kind: r.byte(), index: r.u32()}
		if e.kind > kindTag {
			r.failf("unknown export kind %#x", e.kind)
		}
		if r.err == nil && seen[e.name] {
			r.failf("second export named %q", e.name)
		}
		if r.err != nil {
			return
		}
		seen[e.name] = true
		m.exports = append(m.exports, e)
	}
}

// elementSection follows the eight forms of a segment: bit 0 passive or
// declarative, bit 1 explicit table or declarative, bit 2 expressions.
func (m *module) elementSection(r *reader) {
	for i := r.count("element segments", 2, maxElements); i > 0 && r.err == nil; i-- {
		form := r.u32()
		if form > 7 {
			r.failf("unknown element segment form %d", form)
			return
		}
		if form&1 == 0 {
			index := uint32(0)
			if form&2 != 0 {
				index = r.u32()
			}
			if r.err == nil && int64(index) >= int64(len(m.tables)) {
				r.failf("element segment for table %d of %d", index, len(m.tables))
			}
			constExpr(r)
		}
		if form&3 != 0 {
			if b := r.byte(); form&4 != 0 && (b == 0x63 || b == 0x64) {
				r.needs(funcRefs)
			}
		}
		m.elementList(r, form&4 != 0)
	}
}

func (m *module) elementList(r *reader, expressions bool) {
	n := r.count("elements", 1, maxElements)
	if m.elements += n; m.elements > maxElements {
		r.failf("more than %d elements", maxElements)
	}
	for ; n > 0 && r.err == nil; n-- {
		if expressions {
			constExpr(r)
		} else if f := r.u32(); r.err == nil && int64(f) >= int64(len(m.funcs)) {
			r.failf("element names function %d of %d", f, len(m.funcs))
		}
	}
}

func (m *module) codeSection(r *reader) {
	for i := r.count("bodies", 3, maxFunctions); i > 0 && r.err == nil; i-- {
		size := r.u32()
		if r.err == nil && (size > maxBody || uint64(size) > uint64(r.left())) {
			r.failf("a body of %d bytes; %d are left and %d allowed", size, r.left(), maxBody)
			return
		}
		body := &reader{data: r.data, pos: r.pos, end: r.pos + int(size)}
		m.locals(body)
		if body.err != nil {
			r.err = body.err
			return
		}
		m.bodies = append(m.bodies, [2]int{body.pos, body.end})
		r.pos = body.end
	}
}

func (m *module) locals(r *reader) {
	sum := uint64(0)
	for i := r.count("groups of locals", 2, maxLocals); i > 0 && r.err == nil; i-- {
		sum += uint64(r.u32())
		valueType(r)
		if sum > maxLocals {
			r.failf("%d locals in one function are more than the limit of %d", sum, maxLocals)
		}
	}
	if m.localsSum += int(sum); m.localsSum > maxLocalsSum {
		r.failf("more than %d locals in all functions", maxLocalsSum)
	}
}

func (m *module) dataSection(r *reader) {
	for i := r.count("data segments", 2, maxSegments); i > 0 && r.err == nil; i-- {
		switch form := r.u32(); form {
		case 2:
			if index := r.u32(); index != 0 {
				r.needs(multiMemory)
			}
			fallthrough
		case 0:
			constExpr(r)
		case 1:
		default:
			r.failf("unknown data segment form %d", form)
		}
		n := r.u32()
		if r.err == nil && uint64(n) > uint64(r.left()) {
			r.short("a data segment")
			return
		}
		r.take(int(n), "a data segment")
		m.segments++
	}
}
