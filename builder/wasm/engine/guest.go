package engine

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// Guest is a module that has been brought to life, or as much of one as there is. It is
// single-threaded, so nothing guards it. Close frees it; closing its sandbox does too.
type Guest struct {
	sandbox     *Sandbox
	plan        *reader.Plan
	isComponent bool // the plan is a component's
	instances   map[string]api.Module
	provided    []api.Module
	items       map[string]map[uint32]reader.Place // by the step's op, then its index
	handles     handles
	tasks       taskState
	stops       []context.CancelFunc
}

// context is the one under which the guest is started and called: it has its memory from the
// sandbox, and finds its other instances.
func (g *Guest) context(ctx context.Context) context.Context {
	ctx = experimental.WithMemoryAllocator(ctx, g.sandbox.memory)
	return experimental.WithImportResolver(ctx, func(key string) api.Module { return g.instances[key] })
}

// canceler is the method of wazero's instances by which it ends the one that is called.
type canceler interface {
	CloseModuleOnCanceledOrTimeout(ctx context.Context) context.CancelFunc
}

// keep makes a finished instance end with ctx. wazero itself ends only the one that was
// called, and a loop in an instance that this one calls looks at its own state. Closing
// it from outside would free what it is using; this method only sets a flag.
func (g *Guest) keep(ctx context.Context, m api.Module) {
	if c, ok := m.(canceler); ok {
		g.stops = append(g.stops, c.CloseModuleOnCanceledOrTimeout(ctx))
	}
}

// Within makes every instance end with ctx, until the function that it returns is called.
func (g *Guest) Within(ctx context.Context) (release func()) {
	g.release()
	for _, m := range g.instances {
		g.keep(ctx, m)
	}
	return g.release
}

func (g *Guest) release() {
	for _, stop := range g.stops {
		stop()
	}
	g.stops = nil
}

// Close frees the instances, and what the host gave them.
func (g *Guest) Close() {
	g.release()
	for _, m := range g.instances {
		_ = m.Close(context.Background())
	}
	for _, m := range g.provided {
		_ = m.Close(context.Background())
	}
}

// Exported is a function of the root with its core form; ok tells whether there is one.
func (g *Guest) Exported(name string) (f *reader.Lifted, call api.Function, ok bool) {
	for i := range g.plan.Functions {
		if f := &g.plan.Functions[i]; f.Name == name {
			return f, g.at(f.Place), true
		}
	}
	return nil, nil, false
}

// CoreFunction is an export of a core module that is no component; nil when there is none.
func (g *Guest) CoreFunction(name string) api.Function {
	if instance := g.instances["0"]; instance != nil && !g.isComponent {
		return instance.ExportedFunction(name)
	}
	return nil
}

// Call calls a function of the guest.
func (g *Guest) Call(ctx context.Context, f api.Function, args ...uint64) ([]uint64, error) {
	return f.Call(g.context(ctx), args...)
}

// ShapeError is an export that does not have the type its name promises.
type ShapeError struct{ Message string }

func (e *ShapeError) Error() string { return e.Message }

// Initialize calls _initialize of a core module, and nothing else: _start would run a
// program to its end.
func (g *Guest) Initialize(ctx context.Context) error {
	f := g.CoreFunction("_initialize")
	if f == nil {
		return nil
	}
	if d := f.Definition(); len(d.ParamTypes())+len(d.ResultTypes()) > 0 {
		return &ShapeError{"_initialize takes or returns values"}
	}
	began := time.Now()
	defer func() { g.sandbox.start += time.Since(began) }()
	_, err := g.Call(ctx, f)
	return err
}

// Memory is the memory of a function's canonical options; nil when it names none.
func (g *Guest) Memory(o *reader.Options) api.Memory { return g.memory(o.Memory) }

// Realloc is the allocator of a function's canonical options; nil when it names none.
func (g *Guest) Realloc(o *reader.Options) api.Function { return g.function("realloc", o.Realloc) }

// Lend is what a handle stands for that a guest lends to the host; ok is false for a number
// that it does not have.
func (g *Guest) Lend(number uint32) (rep uint32, ok bool) {
	h, ok := g.handles.held[number]
	return h.rep, ok
}

// Take is Lend for a handle that the guest gives away.
func (g *Guest) Take(number uint32) (rep uint32, ok bool) {
	h, ok := g.handles.held[number]
	delete(g.handles.held, number)
	return h.rep, ok && !h.lent
}

// Give makes a handle for a resource of the host.
func (g *Guest) Give(rep uint32) (number uint32) {
	return uint32(g.handles.add(handle{rep: rep, host: true}))
}

// function is what a step remembered under an index; nil when there is none.
func (g *Guest) function(op string, index *uint32) api.Function {
	if index == nil {
		return nil
	}
	p, ok := g.items[op][*index]
	if !ok {
		return nil
	}
	return g.at(p)
}

// at is the function in a place; nil when it is one of the host's, or not there yet.
func (g *Guest) at(p reader.Place) api.Function {
	instance := g.instances[p.Key]
	if instance == nil {
		return nil
	}
	return instance.ExportedFunction(p.Name)
}

// memory is the one that a step remembered under an index; nil when there is none.
func (g *Guest) memory(index *uint32) api.Memory {
	if index == nil {
		return nil
	}
	p := g.items["memory"][*index]
	instance := g.instances[p.Key]
	if instance == nil {
		return nil
	}
	return instance.ExportedMemory(p.Name)
}

func valueTypes(names []string) []api.ValueType {
	known := map[string]api.ValueType{"i32": api.ValueTypeI32, "i64": api.ValueTypeI64, "f32": api.ValueTypeF32,
		"f64": api.ValueTypeF64, "v128": vectorType, "funcref": funcrefType, "externref": api.ValueTypeExternref}
	types := make([]api.ValueType, len(names))
	for i, n := range names {
		types[i] = known[n]
	}
	return types
}

// Value types that wazero's API has no name for.
const (
	vectorType  api.ValueType = 0x7b
	funcrefType api.ValueType = 0x70
)

// funcType is a core function's type.
type funcType struct{ params, results []api.ValueType }

// taskState is what a task keeps: its context slots and what it returned.
type taskState struct {
	slots    [2]uint64
	returned bool
	flat     []uint64
	memory   api.Memory
	encoding string
}
