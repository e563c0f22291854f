package smoke

import (
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/component"
)

// worldFuncs reads the functions that a core module's world imports, by
// "interface#name"; nothing for modules without a readable world.
func (m *module) worldFuncs() map[string]*component.FuncType {
	funcs := map[string]*component.FuncType{}
	for _, s := range m.sections {
		if s.id != 0 || !strings.HasPrefix(s.name, "component-type") {
			continue
		}
		c, err := component.Decode(m.data[s.content:s.end])
		if err != nil {
			continue
		}
		for _, e := range c.Exports {
			addWorld(funcs, e.Extern)
		}
	}
	return funcs
}

// addWorld goes down to the component type that is the world: it is exported as a
// component, inside the type that stands for its package.
func addWorld(funcs map[string]*component.FuncType, e component.Extern) {
	t := e.Component
	if t == nil && e.Type != nil {
		t = e.Type.Component
	}
	if t == nil {
		return
	}
	for _, i := range t.Imports {
		if i.Extern.Func != nil {
			funcs["$root#"+i.Name] = i.Extern.Func
		}
		if i.Extern.Instance == nil {
			continue
		}
		for _, f := range i.Extern.Instance.Exports {
			if f.Extern.Func != nil {
				funcs[i.Name+i.VersionSuffix+"#"+f.Name] = f.Extern.Func
			}
		}
	}
	if t.Exports == nil {
		return
	}
	for _, x := range t.Exports.Exports {
		addWorld(funcs, x.Extern)
	}
}

// coreStub is the stub for one import of a core module: with the return area zeroed where
// the world tells its size, plain zeros elsewhere.
func (w *work) coreStub(imp imported, t funcType, world map[string]*component.FuncType) api.GoModuleFunc {
	label := imp.module + "#" + imp.name
	f := world[label]
	if f == nil || !sameTypes(f.Lower().Params, t.params) || !sameTypes(f.Lower().Results, t.results) {
		return zeros(t)
	}
	return stubFunction(label, f.Lower(), false, w.out,
		func(caller api.Module) api.Memory { return caller.Memory() },
		func(caller api.Module) api.Function { return caller.ExportedFunction("cabi_realloc") })
}
