package component

// instructions walks the instructions of one function body or constant expression. It reads
// every immediate and checks that blocks are closed; it does not check types.
type instructions struct {
	*typeReader
	constant bool         // a constant expression: only a few instructions are allowed
	globals  []CoreExtern // constant: those defined so far
	imported int          // constant: how many of them are imported
	depth    int
	deepest  int   // most blocks open at once
	count    int64 // instructions
}

// expression reads instructions up to the end that closes the expression.
func (x *instructions) expression() {
	for x.depth = 1; x.depth > 0 && x.err == nil; x.count++ {
		start := x.pos
		op := x.byte()
		if x.err != nil {
			return
		}
		if x.constant {
			x.checkConstant(op, start)
		}
		x.immediates(op, start)
	}
}

// open enters a block.
func (x *instructions) open() {
	x.blockType()
	x.depth++
	x.deepest = max(x.deepest, x.depth-1)
}

// immediates reads what follows an opcode.
func (x *instructions) immediates(op byte, start int) {
	switch imm := immediate[op]; imm {
	case immNone:
	case immIndex:
		x.u32()
	case immTwo:
		x.u32()
		x.u32()
	case immBlock:
		x.open()
	case immEnd:
		x.depth--
	case immMemArg:
		x.memArg()
	case immTable:
		for range x.vec("branch targets", 1, maxFuncs) {
			x.u32()
		}
		x.u32()
	case immSigned32:
		x.signed(32)
	case immSigned64:
		x.signed(64)
	case imm4:
		x.skip(4)
	case imm8:
		x.skip(8)
	case immMemory:
		x.memory(start)
	default:
		x.special(op, start)
	}
}

// special reads what follows the opcodes of proposals and the prefixes.
func (x *instructions) special(op byte, start int) {
	switch op {
	case 0x1c: // select with types
		for range x.vec("types", 1, maxSignature) {
			x.valType()
		}
	case 0xd0: // ref.null
		x.heapType()
	case 0xfb:
		x.features.use(FeatureGC, start, "GC instruction")
		x.gc(x.u32(), start)
	case 0xfc:
		x.miscellaneous(x.u32(), start)
	case 0xfd:
		x.simd(x.u32(), start)
	case 0xfe:
		x.features.use(FeatureThreads, start, "atomic instruction")
		x.atomic(x.u32(), start)
	default:
		x.proposal(op, start)
	}
}

// proposal reads what follows the opcodes that a proposal added without a prefix.
func (x *instructions) proposal(op byte, start int) {
	p, ok := proposalOps[op]
	if !ok {
		x.failAt(start, "unknown instruction %#x", op)
		return
	}
	x.features.use(p.feature, start, p.name)
	switch p.imm {
	case immIndex:
		x.u32()
	case immTwo:
		x.u32()
		x.u32()
	case immBlock:
		x.open()
	case immEnd: // delegate
		x.u32()
		x.depth--
		if x.depth == 0 {
			x.failAt(start, "delegate outside of a try block")
		}
	case immCatches:
		x.open()
		x.clauses("catch clauses", 2, 2, 1, 1)
	case immResume:
		x.u32()
		if op == 0xe4 {
			x.u32()
		}
		x.clauses("handlers", 2, 1)
	}
}

// clauses reads the handlers of try_table and resume: a kind, and as many
// indexes as operands has for it.
func (x *instructions) clauses(what string, operands ...int) {
	for range x.vec(what, 2, maxFuncs) {
		start := x.pos
		kind := int(x.byte())
		if kind >= len(operands) {
			x.failAt(start, "unknown kind %#x among %s", kind, what)
			return
		}
		for range operands[kind] {
			x.u32()
		}
		if x.err != nil {
			return
		}
	}
}

// blockType reads a block's type: empty, a value type or the index of a function type.
func (x *instructions) blockType() {
	start := x.pos
	switch c := x.peek(); {
	case c == 0x40:
		x.byte()
	case c > 0x40 && c < 0x80:
		x.valType()
	default:
		if i := x.signed(33); i < 0 {
			x.failAt(start, "unknown block type %d", i)
		} else if uint64(i) >= uint64(len(x.types)) {
			x.failAt(start, "type index %d is out of range: there are %d types", i, len(x.types))
		}
	}
}

// memArg reads alignment, memory index and offset.
func (x *instructions) memArg() {
	start := x.pos
	align := x.u32()
	if align&0x40 != 0 {
		align &^= 0x40
		if x.u32() != 0 {
			x.features.use(FeatureMultiMemory, start, "access to a memory other than the first")
		}
	}
	if align >= 32 {
		x.failAt(start, "alignment of 2^%d bytes", align)
	}
	x.u64()
}

// memory reads a memory index.
func (x *instructions) memory(start int) {
	if x.u32() != 0 {
		x.features.use(FeatureMultiMemory, start, "access to a memory other than the first")
	}
}

// checkConstant refuses what cannot stand in a constant expression and records what only
// proposals allow there.
func (x *instructions) checkConstant(op byte, start int) {
	switch op {
	case 0x0b, 0x41, 0x42, 0x43, 0x44, 0xd0, 0xd2, 0xfb, 0xfd:
	case 0x23:
		x.constantGlobal(start)
	case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e:
		x.features.use(FeatureExtendedConst, start, "arithmetic in a constant expression")
	default:
		x.failAt(start, "instruction %#x cannot stand in a constant expression", op)
	}
}

// constantGlobal looks at the global that a constant expression reads.
func (x *instructions) constantGlobal(start int) {
	i := (&reader{b: x.b, pos: x.pos, end: x.end}).u32()
	switch {
	case uint64(i) >= uint64(len(x.globals)):
		x.failAt(start, "global index %d is out of range: %d are defined so far", i, len(x.globals))
	case int(i) >= x.imported:
		x.features.use(FeatureGC, start, "constant expression reads a global that is not imported")
	}
}
