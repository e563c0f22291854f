package smoke

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// core loads a core module.
func (w *work) core(ctx context.Context, r *Report) {
	w.enter("reading it")
	began := time.Now()
	m, fault := scan(w.module)
	m.describe(r)
	r.Times.Scan = millis(time.Since(began))
	w.remember(r)
	defer func() { w.judge(r, coreContract(m)) }()
	if fault != nil {
		reportFault(r, w.module, fault)
		return
	}
	if !fitsMemory(r, w.options.Limits.Memory) {
		return
	}
	w.foreign(r)
	w.enter("compiling it")
	s, ctx, err := newSandbox(ctx, w.options.Limits, w.out)
	if err != nil {
		r.fail("smoke-engine", err.Error(), "")
		return
	}
	defer s.close()
	w.runCore(ctx, s, m, r)
	r.Times.Compile, r.Times.Instantiate = millis(s.compile), millis(s.start)
	r.PeakGuest = s.memory.peak.Load()
}

func (w *work) runCore(ctx context.Context, s *sandbox, m *module, r *Report) {
	targets, err := w.stubs(ctx, s, m)
	if err != nil {
		w.broken(ctx, r, err)
		return
	}
	w.enter("compiling it and running its start function")
	instance, err := s.guarded(func() (api.Module, error) { return s.load(ctx, m, targets) })
	if err != nil {
		w.broken(ctx, r, err)
		return
	}
	if err := w.initialize(ctx, s, instance); err != nil {
		w.broken(ctx, r, err)
		return
	}
	if len(w.options.Calls) > 0 {
		t, err := coreTrigger(m, instance)
		w.calls(ctx, r, t, err)
	}
}

// initialize calls _initialize, and nothing else: _start would run a program to its end.
func (w *work) initialize(ctx context.Context, s *sandbox, instance api.Module) error {
	f := instance.ExportedFunction("_initialize")
	if f == nil {
		return nil
	}
	if d := f.Definition(); len(d.ParamTypes())+len(d.ResultTypes()) > 0 {
		return &shapeError{"_initialize takes or returns values"}
	}
	w.enter("running _initialize")
	began := time.Now()
	defer func() { s.start += time.Since(began) }()
	_, err := f.Call(ctx)
	return err
}

// shapeError is an export that does not have the type its name promises.
type shapeError struct{ message string }

func (e *shapeError) Error() string { return e.message }

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

// stubs provides every import of m and returns where each is found.
func (w *work) stubs(ctx context.Context, s *sandbox, m *module) ([]target, error) {
	world := m.worldFuncs()
	targets := make([]target, len(m.imports))
	var functions []hostFunc
	others := map[byte][]int{}
	name := func(i int) string { return fmt.Sprint(i) }
	for i, imp := range m.imports {
		switch {
		case imp.kind != kindFunc:
			others[imp.kind] = append(others[imp.kind], i)
		case s.offersWASI(imp, m.types[imp.typ]):
			targets[i] = target{wasi1, imp.name}
		default:
			t := m.types[imp.typ]
			functions = append(functions, hostFunc{name: name(i), typ: t, action: w.coreStub(imp, t, world)})
		}
	}
	if len(functions) > 0 {
		key, err := s.provide(ctx, functions)
		if err != nil {
			return nil, err
		}
		for i := range targets {
			if m.imports[i].kind == kindFunc && targets[i].key == "" {
				targets[i] = target{key, name(i)}
			}
		}
	}
	for kind, indices := range others {
		provider, fault := scan(m.providers(kind, indices, name))
		if fault != nil {
			return nil, fault
		}
		instance, err := s.guarded(func() (api.Module, error) { return s.load(ctx, provider, nil) })
		if err != nil {
			return nil, err
		}
		key := s.newKey()
		s.instances[key] = instance
		for _, i := range indices {
			targets[i] = target{key, name(i)}
		}
	}
	return targets, nil
}

// offersWASI tells whether wazero's WASI has the function with this very type.
func (s *sandbox) offersWASI(imp imported, t funcType) bool {
	if imp.module != wasi1 {
		return false
	}
	f, ok := s.wasi[imp.name]
	return ok && bytes.Equal(f.ParamTypes(), t.params) && bytes.Equal(f.ResultTypes(), t.results)
}

// broken turns an error of loading or running into findings.
func (w *work) broken(ctx context.Context, r *Report, err error) {
	var exit *sys.ExitError
	var invalid *invalidError
	var shape *shapeError
	var f *fault
	var link *linkError
	switch {
	case ctx.Err() != nil:
		w.interrupted(ctx, r)
	case errors.Is(err, errMemory):
		r.fail("smoke-memory", "the memories need more than the limit of "+bytesText(w.options.Limits.Memory)+" to begin with", memoryHint)
	case errors.As(err, &f):
		reportFault(r, w.module, f)
	case errors.As(err, &link) && link.limit:
		r.fail("smoke-limit", link.Error(), "a component made by current tools stays far below this limit")
	case errors.As(err, &link):
		r.fail("smoke-link", link.Error(), "build again with current component tools")
	case errors.As(err, &invalid):
		reportInvalid(r, invalid)
	case errors.As(err, &shape):
		r.fail("smoke-shape", shape.message, "a start function takes and returns nothing")
	case errors.As(err, &exit):
		r.fail("smoke-exit", fmt.Sprintf("it ended itself with exit code %d while %s", exit.ExitCode(), w.during()),
			"build a reactor, not a command: initialisation must return (its output is shown with the report)")
	case strings.Contains(err.Error(), "stack overflow"):
		r.Trap = trapOf(err)
		r.fail("smoke-stack", "more than 2,000 calls are nested while "+w.during(), "look for recursion without an end in the stack below")
	default:
		r.Trap = trapOf(err)
		r.fail("smoke-trap", "it trapped while "+w.during()+": "+r.Trap.Message, "its own message and stack are shown with the report")
	}
}

// reportFault records what the scan found in the core module with the given bytes.
func reportFault(r *Report, data []byte, f *fault) {
	switch {
	case f.proposal != "":
		reportProposals(r, data, f.proposal)
	case f.truncated:
		r.fail("smoke-truncated", f.Error(), rebuildHint)
	default:
		r.fail("smoke-invalid", f.Error(), "build again; if it stays, the toolchain wrote a broken module")
	}
}

const memoryHint = `let the linker ask for less, or raise it with smoke = { memory = "128MiB" } in [package.metadata.astrid-dev]; the kernel gives 64 MiB`

// fitsMemory refuses what cannot fit before wazero tries.
func fitsMemory(r *Report, limit uint64) bool {
	var sum uint64
	for _, m := range r.Memories {
		sum += m.Min
	}
	if sum <= limit {
		return true
	}
	r.fail("smoke-memory", fmt.Sprintf("its memory begins with %s, the limit is %s", bytesText(sum), bytesText(limit)), memoryHint)
	return false
}

// foreign names every import module of a core module that nobody in the ecosystem offers; of
// a component's imports the kernel-ready verdict says the same.
func (w *work) foreign(r *Report) {
	names := map[string][]string{}
	var order []string
	for _, i := range r.Imports {
		if i.Class != ClassForeign {
			continue
		}
		if names[i.Module] == nil {
			order = append(order, i.Module)
		}
		names[i.Module] = append(names[i.Module], cmp.Or(i.Name, "everything"))
	}
	for _, m := range order {
		r.add(finding.Warning, "smoke-foreign-import", fmt.Sprintf("it imports %s from %q, which nobody provides", strings.Join(names[m], ", "), m),
			"they were stubbed here, but an installed capsule would not start: link the code that defines them")
	}
}

// bytesText writes a size as a person does.
func bytesText(n uint64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
