package component

// TypeKind is the constructor of a component type.
type TypeKind uint8

// The type constructors. Primitives first.
const (
	Bool TypeKind = iota
	S8
	U8
	S16
	U16
	S32
	U32
	S64
	U64
	F32
	F64
	Char
	String
	ErrorContext
	Record
	Variant
	List
	FixedList
	Tuple
	Flags
	Enum
	Option
	Result
	Own
	Borrow
	Stream
	Future
	Map
	Func
	ComponentKind
	InstanceKind
	Resource
)

// typeNames are the constructors as they are written in text, by TypeKind.
var typeNames = []string{"bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char",
	"string", "error-context", "record", "variant", "list", "fixed-length list", "tuple", "flags", "enum",
	"option", "result", "own", "borrow", "stream", "future", "map", "func", "component", "instance", "resource"}

// String returns the constructor as it is written in text.
func (k TypeKind) String() string {
	if int(k) < len(typeNames) {
		return typeNames[k]
	}
	return "unknown"
}

// primitives are the types of one byte, from 0x7f (bool) downwards to 0x73 (string), and
// error-context.
var primitives = primitiveTypes()

func primitiveTypes() (ts [ErrorContext + 1]*Type) {
	flat := [...]CoreValType{U64: I64, S64: I64, F32: CoreF32, F64: CoreF64, ErrorContext: 0}
	sizes := [...]uint32{1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 4, 8, 4}
	for k := range ts {
		l := Layout{Size: sizes[k], Align: sizes[k], Flat: []CoreValType{I32}}
		if flat[k] != 0 {
			l.Flat[0] = flat[k]
		}
		if TypeKind(k) == String {
			l = pointerLayout
		}
		ts[k] = &Type{Kind: TypeKind(k), layout: l}
	}
	return ts
}

// primitive is the primitive type written as byte c, nil if there is none.
func primitive(c byte) *Type {
	switch {
	case c >= 0x73 && c <= 0x7f:
		return primitives[0x7f-c]
	case c == 0x64:
		return primitives[ErrorContext]
	}
	return nil
}

// Type is a component type, its references to other types resolved through aliases, imports
// and exports. Types are shared, never copied, and form a finite graph without cycles.
type Type struct {
	defAt
	Kind TypeKind
	// Fields are a record's fields, a variant's cases (Type nil when without payload), a
	// tuple's members (no names), the labels of flags and enum (Type nil).
	Fields []Field
	// Elem is the type in list, option, stream, future, map's value and result's ok; nil
	// when there is none. Err is result's error and map's key.
	Elem, Err *Type
	// Len is the length of a fixed-length list.
	Len uint32
	// Resource is the resource that own and borrow refer to.
	Resource *Type
	// Func, Instance and Component are set for the kinds of these names.
	Func      *FuncType
	Instance  *InstanceType
	Component *ComponentType

	layout Layout
}

// ValType is a value type: a primitive or a defined one.
type ValType = Type

// Field is a named member of a type.
type Field struct {
	Name string
	Type *Type
}

// FuncType is the type of a component function.
type FuncType struct {
	Params []Field
	// Result is nil for a function without a result.
	Result *Type
	Async  bool
}

// Extern is what an import or export is: its sort and type.
type Extern struct {
	Sort Sort
	// Func, Instance, Component, Type (for sort type) are set for their sorts.
	Func      *FuncType
	Instance  *InstanceType
	Component *ComponentType
	Type      *Type
	// CoreModule is the type of an imported core module; nil when not known.
	CoreModule *CoreModuleType

	coreFunc *CoreFuncType // of a core type
}

// NamedExtern is a named import or export of a type.
type NamedExtern struct {
	Name          string
	VersionSuffix string
	Extern        Extern
}

// InstanceType is what an instance exports, in order.
type InstanceType struct {
	Exports []NamedExtern
	byName  map[string]int
}

// add appends an export whose name is not there yet.
func (t *InstanceType) add(e NamedExtern) {
	if t.byName == nil {
		t.byName = map[string]int{}
	}
	t.byName[e.Name] = len(t.Exports)
	t.Exports = append(t.Exports, e)
}

// Export finds an export by its name.
func (t *InstanceType) Export(name string) (Extern, bool) {
	i, ok := t.byName[name]
	if !ok {
		return Extern{}, false
	}
	return t.Exports[i].Extern, true
}

// ComponentType is what a component imports and what its instances export.
type ComponentType struct {
	Imports []NamedExtern
	Exports *InstanceType
}

// CoreType is a core type definition: a function type or a module type; a GC type has neither.
type CoreType struct {
	defAt
	Func   *CoreFuncType
	Module *CoreModuleType
}

// CoreModuleType is the type of an imported core module.
type CoreModuleType struct {
	Imports []ModuleImport
	Exports []ModuleExportType
}

// ModuleExportType is an export of a core module type.
type ModuleExportType struct {
	Name string
	Type CoreExtern
}
