package component

// imm says what follows an opcode.
type imm uint8

const (
	immSpecial imm = iota // by opcode, or unknown
	immNone
	immIndex
	immTwo // two indices
	immBlock
	immEnd
	immMemArg
	immTable // br_table
	immSigned32
	immSigned64
	imm4
	imm8
	immMemory
	immCatches // try_table
	immResume
)

// immediate is what follows each opcode of WebAssembly 2.0; the rest is special.
var immediate = opcodeTable()

func opcodeTable() (t [256]imm) {
	fill := func(from, to int, i imm) {
		for op := from; op <= to; op++ {
			t[op] = i
		}
	}
	fill(0x00, 0x01, immNone)   // unreachable, nop
	fill(0x02, 0x04, immBlock)  // block, loop, if
	fill(0x05, 0x05, immNone)   // else
	fill(0x0b, 0x0b, immEnd)    // end
	fill(0x0c, 0x0d, immIndex)  // br, br_if
	fill(0x0e, 0x0e, immTable)  // br_table
	fill(0x0f, 0x0f, immNone)   // return
	fill(0x10, 0x10, immIndex)  // call
	fill(0x11, 0x11, immTwo)    // call_indirect
	fill(0x1a, 0x1b, immNone)   // drop, select
	fill(0x20, 0x26, immIndex)  // local.*, global.*, table.get, table.set
	fill(0x28, 0x3e, immMemArg) // loads and stores
	fill(0x3f, 0x40, immMemory) // memory.size, memory.grow
	fill(0x41, 0x41, immSigned32)
	fill(0x42, 0x42, immSigned64)
	fill(0x43, 0x43, imm4)
	fill(0x44, 0x44, imm8)
	fill(0x45, 0xc4, immNone)  // arithmetic, conversions, sign extension
	fill(0xd1, 0xd1, immNone)  // ref.is_null
	fill(0xd2, 0xd2, immIndex) // ref.func
	return t
}

// proposalOp is an opcode that a proposal added without a prefix.
type proposalOp struct {
	name    string
	feature Feature
	imm     imm
}

// proposalOps are these opcodes.
var proposalOps = map[byte]proposalOp{
	0x06: {"try", FeatureLegacyExceptions, immBlock},
	0x07: {"catch", FeatureLegacyExceptions, immIndex},
	0x08: {"throw", FeatureExceptions, immIndex},
	0x09: {"rethrow", FeatureLegacyExceptions, immIndex},
	0x0a: {"throw_ref", FeatureExceptions, immNone},
	0x12: {"return_call", FeatureTailCall, immIndex},
	0x13: {"return_call_indirect", FeatureTailCall, immTwo},
	0x14: {"call_ref", FeatureFunctionReferences, immIndex},
	0x15: {"return_call_ref", FeatureTailCall, immIndex},
	0x18: {"delegate", FeatureLegacyExceptions, immEnd},
	0x19: {"catch_all", FeatureLegacyExceptions, immNone},
	0x1f: {"try_table", FeatureExceptions, immCatches},
	0xd3: {"ref.eq", FeatureGC, immNone},
	0xd4: {"ref.as_non_null", FeatureFunctionReferences, immNone},
	0xd5: {"br_on_null", FeatureFunctionReferences, immIndex},
	0xd6: {"br_on_non_null", FeatureFunctionReferences, immIndex},
	0xe0: {"cont.new", FeatureStackSwitching, immIndex},
	0xe1: {"cont.bind", FeatureStackSwitching, immTwo},
	0xe2: {"suspend", FeatureStackSwitching, immIndex},
	0xe3: {"resume", FeatureStackSwitching, immResume},
	0xe4: {"resume_throw", FeatureStackSwitching, immResume},
	0xe5: {"resume_throw_ref", FeatureStackSwitching, immResume},
	0xe6: {"switch", FeatureStackSwitching, immTwo},
}

// miscellaneous reads what follows the prefix 0xfc.
func (x *instructions) miscellaneous(sub uint32, start int) {
	switch {
	case sub <= 7: // saturating truncation
	case sub == 8: // memory.init
		x.u32()
		x.memory(start)
	case sub == 9 || sub == 13 || (sub >= 15 && sub <= 17): // data.drop, elem.drop, table.grow, size, fill
		x.u32()
	case sub == 10: // memory.copy
		x.memory(start)
		x.memory(start)
	case sub == 11: // memory.fill
		x.memory(start)
	case sub == 12 || sub == 14: // table.init, table.copy
		x.u32()
		x.u32()
	case sub >= 19 && sub <= 22:
		x.features.use(FeatureWideArithmetic, start, "128-bit arithmetic")
	default:
		x.failAt(start, "unknown instruction 0xfc %d", sub)
	}
}

// simd reads what follows the prefix 0xfd.
func (x *instructions) simd(sub uint32, start int) {
	switch {
	case sub <= 11 || sub == 92 || sub == 93: // loads and stores
		x.memArg()
	case sub == 12 || sub == 13: // v128.const, i8x16.shuffle
		x.skip(16)
	case sub >= 21 && sub <= 34: // lanes
		x.byte()
	case sub >= 84 && sub <= 91: // lanes from and to memory
		x.memArg()
		x.byte()
	case sub >= 0x100 && sub <= 0x113:
		x.features.use(FeatureRelaxedSIMD, start, "relaxed SIMD instruction")
		return
	case sub > 0xff || simdGaps[sub]:
		x.failAt(start, "unknown instruction 0xfd %d", sub)
	}
	x.features.use(FeatureSIMD, start, "SIMD instruction")
}

// simdGaps are the numbers below 256 that no instruction has.
var simdGaps = map[uint32]bool{0x9a: true, 0xa2: true, 0xa5: true, 0xa6: true, 0xaf: true, 0xb0: true, 0xb2: true, 0xb3: true,
	0xb4: true, 0xbb: true, 0xc2: true, 0xc5: true, 0xc6: true, 0xcf: true, 0xd0: true, 0xd2: true, 0xd3: true,
	0xd4: true, 0xe2: true, 0xee: true}

// atomic reads what follows the prefix 0xfe.
func (x *instructions) atomic(sub uint32, start int) {
	switch {
	case sub <= 2 || (sub >= 0x10 && sub <= 0x4e):
		x.memArg()
	case sub == 3: // atomic.fence
		x.expect(0x00, "the byte behind atomic.fence")
	default:
		x.failAt(start, "unknown instruction 0xfe %d", sub)
	}
}

// gc reads what follows the prefix 0xfb.
func (x *instructions) gc(sub uint32, start int) {
	switch sub {
	case 0, 1, 6, 7, 11, 12, 13, 14, 16: // one type
		x.u32()
	case 2, 3, 4, 5, 8, 9, 10, 17, 18, 19: // a type and a field, length, segment or type
		x.u32()
		x.u32()
	case 15, 26, 27, 28, 29, 30: // array.len, conversions, i31
	case 20, 21, 22, 23: // ref.test, ref.cast
		x.heapType()
	case 24, 25: // br_on_cast, br_on_cast_fail
		x.byte()
		x.u32()
		x.heapType()
		x.heapType()
	default:
		x.failAt(start, "unknown instruction 0xfb %d", sub)
	}
}
