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
	// Slot is the slot of context.get/set, and SlotType its type.
	Slot     uint32
	SlotType CoreValType
	// Table is the core table index of thread.*-indirect.
	Table uint32
	// Async is the async? flag of *.cancel-*, Cancellable the cancel? flag of thread.* and
	// waitable-set.*, Shared the flag of thread.spawn-*.
	Async, Cancellable, Shared bool
	Options                    CanonOptions
}

// CanonOptions are the options of lift, lower and the built-ins that have them. The indices
// are -1 when the option is absent.
type CanonOptions struct {
	Encoding   string // "utf8", "utf16", "latin1+utf16"; "" when not given (utf8)
	Memory     int64  // core memory index; waitable-set.wait and .poll have it too
	Realloc    int64  // core func index
	PostReturn int64  // core func index
	Callback   int64  // core func index
	CoreType   int64  // core type index
	Async      bool
	GC         bool
}

// The canonical built-ins, by their byte in the binary format.
const (
	Lift                       CanonOp = 0x00
	Lower                      CanonOp = 0x01
	ResourceNew                CanonOp = 0x02
	ResourceDrop               CanonOp = 0x03
	ResourceRep                CanonOp = 0x04
	TaskCancel                 CanonOp = 0x05
	SubtaskCancel              CanonOp = 0x06
	ResourceDropAsync          CanonOp = 0x07 // in drafts until 2025
	BackpressureSet            CanonOp = 0x08 // in drafts until 2025
	TaskReturn                 CanonOp = 0x09
	ContextGet                 CanonOp = 0x0a
	ContextSet                 CanonOp = 0x0b
	ThreadYield                CanonOp = 0x0c
	SubtaskDrop                CanonOp = 0x0d
	StreamNew                  CanonOp = 0x0e
	StreamRead                 CanonOp = 0x0f
	StreamWrite                CanonOp = 0x10
	StreamCancelRead           CanonOp = 0x11
	StreamCancelWrite          CanonOp = 0x12
	StreamDropReadable         CanonOp = 0x13
	StreamDropWritable         CanonOp = 0x14
	FutureNew                  CanonOp = 0x15
	FutureRead                 CanonOp = 0x16
	FutureWrite                CanonOp = 0x17
	FutureCancelRead           CanonOp = 0x18
	FutureCancelWrite          CanonOp = 0x19
	FutureDropReadable         CanonOp = 0x1a
	FutureDropWritable         CanonOp = 0x1b
	ErrorContextNew            CanonOp = 0x1c
	ErrorContextDebugMessage   CanonOp = 0x1d
	ErrorContextDrop           CanonOp = 0x1e
	WaitableSetNew             CanonOp = 0x1f
	WaitableSetWait            CanonOp = 0x20
	WaitableSetPoll            CanonOp = 0x21
	WaitableSetDrop            CanonOp = 0x22
	WaitableJoin               CanonOp = 0x23
	BackpressureInc            CanonOp = 0x24
	BackpressureDec            CanonOp = 0x25
	ThreadIndex                CanonOp = 0x26
	ThreadNewIndirect          CanonOp = 0x27
	ThreadResumeLater          CanonOp = 0x28
	ThreadSuspend              CanonOp = 0x29
	ThreadSuspendThenResume    CanonOp = 0x2a
	ThreadYieldThenResume      CanonOp = 0x2b
	ThreadSuspendThenPromote   CanonOp = 0x2c
	ThreadYieldThenPromote     CanonOp = 0x2d
	StreamForward              CanonOp = 0x2e
	FutureForward              CanonOp = 0x2f
	ThreadSpawnRef             CanonOp = 0x40
	ThreadSpawnIndirect        CanonOp = 0x41
	ThreadAvailableParallelism CanonOp = 0x42
)

// operands says what follows a built-in's byte.
type operands uint8

const (
	noOperands operands = iota
	special             // lift, lower, task.return
	typeIndex
	typeOptions // type index, options
	typeAsync   // type index, async?
	options
	asyncFlag
	cancelFlag
	cancelMemory // cancel?, core memory index
	slot         // core value type, slot
	coreTypeTable
	sharedType
	sharedTypeTable
	sharedFlag
)

// canonInfo is a built-in's name, operands and core signature. The signature is written as
// parameters:results, i and I for i32 and i64; "-" when it depends on more.
type canonInfo struct {
	name     string
	operands operands
	sig      string
}

// canons are the built-ins by their op.
var canons = map[CanonOp]canonInfo{
	Lift:                       {"lift", special, "-"},
	Lower:                      {"lower", special, "-"},
	ResourceNew:                {"resource.new", typeIndex, "i:i"},
	ResourceDrop:               {"resource.drop", typeIndex, "i:"},
	ResourceRep:                {"resource.rep", typeIndex, "i:i"},
	TaskCancel:                 {"task.cancel", noOperands, ":"},
	SubtaskCancel:              {"subtask.cancel", asyncFlag, "i:i"},
	ResourceDropAsync:          {"resource.drop async", typeIndex, "i:i"},
	BackpressureSet:            {"backpressure.set", noOperands, "i:"},
	TaskReturn:                 {"task.return", special, "-"},
	ContextGet:                 {"context.get", slot, "-"},
	ContextSet:                 {"context.set", slot, "-"},
	ThreadYield:                {"thread.yield", cancelFlag, ":i"},
	SubtaskDrop:                {"subtask.drop", noOperands, "i:"},
	StreamNew:                  {"stream.new", typeIndex, ":I"},
	StreamRead:                 {"stream.read", typeOptions, "iii:i"},
	StreamWrite:                {"stream.write", typeOptions, "iii:i"},
	StreamCancelRead:           {"stream.cancel-read", typeAsync, "i:i"},
	StreamCancelWrite:          {"stream.cancel-write", typeAsync, "i:i"},
	StreamDropReadable:         {"stream.drop-readable", typeIndex, "i:"},
	StreamDropWritable:         {"stream.drop-writable", typeIndex, "i:"},
	FutureNew:                  {"future.new", typeIndex, ":I"},
	FutureRead:                 {"future.read", typeOptions, "ii:i"},
	FutureWrite:                {"future.write", typeOptions, "ii:i"},
	FutureCancelRead:           {"future.cancel-read", typeAsync, "i:i"},
	FutureCancelWrite:          {"future.cancel-write", typeAsync, "i:i"},
	FutureDropReadable:         {"future.drop-readable", typeIndex, "i:"},
	FutureDropWritable:         {"future.drop-writable", typeIndex, "i:"},
	ErrorContextNew:            {"error-context.new", options, "ii:i"},
	ErrorContextDebugMessage:   {"error-context.debug-message", options, "ii:"},
	ErrorContextDrop:           {"error-context.drop", noOperands, "i:"},
	WaitableSetNew:             {"waitable-set.new", noOperands, ":i"},
	WaitableSetWait:            {"waitable-set.wait", cancelMemory, "ii:i"},
	WaitableSetPoll:            {"waitable-set.poll", cancelMemory, "ii:i"},
	WaitableSetDrop:            {"waitable-set.drop", noOperands, "i:"},
	WaitableJoin:               {"waitable.join", noOperands, "ii:"},
	BackpressureInc:            {"backpressure.inc", noOperands, ":"},
	BackpressureDec:            {"backpressure.dec", noOperands, ":"},
	ThreadIndex:                {"thread.index", noOperands, ":i"},
	ThreadNewIndirect:          {"thread.new-indirect", coreTypeTable, "-"},
	ThreadResumeLater:          {"thread.resume-later", noOperands, "i:"},
	ThreadSuspend:              {"thread.suspend", cancelFlag, ":i"},
	ThreadSuspendThenResume:    {"thread.suspend-then-resume", cancelFlag, "i:i"},
	ThreadYieldThenResume:      {"thread.yield-then-resume", cancelFlag, "i:i"},
	ThreadSuspendThenPromote:   {"thread.suspend-then-promote", cancelFlag, "i:i"},
	ThreadYieldThenPromote:     {"thread.yield-then-promote", cancelFlag, "i:i"},
	StreamForward:              {"stream.forward", typeIndex, "-"},
	FutureForward:              {"future.forward", typeIndex, "-"},
	ThreadSpawnRef:             {"thread.spawn-ref", sharedType, "-"},
	ThreadSpawnIndirect:        {"thread.spawn-indirect", sharedTypeTable, "-"},
	ThreadAvailableParallelism: {"thread.available-parallelism", sharedFlag, ":i"},
}

// String returns the built-in as it is written in text, "resource.drop".
func (op CanonOp) String() string {
	if i, ok := canons[op]; ok {
		return i.name
	}
	return "unknown"
}

// CoreType returns the core signature the definition has under the canonical ABI as a core
// function (for Lift: of the core function it lifts); ok is false where the signature
// depends on more than the definition (thread.new-indirect and spawn-*).
func (c *Canon) CoreType() (sig CoreFuncType, ok bool) {
	switch c.Op {
	case Lift, Lower:
		s := c.Signature()
		return CoreFuncType{Params: s.Params, Results: s.Results}, true
	case TaskReturn:
		f := FuncType{}
		if c.Result != nil {
			f.Params = []Field{{Type: c.Result}}
		}
		return CoreFuncType{Params: f.Lower().Params}, true
	case ContextGet:
		return CoreFuncType{Results: []CoreValType{c.SlotType}}, true
	case ContextSet:
		return CoreFuncType{Params: []CoreValType{c.SlotType}}, true
	}
	return parseSig(canons[c.Op].sig)
}

// Signature returns how Lift's or Lower's function is called under the definition's options;
// zero for every other op.
func (c *Canon) Signature() Signature {
	switch {
	case c.FuncType == nil:
		return Signature{}
	case c.Op == Lift && c.Options.Async:
		return c.FuncType.LiftAsync(c.Options.Callback >= 0)
	case c.Op == Lift:
		return c.FuncType.Lift()
	case c.Options.Async:
		return c.FuncType.LowerAsync()
	}
	return c.FuncType.Lower()
}

// parseSig reads a signature from the table above.
func parseSig(s string) (sig CoreFuncType, ok bool) {
	list := &sig.Params
	for _, c := range s {
		switch c {
		case 'i':
			*list = append(*list, I32)
		case 'I':
			*list = append(*list, I64)
		case ':':
			list, ok = &sig.Results, true
		}
	}
	return sig, ok
}
