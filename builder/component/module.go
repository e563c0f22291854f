package component

// CoreValType is a core value type: one of the constants, or RefType for a reference.
type CoreValType uint8

// The core value types, by their byte in the binary format. RefType stands for every
// reference that is not funcref or externref.
const (
	I32       CoreValType = 0x7f
	I64       CoreValType = 0x7e
	CoreF32   CoreValType = 0x7d
	CoreF64   CoreValType = 0x7c
	V128      CoreValType = 0x7b
	FuncRef   CoreValType = 0x70
	ExternRef CoreValType = 0x6f
	RefType   CoreValType = 0x64
)

// CoreFuncType is a core function type.
type CoreFuncType struct {
	Params, Results []CoreValType
}

// ExternKind is what a core import or export is, by its byte in the binary format.
type ExternKind uint8

// The core extern kinds.
const (
	ExternFunc   ExternKind = 0
	ExternTable  ExternKind = 1
	ExternMemory ExternKind = 2
	ExternGlobal ExternKind = 3
	ExternTag    ExternKind = 4
)

// CoreLimits are the limits of a table (elements) or memory (pages).
type CoreLimits struct {
	Min    uint64
	Max    uint64 // when HasMax
	HasMax bool
	Shared bool
	Is64   bool
	// PageSizeLog2 is 16 unless custom page sizes are used.
	PageSizeLog2 uint32
}

// CoreExtern is the type of a core import or export; which fields count depends on Kind.
type CoreExtern struct {
	Kind      ExternKind
	TypeIndex uint32       // func, tag
	Func      CoreFuncType // func, tag: resolved
	Limits    CoreLimits   // table, memory
	Val       CoreValType  // table element, global
	Mutable   bool         // global
}

// ModuleImport is an import of a core module.
type ModuleImport struct {
	Module, Name string // both may be empty
	Type         CoreExtern
	Offset       int64
}

// ModuleExport is an export of a core module.
type ModuleExport struct {
	Name  string
	Kind  ExternKind
	Index uint32 // in the module's index space of that kind, imports first
}

// Module is a decoded core module. All offsets count from the module's first byte.
type Module struct {
	Sections     []Section
	Types        []CoreFuncType // by type index; empty for types that are no functions
	Imports      []ModuleImport
	Funcs        []uint32     // type indices of the functions defined here
	Tables       []CoreExtern // all of the index space, imports first
	Memories     []CoreExtern
	Globals      []CoreExtern
	Tags         []CoreExtern
	Exports      []ModuleExport
	Start        int64 // function index, -1 for none
	DataCount    int64 // -1 when there is no data count section
	Elements     int   // number of element segments
	Data         int   // number of data segments
	DataBytes    int64
	CodeBytes    int64
	MaxLocals    uint64 // the most locals in one function, parameters not counted
	MaxNesting   int    // deepest nesting of blocks in a function body
	Instructions int64
	Customs      []Custom
	Producers    []Producer
	// ComponentType names the custom sections whose name begins with "component-type": the
	// module can be wrapped into a component.
	ComponentType []string
	Proposals     []Proposal // sorted by offset
}

// FuncType returns the type of function index i, imports first; ok is false out of range.
func (m *Module) FuncType(i uint32) (t CoreFuncType, ok bool) { return CoreFuncType{}, false }

// Proposal is the use of a feature beyond WebAssembly 2.0 without SIMD.
type Proposal struct {
	Feature Feature
	Offset  int64  // of the first use
	Uses    int    // places in the binary, at least 1
	What    string // the first use, e.g. "i64 memory", "return_call"
}

// Feature is a WebAssembly proposal.
type Feature uint8

// The features that are told apart.
const (
	FeatureSIMD Feature = iota
	FeatureRelaxedSIMD
	FeatureThreads
	FeatureTailCall
	FeatureExceptions       // try_table, throw, tags
	FeatureLegacyExceptions // try, catch, rethrow, delegate
	FeatureFunctionReferences
	FeatureGC
	FeatureMultiMemory
	FeatureMemory64
	FeatureExtendedConst
	FeatureCustomPageSizes
	FeatureWideArithmetic
	FeatureStackSwitching
)

// Producer is a line of a producers section.
type Producer struct {
	Field   string // "language", "processed-by", "sdk"
	Name    string
	Version string // may be empty
}

// DecodeModule reads a core module, every section and every instruction. It checks the
// format, not the types of the instructions. The error is always an *Error.
func DecodeModule(b []byte) (*Module, error) { return nil, errNotYet }
