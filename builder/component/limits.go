package component

// The bounds on what is decoded. They are far above what tools write and far below what
// would hurt; engines have bounds of the same kind.
const (
	// maxDepth bounds components in components and types in types. Real ones nest three deep;
	// the recursion it allows needs less than 100 KiB of stack.
	maxDepth = 100
	// maxDefs bounds the definitions of a whole component tree. A QuickJS component with all of
	// WASI has 985. An empty nested component, the dearest, costs some 1,000 bytes, so
	// that the worst is 100 MB.
	maxDefs = 100_000
	// maxSections bounds the sections of a component tree or of a module. Tools begin a section
	// whenever the kind of definition changes; that QuickJS component has 671. One costs up
	// to 500 bytes as slices grow.
	maxSections = 50_000
	// maxItems bounds the members of all definitions together (fields, cases, arguments,
	// exports); each costs up to 100 bytes.
	maxItems = 500_000
	// maxFuncs is the bound of the JavaScript embedding on functions in a module.
	maxFuncs = 1_000_000
	// maxModuleItems bounds a module's types, imports, exports, tables, memories, globals and
	// tags, each: ten times what the largest modules of compilers have.
	maxModuleItems = 100_000
	// maxSignature is the bound of the JavaScript embedding on parameters and on results.
	maxSignature = 1000
	// maxLocals is the bound of the JavaScript embedding on a function's locals.
	maxLocals = 50_000
	// maxName is the bound that other decoders put on a name in a component or module, bytes.
	maxName = 100_000
)

// budget counts what is shared by a whole component tree.
type budget struct{ defs, items, sections int }
