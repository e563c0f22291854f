package smoke

import (
	"context"
	"fmt"

	"github.com/astrid-runtime/astrid-dev/builder/component"
	"github.com/tetratelabs/wazero/api"
)

// The core instance graph of a component needs no bridge modules: every import of every
// core module is renamed to the instance and export that satisfy it (rewrite.go), so
// inline instances, aliases and whole nested components resolve to names.

const (
	// The largest known graph, a QuickJS component, has about 20 core instances.
	maxInstances = 1_000
	// Definitions evaluated in all, so that components that instantiate each other twice
	// a level end. The largest known component has 2,000.
	maxSteps = 500_000
)

// scope is one component instance being made: its index spaces as far as they are filled.
type scope struct {
	parent *scope
	args   map[string]any // what its imports were given; nil for the outermost
	spaces map[component.Sort][]any
}

// What an index space holds, beside *component.CoreModule:
type (
	// coreItem is a function, table, memory or global of a core instance, or a host function.
	coreItem struct {
		key, name string
		host      *builtin
	}
	// coreBundle is a core instance.
	coreBundle struct {
		key   string              // of a real one
		items map[string]coreItem // of an inline one
	}
	// closure is a component with the scope it was defined in.
	closure struct {
		c     *component.Component
		scope *scope
	}
	// bundle is a component instance.
	bundle map[string]any
	// function is a component function.
	function struct {
		typ    *component.FuncType
		lifted *component.Canon // nil: imported, or lifted from another component
		scope  *scope           // of lifted
		label  string           // of an imported one
	}
)

// linker instantiates a component.
type linker struct {
	work    *work
	sandbox *sandbox
	modules map[*component.CoreModule]*module
	origin  map[string]*module // core instance key -> its module
	handles handles
	tasks   taskState
	steps   int
	count   int // core instances
	stubbed int // functions of one nested component that another calls, and that were stubbed
	depth   int // calls between components that are going on
}

// linkError is a graph that cannot be instantiated, with the definition's place.
type linkError struct {
	at      int64 // byte; -1: not known
	message string
	limit   bool
}

func (e *linkError) Error() string {
	if e.at < 0 {
		return e.message
	}
	return fmt.Sprintf("%s at byte %d", e.message, e.at)
}

func linkErrorf(d component.Def, format string, args ...any) error {
	return &linkError{at: d.At(), message: fmt.Sprintf(format, args...)}
}

// instantiate evaluates c's definitions in order and returns what it exports.
func (l *linker) instantiate(ctx context.Context, c *component.Component, parent *scope, args map[string]any) (bundle, error) {
	s := &scope{parent: parent, args: args, spaces: map[component.Sort][]any{}}
	exports := bundle{}
	for _, d := range c.Defs {
		if l.steps++; l.steps > maxSteps {
			return nil, &linkError{d.At(), fmt.Sprintf("it makes more than %d definitions", maxSteps), true}
		}
		v, err := l.evaluate(ctx, s, d)
		if err != nil {
			return nil, err
		}
		if sort, _, ok := d.Index(); ok {
			s.spaces[sort] = append(s.spaces[sort], v)
		}
		if e, ok := d.(*component.Export); ok {
			exports[e.Name] = v
		}
	}
	return exports, nil
}

func (l *linker) evaluate(ctx context.Context, s *scope, d component.Def) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch d := d.(type) {
	case *component.CoreModule:
		return d, nil
	case *component.Component:
		return closure{d, s}, nil
	case *component.CoreInstance:
		return l.coreInstance(ctx, s, d)
	case *component.Instance:
		return l.instance(ctx, s, d)
	case *component.Alias:
		return l.alias(s, d)
	case *component.Canon:
		return l.canon(s, d)
	case *component.Import:
		return l.imported(s, d)
	case *component.Export:
		return s.at(d.Sort, d.Item), nil
	}
	return nil, nil // types, and starts, which have no effect here
}

// at returns item index of a sort; the decoder has checked the index.
func (s *scope) at(sort component.Sort, index uint32) any {
	if list := s.spaces[sort]; int64(index) < int64(len(list)) {
		return list[index]
	}
	return nil
}

func (l *linker) imported(s *scope, d *component.Import) (any, error) {
	if s.args != nil {
		if v, ok := s.args[d.Name]; ok {
			return v, nil
		}
		if d.Extern.Sort != component.SortType {
			return nil, linkErrorf(d, "a nested component's import %q is given nothing", d.Name)
		}
		return nil, nil
	}
	switch d.Extern.Sort {
	case component.SortInstance:
		return stubInstance(d.Name, d.Extern.Instance), nil
	case component.SortFunc:
		return function{typ: d.Extern.Func, label: d.Name}, nil
	case component.SortCoreModule, component.SortComponent:
		return nil, linkErrorf(d, "it imports a whole %s %q, which no host provides", d.Extern.Sort, d.Name)
	}
	return nil, nil
}

// stubInstance offers a stub for every function of an imported instance.
func stubInstance(name string, t *component.InstanceType) bundle {
	b := bundle{}
	if t == nil {
		return b
	}
	for _, e := range t.Exports {
		switch e.Extern.Sort {
		case component.SortFunc:
			b[e.Name] = function{typ: e.Extern.Func, label: name + "#" + e.Name}
		case component.SortInstance:
			b[e.Name] = stubInstance(name+"/"+e.Name, e.Extern.Instance)
		default:
			b[e.Name] = nil
		}
	}
	return b
}

func (l *linker) alias(s *scope, d *component.Alias) (any, error) {
	switch d.Kind {
	case component.AliasCoreExport:
		b, _ := s.at(component.SortCoreInstance, d.Instance).(coreBundle)
		return l.coreExport(b, d.Name, d)
	case component.AliasExport:
		b, _ := s.at(component.SortInstance, d.Instance).(bundle)
		return b[d.Name], nil
	}
	sort, _, _ := d.Index()
	from := s
	for range d.Count {
		if from = from.parent; from == nil {
			return nil, linkErrorf(d, "an alias reaches beyond the outermost component")
		}
	}
	return from.at(sort, d.Outer), nil
}

func (l *linker) coreExport(b coreBundle, name string, d component.Def) (coreItem, error) {
	if b.key == "" {
		item, ok := b.items[name]
		if !ok {
			return coreItem{}, linkErrorf(d, "a core instance has no export %q", name)
		}
		return item, nil
	}
	if _, ok := l.origin[b.key].exportOf(name); !ok {
		return coreItem{}, linkErrorf(d, "a core module has no export %q", name)
	}
	return coreItem{key: b.key, name: name}, nil
}

func (m *module) exportOf(name string) (exported, bool) {
	for _, e := range m.exports {
		if e.name == name {
			return e, true
		}
	}
	return exported{}, false
}

func (l *linker) instance(ctx context.Context, s *scope, d *component.Instance) (any, error) {
	if d.Inline {
		return s.bundleOf(d.Exports), nil
	}
	c, ok := s.at(component.SortComponent, d.Component).(closure)
	if !ok {
		return nil, linkErrorf(d, "it instantiates a component that is not there")
	}
	return l.instantiate(ctx, c.c, c.scope, s.bundleOf(d.Args))
}

func (s *scope) bundleOf(list []component.InlineExport) bundle {
	b := bundle{}
	for _, e := range list {
		b[e.Name] = s.at(e.Sort, e.Index)
	}
	return b
}

func (l *linker) coreInstance(ctx context.Context, s *scope, d *component.CoreInstance) (any, error) {
	if d.Inline {
		b := coreBundle{items: make(map[string]coreItem, len(d.Exports))}
		for _, e := range d.Exports {
			b.items[e.Name], _ = s.at(e.Sort, e.Index).(coreItem)
		}
		return b, nil
	}
	cm, ok := s.at(component.SortCoreModule, d.Module).(*component.CoreModule)
	if !ok {
		return nil, linkErrorf(d, "it instantiates a core module that is not there")
	}
	if l.count++; l.count > maxInstances {
		return nil, &linkError{d.At(), fmt.Sprintf("it makes more than %d core instances", maxInstances), true}
	}
	m := l.modules[cm]
	args := map[string]coreBundle{}
	for _, a := range d.Args {
		args[a.Name], _ = s.at(component.SortCoreInstance, a.Instance).(coreBundle)
	}
	targets, err := l.resolve(ctx, d, m, args)
	if err != nil {
		return nil, err
	}
	l.work.enter(fmt.Sprintf("starting core instance %d of it", l.count))
	instance, err := l.sandbox.guarded(func() (api.Module, error) { return l.sandbox.load(ctx, m, targets) })
	if err != nil {
		return nil, err
	}
	key := l.sandbox.newKey()
	l.sandbox.instances[key] = instance
	l.origin[key] = m
	return coreBundle{key: key}, nil
}

// resolve finds every import of m among the arguments; its host functions
// become one host module with the types that m expects.
func (l *linker) resolve(ctx context.Context, d component.Def, m *module, args map[string]coreBundle) ([]target, error) {
	targets := make([]target, len(m.imports))
	var functions []hostFunc
	for i, imp := range m.imports {
		b, ok := args[imp.module]
		if !ok {
			return nil, linkErrorf(d, "a core module's import %q %q is given nothing", imp.module, imp.name)
		}
		item, err := l.coreExport(b, imp.name, d)
		if err != nil {
			return nil, err
		}
		if item.host == nil {
			targets[i] = target{item.key, item.name}
			continue
		}
		if imp.kind != kindFunc {
			return nil, linkErrorf(d, "a core module's import %q %q is a %s, but it is given a function", imp.module, imp.name, kindName(imp.kind))
		}
		if err := item.host.fits(m.types[imp.typ]); err != nil {
			return nil, linkErrorf(d, "a core module's import %q %q: %v", imp.module, imp.name, err)
		}
		name := fmt.Sprint(i)
		functions = append(functions, hostFunc{name, m.types[imp.typ], item.host.bind(m.types[imp.typ])})
		targets[i].name = name
	}
	if len(functions) == 0 {
		return targets, nil
	}
	key, err := l.sandbox.provide(ctx, functions)
	if err != nil {
		return nil, fmt.Errorf("providing stubs: %w", err)
	}
	for i := range targets {
		if targets[i].key == "" {
			targets[i].key = key
		}
	}
	return targets, nil
}
