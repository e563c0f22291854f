package smoke

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/sys"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// load reads the module, starts it in a sandbox as its plan says, and judges it.
func (w *work) load(ctx context.Context, r *Report) {
	reading := w.read(ctx, r)
	if reading == nil {
		w.judge(r, nil, nil)
		return
	}
	w.remember(r)
	l := &live{work: w, report: r}
	defer func() { w.judge(r, reading, l) }()
	if r.Verdict != Loads || !fitsMemory(r, w.options.Limits.Memory) || !fitsTables(r, reading) {
		return
	}
	if r.Kind == KindCore {
		w.foreign(r)
	}
	w.enter("preparing the sandbox")
	s, err := engine.Renew(ctx, w.before, engine.Config{Memory: w.options.Limits.Memory, Stdout: &w.out.stdout, Stderr: &w.out.stderr, Host: l, Enter: w.enter, Watch: w.watch, Lines: w.options.Lines, Data: w.left.Segments, Unplaced: w.left.Code > 0})
	if err != nil {
		r.fail(finding.SmokeEngine, err.Error(), "")
		return
	}
	w.sandbox = s
	running := reading
	if r.Kind == KindCore && reading.Wrappable {
		running = w.wrapped(ctx, r, reading)
	}
	w.start(ctx, l, s, running)
	compile, start := s.Times()
	r.Times.Compile, r.Times.Instantiate = millis(compile), millis(start)
	r.PeakGuest = s.Peak()
}

// wrapped is what the module becomes in a build: a core module that carries its world
// is run as the component that is made of it, because only that tells how values are passed.
func (w *work) wrapped(ctx context.Context, r *Report, reading *reader.Reading) *reader.Reading {
	component, err := w.reader.Wrap(ctx, w.module)
	if err != nil {
		r.add(finding.Warning, finding.SmokeWrap, "no component can be made of it: "+firstLine(err.Error()), "its world and its imports and exports must agree: build again with one version of the SDK")
		return reading
	}
	of := &work{module: component, options: w.options, out: w.out, reader: w.reader, release: w.release}
	made, err := of.ask(ctx)
	if err != nil || made.Plan == nil || len(made.Beyond) > 0 {
		return reading
	}
	return made
}

// start carries out the plan, and then the calls that were asked for.
func (w *work) start(ctx context.Context, l *live, s *engine.Sandbox, reading *reader.Reading) {
	r := l.report
	var err error
	l.Guest, err = s.Start(ctx, reading)
	defer l.Close()
	if err != nil {
		w.broken(ctx, r, err)
		explainGo(r, reading)
		return
	}
	defer l.Within(ctx)()
	if reading.Kind == reader.Component {
		r.Instances = reading.Plan.Instances
	} else {
		w.enter("running _initialize")
		if err := l.Initialize(ctx); err != nil {
			w.broken(ctx, r, err)
			return
		}
	}
	l.checkRun(ctx, reading)
	if len(w.options.Calls) > 0 {
		t, err := l.Trigger(reading)
		w.calls(ctx, r, t, err)
	}
}

// broken turns an error of loading or running into findings.
func (w *work) broken(ctx context.Context, r *Report, err error) {
	var exit *sys.ExitError
	var refused *engine.RefusedError
	var shape *engine.ShapeError
	switch {
	case ctx.Err() != nil:
		w.interrupted(ctx, r)
	case errors.Is(err, engine.ErrMemory):
		r.fail(finding.SmokeMemory, "the memories need more than the limit of "+text.Memory(w.options.Limits.Memory)+" to begin with", memoryHint)
	case errors.As(err, &refused):
		r.unknown(finding.SmokeUnsupported, "it is valid, but the sandbox's engine cannot take it: "+firstLine(refused.Error()), "it was validated as the runtime does it, and not run; please report the module")
	case errors.As(err, &shape):
		r.fail(finding.SmokeShape, shape.Message, "a start function takes and returns nothing")
	case errors.As(err, &exit):
		r.fail(finding.SmokeExit, fmt.Sprintf("it ended itself with exit code %d while %s", exit.ExitCode(), w.during()),
			"build a reactor, not a command: initialisation must return (its output is shown with the report)")
	case strings.Contains(err.Error(), "stack overflow"):
		r.Trap = w.trap(err)
		r.fail(finding.SmokeStack, "more than 2,000 calls are nested while "+w.during(), "look for recursion without an end in the stack below")
		r.place(r.Trap)
	default:
		r.Trap = w.trap(err)
		r.fail(finding.SmokeTrap, "it trapped while "+w.during()+": "+r.Trap.Message, "its own message and stack are shown with the report")
		r.place(r.Trap)
	}
}

// explainGo adds the cause of a trap that its own stack does not tell: an adapter allocates
// with the module's cabi_realloc inside _initialize, before the Go runtime is ready.
func explainGo(r *Report, reading *reader.Reading) {
	isGo := slices.ContainsFunc(r.Producers, func(p Producer) bool { return p.Field == "language" && p.Name == "Go" })
	if !isGo || !slices.ContainsFunc(reading.Modules, func(m reader.Module) bool { return m.Realloc }) {
		return
	}
	for i := range r.Findings {
		if r.Findings[i].Code == finding.SmokeTrap || r.Findings[i].Code == finding.SmokeStack {
			r.Findings[i].Hint = "a preview 1 adapter calls cabi_realloc inside _initialize, before the Go runtime is ready: build with TinyGo, or do not export cabi_realloc from the Go module that is wrapped"
		}
	}
}

const memoryHint = `let the linker ask for less, or raise it with smoke = { memory = "128MiB" } in [package.metadata.astrid-dev]; the kernel gives 64 MiB`

// fitsMemory refuses what cannot fit before wazero tries. The runtime's limit is on each
// memory, and so is this one.
func fitsMemory(r *Report, limit uint64) bool {
	var largest uint64
	for _, m := range r.Memories {
		largest = max(largest, m.Min)
	}
	if largest <= limit {
		return true
	}
	r.fail(finding.SmokeMemory, fmt.Sprintf("its memory begins with %s, the limit is %s", text.Memory(largest), text.Memory(limit)), memoryHint)
	return false
}

// maxTable is the number of elements with which all tables together may begin: 8 bytes
// each, so 16 MiB. The runtime's limit is the same, for each table.
const maxTable = 2 << 20

func fitsTables(r *Report, reading *reader.Reading) bool {
	var sum uint64
	for _, t := range reading.Tables {
		sum += min(t.Min, maxTable+1)
	}
	if sum <= maxTable {
		return true
	}
	r.fail(finding.SmokeTable, fmt.Sprintf("its tables begin with more than %d elements", maxTable), "let the linker ask for less: the runtime gives no more")
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
		r.add(finding.Warning, finding.SmokeForeignImport, fmt.Sprintf("it imports %s from %q, which nobody provides", strings.Join(names[m], ", "), m),
			"they were stubbed here, but an installed capsule would not start: link the code that defines them")
	}
}
