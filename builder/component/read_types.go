package component

import "fmt"

// moduleType is a core type; only function types are kept.
type moduleType struct {
	CoreFuncType
	isFunc bool
}

// typeReader reads core types. Types refer to each other freely inside a recursive group, so
// indices inside types are not checked.
type typeReader struct {
	*reader
	types    []moduleType
	features *features // nil: not wanted
}

// recGroup reads a type, or a group of types that may refer to each other.
func (t *typeReader) recGroup() (types []moduleType) {
	if t.peek() != 0x4e {
		return []moduleType{t.subType()}
	}
	t.features.use(FeatureGC, t.pos, "recursive types")
	t.byte()
	for range t.vec("types", 2, maxModuleItems) {
		if t.err != nil {
			return nil
		}
		types = append(types, t.subType())
	}
	return types
}

// subType reads a type with its supertypes, if it has any.
func (t *typeReader) subType() moduleType {
	if c := t.peek(); c == 0x50 || c == 0x4f {
		t.features.use(FeatureGC, t.pos, "subtype")
		t.byte()
		for range t.vec("supertypes", 1, 1) {
			t.u32()
		}
	}
	if t.peek() == 0x65 {
		t.features.use(FeatureThreads, t.pos, "shared type")
		t.byte()
	}
	start := t.pos
	switch c := t.byte(); c {
	case 0x60:
		return moduleType{CoreFuncType: t.funcType(), isFunc: true}
	case 0x5f:
		t.features.use(FeatureGC, start, "struct type")
		for range t.vec("fields", 2, maxModuleItems) {
			t.storageType()
		}
	case 0x5e:
		t.features.use(FeatureGC, start, "array type")
		t.storageType()
	case 0x5d:
		t.features.use(FeatureStackSwitching, start, "continuation type")
		t.signed(33)
	default:
		t.failAt(start, "unknown core type %#x", c)
	}
	return moduleType{}
}

// storageType reads a field of a struct or array.
func (t *typeReader) storageType() {
	if c := t.peek(); c == 0x78 || c == 0x77 {
		t.byte()
	} else {
		t.valType()
	}
	t.flag("the mutability of a field")
}

func (t *typeReader) funcType() (f CoreFuncType) {
	f.Params = t.valTypes("parameters")
	f.Results = t.valTypes("results")
	return f
}

func (t *typeReader) valTypes(what string) (ts []CoreValType) {
	n := t.vec(what, 1, maxSignature)
	if n == 0 {
		return nil
	}
	ts = make([]CoreValType, 0, n)
	for range n {
		ts = append(ts, t.valType())
	}
	return ts
}

// valType reads a value type.
func (t *typeReader) valType() CoreValType {
	start := t.pos
	switch c := t.byte(); c {
	case 0x7f, 0x7e, 0x7d, 0x7c:
		return CoreValType(c)
	case 0x7b:
		t.features.use(FeatureSIMD, start, "v128")
		return V128
	case 0x70, 0x6f:
		return CoreValType(c)
	case 0x63, 0x64:
		t.features.use(FeatureFunctionReferences, start, "typed reference")
		t.heapType()
		return RefType
	default:
		t.abstract(c, start)
		return RefType
	}
}

// abstract accounts for an abstract heap type.
func (t *typeReader) abstract(c byte, start int) {
	switch c {
	case 0x70, 0x6f: // func, extern
	case 0x6e, 0x6d, 0x6c, 0x6b, 0x6a, 0x71, 0x72, 0x73:
		t.features.use(FeatureGC, start, "GC reference type")
	case 0x69, 0x74:
		t.features.use(FeatureExceptions, start, "exnref")
	case 0x68, 0x75:
		t.features.use(FeatureStackSwitching, start, "contref")
	default:
		t.failAt(start, "unknown value type %#x", c)
	}
}

// heapType reads what a reference refers to: an abstract type or a type index.
func (t *typeReader) heapType() {
	start := t.pos
	if t.peek() == 0x65 {
		t.features.use(FeatureThreads, t.pos, "shared type")
		t.byte()
	}
	if h := t.signed(33); h < 0 && h >= -64 {
		t.abstract(byte(h)&0x7f, start)
	} else if h < 0 {
		t.failAt(start, "unknown heap type %d", h)
	}
}

// refType reads the type of a table's elements.
func (t *typeReader) refType() CoreValType {
	start := t.pos
	v := t.valType()
	if t.err == nil && v != FuncRef && v != ExternRef && v != RefType {
		t.failAt(start, "%s is not a reference type", v)
	}
	return v
}

// limits reads the limits of a table or memory.
func (t *typeReader) limits(table bool) (l CoreLimits) {
	start := t.pos
	flags := t.byte()
	if flags > 0x0f || (table && flags&0x08 != 0) {
		t.failAt(start, "unknown limits flags %#x", flags)
	}
	what := "memory"
	if table {
		what = "table"
	}
	l = CoreLimits{HasMax: flags&1 != 0, Shared: flags&2 != 0, Is64: flags&4 != 0, PageSizeLog2: 16}
	bits := uint(32)
	if l.Is64 {
		bits = 64
		t.features.use(FeatureMemory64, start, "64-bit "+what)
	}
	if l.Shared {
		t.features.use(FeatureThreads, start, "shared "+what)
	}
	l.Min = t.unsigned(bits)
	if l.HasMax {
		l.Max = t.unsigned(bits)
	}
	if flags&0x08 != 0 {
		t.features.use(FeatureCustomPageSizes, start, "custom page size")
		l.custom = true
		if l.PageSizeLog2 = t.u32(); l.PageSizeLog2 > 16 {
			t.failAt(start, "page size of 2^%d bytes", l.PageSizeLog2)
		}
	}
	if l.HasMax && l.Min > l.Max {
		t.failAt(start, "minimum %d is above maximum %d", l.Min, l.Max)
	}
	t.checkPages(l, table, start)
	return l
}

// checkPages refuses a memory that its address space cannot hold.
func (t *typeReader) checkPages(l CoreLimits, table bool, start int) {
	if table {
		return
	}
	most := uint64(1) << (32 - l.PageSizeLog2)
	if l.Is64 {
		most = 1 << (64 - max(l.PageSizeLog2, 1))
	}
	if l.Min > most || (l.HasMax && l.Max > most) {
		t.failAt(start, "a memory of more than %d pages", most)
	}
}

// tableType reads element type and limits.
func (t *typeReader) tableType() CoreExtern {
	return CoreExtern{Kind: ExternTable, Val: t.refType(), Limits: t.limits(true)}
}

// globalType reads value type and mutability.
func (t *typeReader) globalType() CoreExtern {
	e := CoreExtern{Kind: ExternGlobal, Val: t.valType()}
	start := t.pos
	flags := t.byte()
	if flags > 3 {
		t.failAt(start, "unknown mutability %#x", flags)
	}
	e.Mutable, e.shared = flags&1 != 0, flags&2 != 0
	if e.shared {
		t.features.use(FeatureThreads, start, "shared global")
	}
	return e
}

// extern reads what is imported or declared as exported.
func (t *typeReader) extern() CoreExtern {
	start := t.pos
	switch c := t.byte(); c {
	case 0x00:
		return t.funcOf(ExternFunc)
	case 0x01:
		return t.tableType()
	case 0x02:
		return CoreExtern{Kind: ExternMemory, Limits: t.limits(false)}
	case 0x03:
		return t.globalType()
	case 0x04:
		t.features.use(FeatureExceptions, start, "tag")
		t.expect(0x00, "the attribute of a tag")
		return t.funcOf(ExternTag)
	default:
		t.failAt(start, "unknown kind %#x of import or export", c)
		return CoreExtern{}
	}
}

// funcOf reads the index of a function type.
func (t *typeReader) funcOf(k ExternKind) CoreExtern {
	start := t.pos
	i := t.u32()
	switch {
	case t.err != nil:
		return CoreExtern{}
	case uint64(i) >= uint64(len(t.types)):
		t.failAt(start, "type index %d is out of range: there are %d types", i, len(t.types))
		return CoreExtern{}
	case !t.types[i].isFunc:
		t.failAt(start, "type %d is not a function type", i)
		return CoreExtern{}
	}
	return CoreExtern{Kind: k, TypeIndex: i, Func: t.types[i].CoreFuncType}
}

// moduleImport reads an import of a core module.
func (t *typeReader) moduleImport() ModuleImport {
	start := t.pos
	im := ModuleImport{Module: t.name(), Name: t.name(), Offset: int64(start)}
	desc := t.pos
	im.Type = t.extern()
	im.desc = t.rangeFrom(desc)
	return im
}

// String describes the type: "func (i32) -> i32", "memory 1..16", ...
func (e CoreExtern) String() string {
	switch e.Kind {
	case ExternFunc, ExternTag:
		return fmt.Sprintf("%s %s", e.Kind, e.Func)
	case ExternGlobal:
		if e.Mutable {
			return "global mut " + e.Val.String()
		}
		return "global " + e.Val.String()
	case ExternTable:
		return fmt.Sprintf("table %s %s", e.Limits, e.Val)
	}
	return fmt.Sprintf("%s %s", e.Kind, e.Limits)
}

// String describes limits: "1", "1..16", "1..16 shared i64".
func (l CoreLimits) String() string {
	s := fmt.Sprint(l.Min)
	if l.HasMax {
		s += fmt.Sprintf("..%d", l.Max)
	}
	if l.Shared {
		s += " shared"
	}
	if l.Is64 {
		s += " i64"
	}
	return s
}

// String describes a signature: "(i32, i64) -> (i32)".
func (f CoreFuncType) String() string {
	return list(f.Params) + " -> " + list(f.Results)
}

func list(ts []CoreValType) string {
	s := "("
	for i, t := range ts {
		if i > 0 {
			s += ", "
		}
		s += t.String()
	}
	return s + ")"
}
