package component

// Name is an import's or export's name in parts: "astrid:http/host@1.1.0" is namespace
// astrid, package http, interface host, version 1.1.0. A plain name ("run") has only Plain.
type Name struct {
	Namespace, Package, Interface, Version string
	// Plain is the name when it is not an interface name.
	Plain string
}

// ParseName splits a name; a versionsuffix belongs behind it before the call.
func ParseName(s string) Name { return Name{} }

// World is what a component asks for and offers.
type World struct {
	Imports, Exports []WorldItem
}

// WorldItem is one import or export.
type WorldItem struct {
	Name Name
	Raw  string // as in the binary, version suffix appended
	Sort Sort
	// Funcs are the functions of an instance, in order; for a function itself, its own name.
	Funcs  []NamedFunc
	Offset int64
}

// NamedFunc is a function with its type.
type NamedFunc struct {
	Name string
	Type *FuncType
}

// World returns the component's imports and exports in file order.
func (c *Component) World() World { return World{} }
