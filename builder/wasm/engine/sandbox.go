package engine

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/source"
)

// wasi1 is the import module of WASI preview 1.
const wasi1 = "wasi_snapshot_preview1"

// pageSize is the unit of linear memory.
const pageSize = 64 << 10

// TableBudget is the number of elements that the tables of one load may grow to together.
// A guest that grows without end then gets -1 at 8 MiB instead of ending the process.
const TableBudget = 1 << 20

// features are WebAssembly 2.0 and constant expressions, which the kernel has too. Tail calls
// and threads stay off although wazero knows them: neither an endless chain of tail calls nor
// a memory wait looks at the context, so the load could not be ended.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst

// Features are the same for the reader.
var Features = []string{"mutable_global", "saturating_float_to_int", "sign_extension", "reference_types", "multi_value",
	"bulk_memory", "simd", "floats", "gc_types", "extended_const"}

// Request is what the reader is asked so that its plan can be carried out here, for a
// release with these features.
func Request(release []string) reader.Request {
	return reader.Request{Features: release, Sandbox: Features, Plan: true, Tables: TableBudget, Offered: Offered()}
}

// Config is what a sandbox is made with.
type Config struct {
	Memory         uint64    // bytes of each memory; all together may have four times that
	Compile        bool      // compile to machine code, for many calls; else interpret
	Stdout, Stderr io.Writer // of the guest
	Host           Host
	Enter          func(phase string) // told what is begun; may be nil
	Watch          Watch              // who is told which functions run; may be nil
	Lines          Lines
	Data           Data // that is not in the module that is read
	Unplaced       bool // nobody asks where a trap was: what traps is loaded again
}

// Host is who answers for what a guest imports.
type Host interface {
	// Function is what a function of the host does, of op "lower" or "stub"; nil answers
	// with zeros. It is asked once for each import, before the first instance is there.
	Function(g *Guest, f *reader.HostFunction) api.GoModuleFunc
	// Drop ends a resource of the host's own.
	Drop(rep uint32)
}

// Sandbox is a wazero runtime with everything a guest may touch, and nothing else. It is
// used by one goroutine. Close frees it.
type Sandbox struct {
	config   Config
	runtime  wazero.Runtime
	memory   *budget
	module   wazero.ModuleConfig
	compiled map[int]wazero.CompiledModule // by where the code begins in the plan
	codes    map[int][]byte                // the same before they were marked
	watched  map[int]*Watched              // who hears of them
	compile  time.Duration
	start    time.Duration
}

// New makes a sandbox. Its guests are started and called under the context that it returns.
func New(ctx context.Context, c Config) (*Sandbox, error) {
	config := wazero.NewRuntimeConfigInterpreter()
	if c.Compile {
		config = wazero.NewRuntimeConfig()
	}
	config = config.WithCoreFeatures(features).
		WithCloseOnContextDone(true).
		WithMemoryLimitPages(uint32(min(c.Memory/pageSize, 1<<16))).
		WithDebugInfoEnabled(!c.Unplaced) // of marks of ours: DWARF of hostile bytes never comes to the engine
	s := &Sandbox{
		config:   c,
		runtime:  wazero.NewRuntimeWithConfig(ctx, config),
		memory:   budgetOf(c),
		compiled: map[int]wazero.CompiledModule{},
		codes:    map[int][]byte{},
		watched:  map[int]*Watched{},
		module:   moduleOf(c),
	}
	host, err := wasi_snapshot_preview1.NewBuilder(s.runtime).Compile(ctx)
	if err != nil {
		return nil, fmt.Errorf("preparing WASI: %w", err)
	}
	if _, err := s.runtime.InstantiateModule(ctx, host, wazero.NewModuleConfig().WithName(wasi1)); err != nil {
		return nil, fmt.Errorf("preparing WASI: %w", err)
	}
	return s, nil
}

func budgetOf(c Config) *budget { return &budget{limit: Memories * c.Memory, each: c.Memory} }

// moduleOf has no arguments, environment, files or sockets; clocks are fixed and sleep returns at once.
func moduleOf(c Config) wazero.ModuleConfig {
	return wazero.NewModuleConfig().WithName("").WithStartFunctions().WithStdout(c.Stdout).WithStderr(c.Stderr)
}

// Close frees the sandbox and everything that was started in it.
func (s *Sandbox) Close() { _ = s.runtime.Close(context.Background()) }

// Times are how long compiling and starting have taken together.
func (s *Sandbox) Times() (compile, start time.Duration) { return s.compile, s.start }

// Peak is the most linear memory in bytes that was held at once.
func (s *Sandbox) Peak() uint64 { return s.memory.peak.Load() }

func (s *Sandbox) enter(phase string) {
	if s.config.Enter != nil {
		s.config.Enter(phase)
	}
}

// guarded turns the budget's panic into an error; any other panic goes on to run.
func (s *Sandbox) guarded(load func() (api.Module, error)) (m api.Module, err error) {
	defer func() {
		if p := recover(); p == ErrMemory {
			err = ErrMemory
		} else if p != nil {
			panic(p)
		}
	}()
	return load()
}

// load compiles a prepared module, once, and instantiates it. Its own start function runs,
// _initialize does not.
func (s *Sandbox) load(ctx context.Context, at int, code []byte) (api.Module, error) {
	compiled := s.compiled[at]
	if compiled == nil {
		began := time.Now()
		marked := code
		if !s.config.Unplaced {
			marked = source.Mark(code, strconv.Itoa(at))
		}
		var err error
		watched := s.config.Watch.of(code)
		compiled, err = s.runtime.CompileModule(watched.listenedTo(ctx), marked)
		s.compile += time.Since(began)
		if err != nil {
			return nil, &RefusedError{err}
		}
		s.compiled[at], s.codes[at], s.watched[at] = compiled, code, &watched
	}
	began := time.Now()
	defer func() { s.start += time.Since(began) }()
	instance, err := s.runtime.InstantiateModule(ctx, compiled, s.module)
	if err != nil && strings.HasPrefix(err.Error(), "import ") {
		return nil, &RefusedError{err} // validation has linked it: this is the engine's own limit
	}
	return instance, err
}

// RefusedError is a valid module that the sandbox's engine does not take.
type RefusedError struct{ err error }

func (e *RefusedError) Error() string { return e.err.Error() }

// hostFunc is a function that the sandbox provides.
type hostFunc struct {
	name   string
	typ    funcType
	action api.GoModuleFunc
}

// provide makes a host module of functions, found under key.
func (s *Sandbox) provide(ctx context.Context, key string, functions []hostFunc) (api.Module, error) {
	b := s.runtime.NewHostModuleBuilder(key)
	for _, f := range functions {
		b.NewFunctionBuilder().WithGoModuleFunction(f.action, f.typ.params, f.typ.results).Export(f.name)
	}
	return b.Instantiate(ctx)
}

// Offered are the functions of WASI preview 1 that a core module finds here, for the reader.
var Offered = sync.OnceValue(func() map[string]string {
	list := map[string]string{}
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	host, err := wasi_snapshot_preview1.NewBuilder(r).Compile(ctx)
	if err != nil {
		return list // New meets the same error and tells it
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
		if r == vectorType {
			n++ // a vector takes two slots
		}
	}
	return func(_ context.Context, _ api.Module, stack []uint64) { clear(stack[:n]) }
}
