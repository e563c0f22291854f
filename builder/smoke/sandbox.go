package smoke

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// wasi1 is the import module of WASI preview 1.
const wasi1 = "wasi_snapshot_preview1"

// pageSize is the unit of linear memory.
const pageSize = 64 << 10

// tableBudget is the number of elements that the tables of one load may grow to together.
// A guest that grows without end then gets -1 at 8 MiB instead of ending the process.
const tableBudget = 1 << 20

// features are WebAssembly 2.0 and constant expressions, which the kernel has too. Tail calls
// and threads stay off although wazero knows them: neither an endless chain of tail calls nor
// a memory wait looks at the context, so the load could not be ended.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst

// sandboxFeatures are the same for the reader.
var sandboxFeatures = []string{"mutable_global", "saturating_float_to_int", "sign_extension", "reference_types", "multi_value",
	"bulk_memory", "simd", "floats", "gc_types", "extended_const"}

// sandbox is a wazero runtime with everything a guest may touch, and nothing else.
type sandbox struct {
	runtime   wazero.Runtime
	memory    *budget
	config    wazero.ModuleConfig
	instances map[string]api.Module // by the plan's keys, for the resolver
	compile   time.Duration
	start     time.Duration
	stops     []context.CancelFunc
}

// newSandbox never uses the compiler: a 3 MB Go module takes 1.6 s to compile and
// 0.24 s to interpret, and a rebuild changes the bytes, so that no cache would hit.
func newSandbox(ctx context.Context, l Limits, out *captures) (*sandbox, context.Context, error) {
	config := wazero.NewRuntimeConfigInterpreter().
		WithCoreFeatures(features).
		WithCloseOnContextDone(true).
		WithMemoryLimitPages(uint32(min(l.Memory/pageSize, 1<<16))).
		WithDebugInfoEnabled(false) // DWARF of hostile bytes is one more parser to trust
	s := &sandbox{
		runtime:   wazero.NewRuntimeWithConfig(ctx, config),
		memory:    &budget{limit: memories * l.Memory, each: l.Memory},
		instances: map[string]api.Module{},
		// No arguments, environment, files or sockets; clocks are fixed and sleep returns at once.
		config: wazero.NewModuleConfig().WithName("").WithStartFunctions().
			WithStdout(&out.stdout).WithStderr(&out.stderr),
	}
	host, err := wasi_snapshot_preview1.NewBuilder(s.runtime).Compile(ctx)
	if err != nil {
		return nil, ctx, fmt.Errorf("preparing WASI: %w", err)
	}
	if _, err := s.runtime.InstantiateModule(ctx, host, wazero.NewModuleConfig().WithName(wasi1)); err != nil {
		return nil, ctx, fmt.Errorf("preparing WASI: %w", err)
	}
	ctx = experimental.WithMemoryAllocator(ctx, s.memory)
	ctx = experimental.WithImportResolver(ctx, func(key string) api.Module { return s.instances[key] })
	return s, ctx, nil
}

// canceler is the method of wazero's instances by which it ends the one that is called.
type canceler interface {
	CloseModuleOnCanceledOrTimeout(ctx context.Context) context.CancelFunc
}

// keep makes a finished instance end with ctx. wazero itself ends only the one that was
// called, and a loop in an instance that this one calls looks at its own state. Closing
// it from outside would free what it is using; this method only sets a flag.
func (s *sandbox) keep(ctx context.Context, m api.Module) {
	if c, ok := m.(canceler); ok {
		s.stops = append(s.stops, c.CloseModuleOnCanceledOrTimeout(ctx))
	}
}

func (s *sandbox) close() {
	for _, stop := range s.stops {
		stop()
	}
	_ = s.runtime.Close(context.Background())
}

// guarded turns the budget's panic into an error; any other panic goes on to run.
func (s *sandbox) guarded(load func() (api.Module, error)) (m api.Module, err error) {
	defer func() {
		if p := recover(); p == errMemory {
			err = errMemory
		} else if p != nil {
			panic(p)
		}
	}()
	return load()
}

// load compiles a prepared module and instantiates it. Its own start function runs,
// _initialize does not.
func (s *sandbox) load(ctx context.Context, code []byte) (api.Module, error) {
	began := time.Now()
	compiled, err := s.runtime.CompileModule(ctx, code)
	s.compile += time.Since(began)
	if err != nil {
		return nil, &refusedError{err}
	}
	began = time.Now()
	defer func() { s.start += time.Since(began) }()
	instance, err := s.runtime.InstantiateModule(ctx, compiled, s.config)
	if err != nil && strings.HasPrefix(err.Error(), "import ") {
		return nil, &refusedError{err} // validation has linked it: this is the engine's own limit
	}
	if err == nil {
		s.keep(ctx, instance)
	}
	return instance, err
}

// refusedError is a valid module that the sandbox's engine does not take.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }

// hostFunc is a function that the sandbox provides.
type hostFunc struct {
	name   string
	typ    funcType
	action api.GoModuleFunc
}

// provide makes a host module of functions, found under key.
func (s *sandbox) provide(ctx context.Context, key string, functions []hostFunc) error {
	b := s.runtime.NewHostModuleBuilder(key)
	for _, f := range functions {
		b.NewFunctionBuilder().WithGoModuleFunction(f.action, f.typ.params, f.typ.results).Export(f.name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

// offered are the functions of WASI preview 1 that a core module finds here, for the reader.
var offered = sync.OnceValue(func() map[string]string {
	list := map[string]string{}
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	host, err := wasi_snapshot_preview1.NewBuilder(r).Compile(ctx)
	if err != nil {
		return list // newSandbox meets the same error and tells it
	}
	for name, f := range host.ExportedFunctions() {
		list[wasi1+"\x00"+name] = signature(f)
	}
	return list
})

// signature is "(i32, i32) -> i32".
func signature(f api.FunctionDefinition) string {
	names := func(types []api.ValueType) string {
		list := make([]string, len(types))
		for i, t := range types {
			list[i] = api.ValueTypeName(t)
		}
		return strings.Join(list, ", ")
	}
	s := "(" + names(f.ParamTypes()) + ")"
	switch len(f.ResultTypes()) {
	case 0:
		return s
	case 1:
		return s + " -> " + names(f.ResultTypes())
	}
	return s + " -> (" + names(f.ResultTypes()) + ")"
}

// zeros returns a stub that answers with zero values.
func zeros(t funcType) api.GoModuleFunc {
	n := 0
	for _, r := range t.results {
		n++
		if r == 0x7b {
			n++ // a vector takes two slots
		}
	}
	return func(_ context.Context, _ api.Module, stack []uint64) { clear(stack[:n]) }
}

// memories is how many memories of the greatest size a load may have at once: the kernel
// bounds each of them only, and a machine has to bound their sum.
const memories = 4

// budget hands out the linear memory of all instances of one load.
type budget struct {
	limit uint64 // of all together
	each  uint64
	used  atomic.Uint64
	peak  atomic.Uint64
}

// Allocate implements experimental.MemoryAllocator.
func (b *budget) Allocate(_, maximum uint64) experimental.LinearMemory {
	return &linear{budget: b, max: min(maximum, b.each)}
}

// linear is one memory; its one guest is the only caller.
type linear struct {
	budget *budget
	bytes  []byte
	max    uint64
}

// errMemory is the panic of a memory whose minimum is beyond the budget.
var errMemory = errors.New("memory budget spent")

// Reallocate implements experimental.LinearMemory: nil makes memory.grow return -1.
func (m *linear) Reallocate(size uint64) []byte {
	more := size - uint64(len(m.bytes))
	if size > m.max || m.budget.used.Load()+more > m.budget.limit {
		if m.bytes == nil && size > 0 {
			panic(errMemory) // wazero has no way to refuse a minimum
		}
		return nil
	}
	used := m.budget.used.Add(more)
	m.budget.peak.Store(max(m.budget.peak.Load(), used))
	if size <= uint64(cap(m.bytes)) {
		m.bytes = m.bytes[:size]
		return m.bytes
	}
	// Half as much again, so that growing page by page does not copy all of it each time.
	room := min(max(size, uint64(cap(m.bytes))*3/2), max(m.max, size))
	grown := make([]byte, size, room)
	copy(grown, m.bytes)
	m.bytes = grown
	return grown
}

// Free implements experimental.LinearMemory.
func (m *linear) Free() { m.budget.used.Add(-uint64(len(m.bytes))) }

// trapOf splits wazero's error for a trap into message and stack; nil for other errors.
func trapOf(err error) *Trap {
	var exit *sys.ExitError
	if err == nil || errors.As(err, &exit) {
		return nil
	}
	head, stack, found := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	if !found {
		return &Trap{Message: head}
	}
	t := &Trap{Message: head}
	for line := range strings.Lines(stack) {
		line = strings.TrimSuffix(strings.TrimSpace(line), " (recovered by wazero)")
		if line == "wasm stack trace:" {
			continue // of a trap in one component that another called
		}
		// Instances have no name, which leaves a dot before the function's.
		if !strings.HasPrefix(line, "...") {
			line = strings.TrimPrefix(line, ".")
		}
		t.Stack = append(t.Stack, line)
	}
	return t
}
