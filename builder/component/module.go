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

// String returns the type as it is written in text.
func (t CoreValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case CoreF32:
		return "f32"
	case CoreF64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return "ref"
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

// externNames are the kinds in words, by ExternKind.
var externNames = [...]string{"func", "table", "memory", "global", "tag"}

// String returns the kind in one word.
func (k ExternKind) String() string {
	if int(k) < len(externNames) {
		return externNames[k]
	}
	return "unknown"
}

// CoreLimits are the limits of a table (elements) or memory (pages).
type CoreLimits struct {
	Min    uint64
	Max    uint64 // when HasMax
	HasMax bool
	Shared bool
	Is64   bool
	// PageSizeLog2 is 16 unless custom page sizes are used.
	PageSizeLog2 uint32

	custom bool // the page size is written out
}

// CoreExtern is the type of a core import or export; which fields count depends on Kind.
type CoreExtern struct {
	Kind      ExternKind
	TypeIndex uint32       // func, tag
	Func      CoreFuncType // func, tag: resolved
	Limits    CoreLimits   // table, memory
	Val       CoreValType  // table element, global
	Mutable   bool         // global

	shared bool // global
}

// ModuleImport is an import of a core module.
type ModuleImport struct {
	Module, Name string // both may be empty
	Type         CoreExtern
	Offset       int64 // of the import, from the module's first byte

	desc Range // of the type, as it is written in the module
}

// ModuleExport is an export of a core module.
type ModuleExport struct {
	Name  string
	Kind  ExternKind
	Index uint32 // in the module's index space of that kind, imports first
}

// Module is a decoded core module. All offsets count from the module's first byte.
type Module struct {
	Sections []Section
	Types    []CoreFuncType // by type index; empty for types that are no functions
	Imports  []ModuleImport
	Funcs    []uint32     // type indices of the functions defined here
	Tables   []CoreExtern // the whole index space, imports first; so are the next three
	Memories []CoreExtern
	Globals  []CoreExtern
	Tags     []CoreExtern
	Exports  []ModuleExport

	Start        int64  // function index, -1 for none
	DataCount    int64  // -1 when there is no data count section
	Elements     int    // element segments
	Data         int    // data segments
	DataBytes    int64  // in all data segments
	CodeBytes    int64  // in all function bodies
	Instructions int64  // in all function bodies
	MaxLocals    uint64 // most locals in one function, parameters not counted
	MaxNesting   int    // deepest nesting of blocks in a function body

	Customs   []Custom
	Producers []Producer
	// ComponentType names the custom sections whose name begins with "component-type": the
	// module can be wrapped into a component.
	ComponentType []string
	Proposals     []Proposal // at most one a feature, sorted by offset

	importedFuncs []uint32 // type indices
}

// FuncCount is the size of the function index space, imports included.
func (m *Module) FuncCount() int { return len(m.importedFuncs) + len(m.Funcs) }

// FuncType returns the type of function index i, imports first; ok is false out of range.
func (m *Module) FuncType(i uint32) (t CoreFuncType, ok bool) {
	imported := uint32(len(m.importedFuncs))
	switch {
	case i < imported:
		return m.Types[m.importedFuncs[i]], true
	case i-imported < uint32(len(m.Funcs)):
		return m.Types[m.Funcs[i-imported]], true
	}
	return CoreFuncType{}, false
}

// Export finds an export by its name.
func (m *Module) Export(name string) (ModuleExport, bool) {
	for _, e := range m.Exports {
		if e.Name == name {
			return e, true
		}
	}
	return ModuleExport{}, false
}

// ExportType returns the full type of an export of this module.
func (m *Module) ExportType(e ModuleExport) (CoreExtern, bool) {
	space := map[ExternKind][]CoreExtern{ExternTable: m.Tables, ExternMemory: m.Memories,
		ExternGlobal: m.Globals, ExternTag: m.Tags}[e.Kind]
	if e.Kind == ExternFunc {
		f, ok := m.FuncType(e.Index)
		return CoreExtern{Kind: ExternFunc, Func: f}, ok
	}
	if uint64(e.Index) >= uint64(len(space)) {
		return CoreExtern{}, false
	}
	return space[e.Index], true
}

// Uses returns the proposal entry of a feature.
func (m *Module) Uses(f Feature) (Proposal, bool) {
	for _, p := range m.Proposals {
		if p.Feature == f {
			return p, true
		}
	}
	return Proposal{}, false
}

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
	featureCount = iota
)

// featureNames are the features as the proposals are called, by Feature.
var featureNames = [featureCount]string{"simd", "relaxed-simd", "threads", "tail-call", "exceptions",
	"legacy-exceptions", "function-references", "gc", "multi-memory", "memory64", "extended-const",
	"custom-page-sizes", "wide-arithmetic", "stack-switching"}

// String returns the proposal's name in lower case with hyphens.
func (f Feature) String() string {
	if int(f) < len(featureNames) {
		return featureNames[f]
	}
	return "unknown"
}

// Producer is a line of a producers section.
type Producer struct {
	Field   string // "language", "processed-by", "sdk"
	Name    string
	Version string // may be empty
}
