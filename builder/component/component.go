package component

// Sort is an index space of a component.
type Sort uint8

// The sorts, core ones first.
const (
	SortCoreFunc Sort = iota
	SortCoreTable
	SortCoreMemory
	SortCoreGlobal
	SortCoreTag
	SortCoreType
	SortCoreModule
	SortCoreInstance
	SortFunc
	SortValue
	SortType
	SortComponent
	SortInstance
	sortCount = iota
)

// sortNames are the sorts in words, by Sort.
var sortNames = [sortCount]string{"core func", "core table", "core memory", "core global", "core tag",
	"core type", "core module", "core instance", "func", "value", "type", "component", "instance"}

// String returns the sort in words: "core func", "func", ...
func (s Sort) String() string {
	if int(s) < len(sortNames) {
		return sortNames[s]
	}
	return "unknown"
}

// Range is a range of bytes in the input of the outermost Decode: [Offset, Offset+Size).
type Range struct{ Offset, Size int64 }

// Of returns the range's bytes in the input it was decoded from.
func (r Range) Of(input []byte) []byte { return input[r.Offset : r.Offset+r.Size : r.Offset+r.Size] }

// Section is one section of a component or core module, in file order.
type Section struct {
	ID   byte
	Name string // "import", "core module", ..., for a custom section "custom"
	// Header is the section's id and size bytes, Payload what follows them.
	Header, Payload Range
	// Count is the number of items, for sections that are vectors.
	Count uint32
}

// Component is a decoded component. Its definitions are in the order in which they must be
// evaluated; each one that fills an index carries its sort and index.
type Component struct {
	defAt
	// Range is the component's bytes, preamble included.
	Range    Range
	Depth    int        // 0 for the outermost
	Parent   *Component // lexically enclosing; nil for the outermost
	Sections []Section
	Defs     []Def
	Customs  []Custom
	// Imports and Exports are those of Defs, in order.
	Imports []*Import
	Exports []*Export
	// Producers are the languages and tools of the component's own producers section.
	Producers []Producer

	// Type is what the component imports and what its instances export.
	Type *ComponentType

	spaces  [sortCount][]Def
	started bool // a start function has been read
}

// Def is one definition: *CoreModule, *CoreInstance, *CoreType, *Component, *Instance,
// *Alias, *Type, *Canon, *Start, *Import or *Export.
type Def interface {
	// At is the byte at which the definition begins.
	At() int64
	// Index is the sort and index that the definition fills; ok is false for what fills none
	// (*Start).
	Index() (s Sort, index uint32, ok bool)
}

// defAt is the part that every definition has.
type defAt struct {
	offset int64
	sort   Sort
	index  uint32
	fills  bool
}

func (d *defAt) At() int64                   { return d.offset }
func (d *defAt) Index() (Sort, uint32, bool) { return d.sort, d.index, d.fills }

// Space returns the definitions that fill an index space, by index. The result belongs to
// the component and must not be changed.
func (c *Component) Space(s Sort) []Def { return c.spaces[s] }

// CoreModule is a core module's bytes inside a component. [DecodeModule] reads them; its
// offsets then count from the module's first byte.
type CoreModule struct {
	defAt
	Range Range // preamble included
}

// CoreInstance is a core instance: a module instantiated with instances, or, when Inline, a
// bundle of items that exist already.
type CoreInstance struct {
	defAt
	Inline  bool
	Module  uint32         // not Inline: core module index
	Args    []CoreArg      // not Inline: instances by import module name; names are unique
	Exports []InlineExport // Inline: names are unique
}

// CoreArg gives the core instance that satisfies all imports of one module name.
type CoreArg struct {
	Name     string // empty names occur
	Instance uint32 // core instance index
}

// InlineExport is one item of an inline instance.
type InlineExport struct {
	Name  string
	Sort  Sort
	Index uint32
}

// Instance is a component instance: a component instantiated with arguments, or, when
// Inline, a bundle of items that exist already.
type Instance struct {
	defAt
	Inline    bool
	Component uint32         // not Inline: component index
	Args      []InlineExport // not Inline: by import name; names are unique
	Exports   []InlineExport // Inline
	Type      *InstanceType  // what it exports
}

// AliasKind tells the three alias forms apart.
type AliasKind uint8

// The alias forms.
const (
	AliasExport     AliasKind = iota // export Name of component instance Instance
	AliasCoreExport                  // export Name of core instance Instance
	AliasOuter                       // item Outer of the component Count levels out (0: itself)
)

// Alias fills the next index of its sort with an item that exists elsewhere.
type Alias struct {
	defAt
	Kind     AliasKind
	Instance uint32 // AliasExport: instance index; AliasCoreExport: core instance index
	Name     string
	Count    uint32 // AliasOuter
	Outer    uint32 // AliasOuter: index in the outer component's space of the same sort
}

// Import is an import, which fills an index of its sort.
type Import struct {
	defAt
	Name          string
	VersionSuffix string // the rest of the version when the name holds a canonical one ("@1.1" + ".3")
	Extern        Extern
}

// Export is an export of item (Sort, Item), and fills the next index of the same sort with it.
type Export struct {
	defAt
	Name          string
	VersionSuffix string
	Sort          Sort
	Item          uint32
	Extern        Extern // ascribed, else inferred; zero for core modules without ascription
}

// Start calls a component function at instantiation.
type Start struct {
	defAt
	Func    uint32
	Args    []uint32 // value indices; always empty: values are refused
	Results uint32
}

// Custom is a custom section.
type Custom struct {
	Name string
	// Payload is the bytes after the name.
	Payload Range
}
