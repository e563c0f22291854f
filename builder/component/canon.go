package component

// CanonOp is a canonical built-in.
type CanonOp uint8

// Canon is a canonical definition. Lift fills a func index; every other op a core func index.
type Canon struct {
	defAt
	Op CanonOp
	// Func is the core func index of Lift and the func index of Lower.
	Func uint32
	// Type is the type index of Lift, resource.* and stream.*/future.*, the core type index
	// of thread.spawn-* and thread.new-indirect.
	Type uint32
	// FuncType is the lifted or lowered function's type.
	FuncType *FuncType
	// Result is task.return's type; nil for none.
	Result *ValType
	// Immediate is the slot of context.get/set, the table index of thread.*-indirect and the
	// memory index of waitable-set.wait/poll.
	Immediate uint32
	// Async is the async? flag of *.cancel-*, Cancellable the cancel? flag of thread.* and
	// waitable-set.*, Shared the flag of thread.spawn-*.
	Async, Cancellable, Shared bool
	Options                    CanonOptions
}

// CanonOptions are the options of lift, lower and the built-ins that have them. The indices
// are -1 when the option is absent.
type CanonOptions struct {
	Encoding   string // "utf8", "utf16", "latin1+utf16"; "" when not given (utf8)
	Memory     int64  // core memory index
	Realloc    int64  // core func index
	PostReturn int64  // core func index
	Callback   int64  // core func index
	CoreType   int64  // core type index
	Async      bool
	GC         bool
}

// CoreType returns the core signature the definition has under the canonical ABI as a core
// function (for Lift: of the core function it lifts); ok is false where the signature
// depends on more than the definition (thread.new-indirect and spawn-*).
func (c *Canon) CoreType() (sig CoreFuncType, ok bool) { return CoreFuncType{}, false }
