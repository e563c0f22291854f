package component

// The bounds on what is decoded. They are far above what tools write and far below what
// would hurt; engines have bounds of the same kind.
const (
	// maxDepth bounds components in components and types in types. Real ones nest four deep;
	// the recursion it allows needs less than 100 KiB of stack.
	maxDepth = 100
	// maxDefs bounds the definitions of a whole component tree. A QuickJS component with all of
	// WASI has about 2,000. A definition costs some 300 bytes, so that the worst is 60 MB.
	maxDefs = 200_000
	// maxItems bounds the members of all definitions together (fields, cases, arguments,
	// exports); each costs up to 100 bytes.
	maxItems = 1_000_000
	// maxFuncs is the bound of the JavaScript embedding on functions in a module.
	maxFuncs = 1_000_000
	// maxModuleItems bounds a module's types, imports, exports, tables, memories, globals and
	// tags, each. The JavaScript embedding had 100,000 for imports and exports until 2023.
	maxModuleItems = 100_000
	// maxSignature is the bound of the JavaScript embedding on parameters and on results.
	maxSignature = 1000
	// maxLocals is the bound of the JavaScript embedding on a function's locals.
	maxLocals = 50_000
	// maxName is the bound that other decoders put on a name in a component or module, bytes.
	maxName = 100_000
)

// budget counts what is shared by a whole component tree.
type budget struct{ defs, items int }
