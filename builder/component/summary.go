package component

import "strings"

// Name is an import's or export's name in parts: "astrid:http/host@1.1.0" is namespace
// astrid, package http, interface host, version 1.1.0. A plain name ("run") has only Plain.
// A package may have several parts ("a:b/c/d"): all but the last belong to Package.
type Name struct {
	Namespace, Package, Interface, Version string
	// Plain is the name when it is not an interface name.
	Plain string
}

// ParseName splits a name; a version suffix belongs behind it before the call. Every string
// is accepted: what does not look like an interface name is plain.
func ParseName(s string) Name {
	rest, version, _ := strings.Cut(s, "@")
	ns, path, ok := strings.Cut(rest, ":")
	slash := strings.LastIndexByte(path, '/')
	if !ok || slash <= 0 || ns == "" || slash == len(path)-1 || strings.ContainsAny(s, "<>[]") {
		return Name{Plain: s}
	}
	return Name{Namespace: ns, Package: path[:slash], Interface: path[slash+1:], Version: version}
}

// PackageName is "astrid:http@1.1.0", by which imports are grouped; "" for a plain name.
func (n Name) PackageName() string {
	if n.Plain != "" || n.Namespace == "" {
		return ""
	}
	return n.Namespace + ":" + n.Package + n.at()
}

// String puts the name together again.
func (n Name) String() string {
	if n.Namespace == "" {
		return n.Plain
	}
	return n.Namespace + ":" + n.Package + "/" + n.Interface + n.at()
}

func (n Name) at() string {
	if n.Version == "" {
		return ""
	}
	return "@" + n.Version
}

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

// Group is the items of one package.
type Group struct {
	Package string // "astrid:http@1.1.0", "" for plain names
	Items   []WorldItem
}

// World returns the component's imports and exports in file order.
func (c *Component) World() (w World) {
	for _, im := range c.Imports {
		w.Imports = append(w.Imports, worldItem(im.Name+im.VersionSuffix, im.Extern, im.offset))
	}
	for _, ex := range c.Exports {
		item := worldItem(ex.Name+ex.VersionSuffix, ex.Extern, ex.offset)
		item.Sort = ex.Sort
		w.Exports = append(w.Exports, item)
	}
	return w
}

func worldItem(name string, e Extern, offset int64) WorldItem {
	item := WorldItem{Name: ParseName(name), Raw: name, Sort: e.Sort, Offset: offset}
	if e.Func != nil {
		item.Funcs = []NamedFunc{{Name: name, Type: e.Func}}
	}
	if e.Instance == nil {
		return item
	}
	for _, x := range e.Instance.Exports {
		if x.Extern.Func != nil {
			item.Funcs = append(item.Funcs, NamedFunc{Name: x.Name, Type: x.Extern.Func})
		}
	}
	return item
}

// GroupByPackage groups items by package, in the order in which packages first occur.
func GroupByPackage(items []WorldItem) (groups []Group) {
	at := map[string]int{}
	for _, it := range items {
		p := it.Name.PackageName()
		i, ok := at[p]
		if !ok {
			i = len(groups)
			at[p] = i
			groups = append(groups, Group{Package: p})
		}
		groups[i].Items = append(groups[i].Items, it)
	}
	return groups
}
