package smoke

import (
	"sort"
	"strings"
)

// describe writes what the scan learned into the report.
func (m *module) describe(r *Report) {
	r.Sections = append(r.Sections, m.sectionSizes()...)
	for _, i := range m.imports {
		imp := Import{Module: i.module, Name: i.name, Kind: kindName(i.kind), Class: classOf(i.module)}
		if i.kind == kindFunc {
			imp.Type = m.typeText(i.typ)
		}
		r.Imports = append(r.Imports, imp)
	}
	for _, e := range m.exports {
		exp := Export{Name: e.name, Kind: kindName(e.kind)}
		if e.kind == kindFunc && int64(e.index) < int64(len(m.funcs)) {
			exp.Type = m.typeText(m.funcs[e.index])
		}
		r.Exports = append(r.Exports, exp)
	}
	for i, l := range m.memories {
		r.Memories = append(r.Memories, Memory{Min: l.min * pageSize, Max: l.max * pageSize, Imported: i < m.importedMemories})
	}
	for _, s := range m.sections {
		if s.id == 0 && s.name == "producers" {
			r.Producers = append(r.Producers, readProducers(m.data[s.content:s.end])...)
		}
	}
}

// sectionSizes sums the sections by name, the largest first.
func (m *module) sectionSizes() []Section {
	var out []Section
	at := map[string]int{}
	for _, s := range m.sections {
		name := sectionName(s.id)
		if s.id == 0 {
			name += " " + s.name
		}
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name] = i
			out = append(out, Section{Name: name})
		}
		out[i].Bytes += int64(s.end - s.start)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Bytes > out[j].Bytes })
	return out
}

func (m *module) typeText(index uint32) string {
	if int64(index) >= int64(len(m.types)) {
		return ""
	}
	return m.types[index].String()
}

// String is "(i32, i32) -> i32".
func (t funcType) String() string {
	s := "(" + strings.Join(typeNames(t.params), ", ") + ")"
	switch len(t.results) {
	case 0:
		return s
	case 1:
		return s + " -> " + typeNames(t.results)[0]
	}
	return s + " -> (" + strings.Join(typeNames(t.results), ", ") + ")"
}

func typeNames(types []byte) []string {
	names := map[byte]string{0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64", 0x7b: "v128", 0x70: "funcref", 0x6f: "externref"}
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = names[t]
	}
	return out
}

// readProducers reads a producers section as far as it can be read.
func readProducers(b []byte) []Producer {
	r := &reader{data: b, end: len(b)}
	var out []Producer
	for f := r.count("fields", 2, maxSegments); f > 0 && r.err == nil; f-- {
		field := r.name()
		for n := r.count("producers", 2, maxSegments); n > 0 && r.err == nil; n-- {
			p := Producer{Field: field, Name: r.name(), Version: r.name()}
			if r.err == nil {
				out = append(out, p)
			}
		}
	}
	return out
}

// kernelImports are the interfaces that the kernel offers, version for version.
var kernelImports = map[string]bool{
	"astrid:approval/host@1.0.0": true, "astrid:elicit/host@1.0.0": true, "astrid:fs/host@1.0.0": true,
	"astrid:http/host@1.0.0": true, "astrid:http/host@1.1.0": true, "astrid:identity/host@1.0.0": true,
	"astrid:io/error@1.0.0": true, "astrid:io/poll@1.0.0": true, "astrid:io/streams@1.0.0": true,
	"astrid:ipc/host@1.0.0": true, "astrid:kv/host@1.0.0": true, "astrid:net/host@1.0.0": true,
	"astrid:process/host@1.0.0": true, "astrid:process/host@1.1.0": true, "astrid:sys/host@1.0.0": true,
	"astrid:uplink/host@1.0.0": true, "astrid:guest/lifecycle@1.0.0": true,
}

// classOf says who is expected to provide an import module or interface.
func classOf(module string) Class {
	switch {
	case kernelImports[module]:
		return ClassKernel
	case strings.HasPrefix(module, "wasi:"), strings.HasPrefix(module, "wasi_"):
		return ClassWASI
	}
	return ClassForeign
}
