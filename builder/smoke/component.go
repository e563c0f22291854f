package smoke

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/component"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// component loads a component: decodes it, instantiates its core instance graph, calls it.
func (w *work) component(ctx context.Context, r *Report) {
	w.enter("reading it")
	began := time.Now()
	c, err := component.Decode(w.module)
	if err != nil {
		reportDecode(r, err, w.module)
		r.Times.Scan = millis(time.Since(began))
		return
	}
	modules := map[*component.CoreModule]*module{}
	order, ok := w.scanModules(r, c, modules)
	describeComponent(r, c, order, modules)
	r.Times.Scan = millis(time.Since(began))
	w.remember(r)
	l := &linker{work: w, modules: modules, origin: map[string]*module{}}
	var exports bundle
	defer func() { w.judge(r, l.componentContract(c, exports)) }()
	if !ok || r.Verdict != Loads || !fitsMemory(r, w.options.Limits.Memory) {
		return
	}
	w.enter("preparing the sandbox")
	s, ctx, err := newSandbox(ctx, w.options.Limits, w.out)
	if err != nil {
		r.fail("smoke-engine", err.Error(), "")
		return
	}
	defer s.close()
	l.sandbox = s
	exports = w.runComponent(ctx, l, c, order, r)
	r.Instances = l.count
	r.Times.Compile, r.Times.Instantiate = millis(s.compile), millis(s.start)
	r.PeakGuest = s.memory.peak.Load()
}

func (w *work) runComponent(ctx context.Context, l *linker, c *component.Component, order []*component.CoreModule, r *Report) bundle {
	exports, err := l.instantiate(ctx, c, nil, nil)
	if err != nil {
		w.broken(ctx, r, err)
		explainGo(r, order, l.modules)
		return nil
	}
	if l.stubbed > 0 {
		r.add(finding.Note, "smoke-joined", fmt.Sprintf("%d functions that one nested component calls in another were stubbed", l.stubbed), "")
	}
	if err := l.compileRest(ctx, order); err != nil {
		w.broken(ctx, r, err)
		return exports
	}
	if len(w.options.Calls) > 0 {
		t, err := l.componentTrigger(exports)
		w.calls(ctx, r, t, err)
	}
	return exports
}

// explainGo adds the cause of a trap that its own stack does not tell: an adapter allocates
// with the module's cabi_realloc inside _initialize, before the Go runtime is ready.
func explainGo(r *Report, order []*component.CoreModule, modules map[*component.CoreModule]*module) {
	isGo := slices.ContainsFunc(r.Producers, func(p Producer) bool { return p.Field == "language" && p.Name == "Go" })
	exports := slices.ContainsFunc(order, func(cm *component.CoreModule) bool {
		_, ok := modules[cm].exportOf("cabi_realloc")
		return ok
	})
	if !isGo || !exports {
		return
	}
	for i := range r.Findings {
		if r.Findings[i].Code == "smoke-trap" || r.Findings[i].Code == "smoke-stack" {
			r.Findings[i].Hint = "a preview 1 adapter calls cabi_realloc inside _initialize, before the Go runtime is ready: build with TinyGo, or do not export cabi_realloc from the Go module that is wrapped"
		}
	}
}

// compileRest compiles the modules that were not instantiated: the kernel refuses the
// component if one of them is broken.
func (l *linker) compileRest(ctx context.Context, order []*component.CoreModule) error {
	used := map[*module]bool{}
	for _, m := range l.origin {
		used[m] = true
	}
	for _, cm := range order {
		m := l.modules[cm]
		if used[m] {
			continue
		}
		targets := make([]target, len(m.imports))
		for i := range targets {
			targets[i] = target{"unused", fmt.Sprint(i)}
		}
		if _, err := l.sandbox.runtime.CompileModule(ctx, m.rewritten(targets, tableBudget)); err != nil {
			return &invalidError{err, m}
		}
	}
	return nil
}

// scanModules scans every core module of the tree in file order; false after a fault.
func (w *work) scanModules(r *Report, c *component.Component, into map[*component.CoreModule]*module) (order []*component.CoreModule, ok bool) {
	ok = true
	walk(c, func(d component.Def) {
		cm, is := d.(*component.CoreModule)
		if !is {
			return
		}
		m, fault := scan(cm.Range.Of(w.module))
		into[cm] = m
		order = append(order, cm)
		if fault != nil {
			ok = false
			fault.offset += int(cm.Range.Offset)
			fault.message = fmt.Sprintf("core module %d: %s", len(order)-1, fault.message)
			reportFault(r, cm.Range.Of(w.module), fault)
		}
	})
	return order, ok
}

// walk visits every definition of the tree; the decoder bounds its depth.
func walk(c *component.Component, visit func(component.Def)) {
	for _, d := range c.Defs {
		visit(d)
		if nested, ok := d.(*component.Component); ok {
			walk(nested, visit)
		}
	}
}

func reportDecode(r *Report, err error, data []byte) {
	if endsInSection(data) {
		r.fail("smoke-truncated", err.Error(), rebuildHint)
		return
	}
	r.fail("smoke-invalid", "it is not a valid component: "+err.Error(), "build again with current component tools")
}

// endsInSection tells whether the last section announces more than there is.
func endsInSection(data []byte) bool {
	r := &reader{data: data, pos: min(8, len(data)), end: len(data)}
	for r.more() {
		r.byte()
		size := r.u32()
		if r.err == nil {
			r.take(int(size), "a section")
		}
	}
	return r.err != nil && r.err.truncated
}

// describeComponent writes what decoding learned into the report.
func describeComponent(r *Report, c *component.Component, order []*component.CoreModule, modules map[*component.CoreModule]*module) {
	world := c.World()
	for _, i := range world.Imports {
		class := classOf(i.Raw)
		if i.Sort == component.SortType {
			class = ClassNone
		}
		r.Imports = append(r.Imports, Import{Module: i.Raw, Kind: i.Sort.String(), Class: class})
	}
	for _, e := range world.Exports {
		r.Exports = append(r.Exports, Export{Name: e.Raw, Kind: e.Sort.String()})
	}
	r.Modules = len(order)
	sizes := map[string]int64{}
	seen := map[Producer]bool{}
	addProducer := func(p Producer) {
		if !seen[p] {
			seen[p] = true
			r.Producers = append(r.Producers, p)
		}
	}
	addComponent := func(c *component.Component) {
		for _, s := range c.Sections {
			if s.ID != 1 && s.ID != 4 { // what they hold is counted by itself
				sizes[s.Name] += s.Header.Size + s.Payload.Size
			}
		}
		for _, p := range c.Producers {
			addProducer(Producer{p.Field, p.Name, p.Version})
		}
	}
	addComponent(c)
	walk(c, func(d component.Def) {
		if nested, ok := d.(*component.Component); ok {
			addComponent(nested)
		}
	})
	for _, cm := range order {
		core := &Report{}
		m := modules[cm]
		m.describe(core)
		for _, s := range core.Sections {
			sizes["core "+s.Name] += s.Bytes
		}
		for _, p := range core.Producers {
			addProducer(p)
		}
		for _, mem := range core.Memories {
			if !mem.Imported {
				r.Memories = append(r.Memories, mem)
			}
		}
	}
	for name, n := range sizes {
		r.Sections = append(r.Sections, Section{name, n})
	}
	sort.Slice(r.Sections, func(i, j int) bool {
		a, b := r.Sections[i], r.Sections[j]
		return a.Bytes > b.Bytes || a.Bytes == b.Bytes && a.Name < b.Name
	})
}
