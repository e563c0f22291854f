package component

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	for in, want := range map[string]Kind{
		"": KindEmpty, "\x00": KindTruncated, "\x00asm\x01\x00\x00": KindTruncated,
		"\x00asm\x01\x00\x00\x00": KindCore, "\x00asm\x0d\x00\x01\x00": KindComponent,
		"\x00asm\x0a\x00\x01\x00": KindUnknown, "\x00asm\x02\x00\x00\x00": KindUnknown,
		" \n(component)": KindText, ";; x": KindText, "(;": KindText, "MZ": KindUnknown, "\x7fELF\x02\x01\x01\x00": KindUnknown,
	} {
		if got := Sniff([]byte(in)); got.Kind != want || got.Sentence == "" {
			t.Errorf("Sniff(%q) = %+v, want %s", in, got, want)
		}
	}
	if s := Sniff([]byte("\x00asm\x0a\x00\x01\x00")); !strings.Contains(s.Sentence, "0xa") || s.Layer != 1 {
		t.Errorf("an old component is %+v", s)
	}
}

func TestParseName(t *testing.T) {
	for in, want := range map[string]Name{
		"astrid:http/host@1.1.0":         {Namespace: "astrid", Package: "http", Interface: "host", Version: "1.1.0"},
		"wasi:io/poll":                   {Namespace: "wasi", Package: "io", Interface: "poll"},
		"a:b/c/d@1.0.0-rc.1+build":       {Namespace: "a", Package: "b/c", Interface: "d", Version: "1.0.0-rc.1+build"},
		"run":                            {Plain: "run"},
		"[method]h.get":                  {Plain: "[method]h.get"},
		"unlocked-dep=<a:b/c@{>=1.0.0}>": {Plain: "unlocked-dep=<a:b/c@{>=1.0.0}>"},
		"a:/c":                           {Plain: "a:/c"},
		":b/c":                           {Plain: ":b/c"},
		"a:b/":                           {Plain: "a:b/"},
	} {
		got := ParseName(in)
		if got != want || got.String() != in {
			t.Errorf("ParseName(%q) = %+v, %q", in, got, got)
		}
	}
	if p := ParseName("astrid:http/host@1.1.0").PackageName(); p != "astrid:http@1.1.0" {
		t.Errorf("package is %q", p)
	}
}

// TestWorld reads names, kinds, versions and functions of an assembled component.
func TestWorld(t *testing.T) {
	c, err := Decode(seeds(t)["types.bin"])
	if err != nil {
		t.Fatal(err)
	}
	w := c.World()
	var got []string
	for _, im := range w.Imports {
		got = append(got, fmt.Sprintf("%s %s %d", im.Raw, im.Sort, len(im.Funcs)))
	}
	want := []string{"a:b/c@1.2.3 instance 3", "a:b/d@1.2.3 instance 0", "imp instance 1", "ext func 1", "plain func 1",
		"cm core module 0", "comp component 0"}
	if !slices.Equal(got, want) {
		t.Errorf("imports %q, want %q", got, want)
	}
	if g := GroupByPackage(w.Imports); len(g) != 2 || g[0].Package != "a:b@1.2.3" || len(g[0].Items) != 2 {
		t.Errorf("groups %+v", g)
	}
	if w.Exports[0].Raw != "inner" || w.Exports[0].Funcs[0].Name != "get" {
		t.Errorf("exports %+v", w.Exports)
	}
}

// TestTriggerABI holds the kernel's contract function to the core signature the kernel calls.
func TestTriggerABI(t *testing.T) {
	bytesType := &Type{Kind: List, Elem: primitives[U8]}
	bytesType.layout, _ = layout(bytesType)
	option := &Type{Kind: Option, Elem: primitives[String]}
	option.layout, _ = layout(option)
	outcome := &Type{Kind: Record, Fields: []Field{{"action", primitives[String]}, {"data", option}}}
	outcome.layout, _ = layout(outcome)
	f := &FuncType{Params: []Field{{"action", primitives[String]}, {"payload", bytesType}}, Result: outcome}
	s := f.Lift()
	if sig := (CoreFuncType{s.Params, s.Results}).String(); sig != "(i32, i32, i32, i32) -> (i32)" {
		t.Errorf("lifted as %s", sig)
	}
	// action: address and length; data: a discriminant in four bytes, address and length.
	if a := s.ResultArea; a == nil || a.Size != 20 || a.Align != 4 || s.ParamArea != nil {
		t.Errorf("result area %+v", a)
	}
	if s := f.Lower(); (CoreFuncType{s.Params, s.Results}).String() != "(i32, i32, i32, i32, i32) -> ()" {
		t.Errorf("lowered as %v", s)
	}
}

// TestLayouts checks sizes, alignments and flat forms against values worked out by hand from the
// Canonical ABI's rules.
func TestLayouts(t *testing.T) {
	c, err := Decode(seeds(t)["types.bin"])
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"record 24 8 [i32 i64 i32 i32]",                        // u8, u64, string
		"variant 32 8 [i32 i32 i64 i32 i32]",                   // none, the record, f32 (joined with i32)
		"enum 1 1 [i32]",                                       //
		"flags 2 2 [i32]",                                      // nine
		"option 40 8 [i32 i32 i32 i64 i32 i32]",                //
		"result 48 8 [i32 i32 i32 i32 i64 i32 i32]",            //
		"result 1 1 [i32]",                                     // without payloads
		"list 8 4 [i32 i32]",                                   //
		"tuple 40 8 [i32 i32 i32 i32 i32 i32 i32 i32 i64 f64]", // e char bool s8 s16 u16 s32 u32 s64 f64
	} {
		d := c.Space(SortType)[i].(*Type)
		if got := fmt.Sprintf("%s %d %d %v", d.Kind, d.layout.Size, d.layout.Align, d.layout.Flat); got != want {
			t.Errorf("type %d is %s, want %s", i, got, want)
		}
	}
	big := c.Space(SortType)[12].(*Type)
	if l := big.Layout(); l.Size != 80 || len(l.Flat) != maxFlat {
		t.Errorf("two tuples of ten are %+v", l)
	}
	f := &FuncType{Params: []Field{{"x", big}}, Result: big, Async: true}
	if s := f.Lower(); s.ParamArea == nil || s.ParamArea.Size != 80 || len(s.Params) != 2 {
		t.Errorf("parameters beyond sixteen are lowered as %+v", s)
	}
	if s := f.LowerAsync(); len(s.Params) != 2 || len(s.Results) != 1 || s.ResultArea == nil {
		t.Errorf("asynchronously lowered as %+v", s)
	}
}

func TestJoin(t *testing.T) {
	for _, tt := range []struct{ a, b, want CoreValType }{
		{I32, I32, I32}, {I32, CoreF32, I32}, {CoreF32, I32, I32}, {I64, I32, I64}, {CoreF64, CoreF64, CoreF64},
		{CoreF64, I64, I64}, {CoreF32, CoreF64, I64}, {I32, CoreF64, I64},
	} {
		if got := join(tt.a, tt.b); got != tt.want {
			t.Errorf("join(%s, %s) = %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestRenameEmptyNames renames the import whose module name is empty, as other tools write it.
func TestRenameEmptyNames(t *testing.T) {
	b := handEncoded()["module"]
	out, err := RenameImports(b, func(i int, im ModuleImport) (string, string) {
		if im.Module == "" {
			return "renamed", im.Name
		}
		return im.Module, im.Name
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := DecodeModule(out)
	if err != nil {
		t.Fatal(err)
	}
	if m.Imports[0].Module != "renamed" || m.Imports[1].Module != "env" {
		t.Errorf("imports %v", m.Imports)
	}
	if same, err := RenameImports(mod(), nil); err != nil || !bytes.Equal(same, mod()) {
		t.Errorf("a module without imports: % x, %v", same, err)
	}
	if _, err := RenameImports([]byte("no"), nil); err == nil {
		t.Error("what is not a module is renamed")
	}
}

// TestBridge bridges one of each kind.
func TestBridge(t *testing.T) {
	fn := CoreExtern{Kind: ExternFunc, Func: CoreFuncType{Params: []CoreValType{I32, I64}, Results: []CoreValType{CoreF64}}}
	imports := []ModuleImport{
		{Module: "a", Name: "f", Type: fn},
		{Module: "", Name: "g", Type: fn},
		{Module: "a", Name: "t", Type: CoreExtern{Kind: ExternTable, Val: FuncRef, Limits: CoreLimits{Min: 4}}},
		{Module: "a", Name: "m", Type: CoreExtern{Kind: ExternMemory, Limits: CoreLimits{Min: 1, Max: 9, HasMax: true}}},
		{Module: "a", Name: "v", Type: CoreExtern{Kind: ExternGlobal, Val: I32, Mutable: true}},
	}
	checkBridge(t, imports)
	for name, exports := range map[string][]BridgeExport{
		"an import out of range": {{"x", 5}}, "a negative import": {{"x", -1}}, "a name used twice": {{"x", 0}, {"x", 1}},
	} {
		if _, err := Bridge(imports, exports); err == nil {
			t.Errorf("%s is bridged", name)
		}
	}
	ref := []ModuleImport{{Type: CoreExtern{Kind: ExternGlobal, Val: RefType}}}
	if _, err := Bridge(ref, nil); err == nil {
		t.Error("a typed reference is bridged")
	}
}

// TestModule reads everything in a module written by hand.
func TestModule(t *testing.T) {
	m, err := DecodeModule(handEncoded()["module"])
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Imports) != 2 || m.FuncCount() != 2 || len(m.Memories) != 1 || m.Memories[0].Limits.Max != 4 || m.MaxLocals != 2 ||
		m.MaxNesting != 1 || m.Instructions != 4 || m.Elements != 1 || m.Data != 1 || m.DataBytes != 2 || m.Start != -1 || m.DataCount != -1 {
		t.Errorf("%+v", m)
	}
	if want := []Producer{{"language", "C", "17"}}; !slices.Equal(m.Producers, want) {
		t.Errorf("producers %v", m.Producers)
	}
	if e, ok := m.Export("f"); !ok || e.Kind != ExternFunc || e.Index != 1 {
		t.Errorf("export %+v, %v", e, ok)
	}
}

// BenchmarkDecode decodes the largest component of the corpus; with its modules, as the smoke
// load does.
func BenchmarkDecode(b *testing.B) {
	input := corpus(b)["starlingmonkey.wasm"]
	for _, deep := range []bool{false, true} {
		b.Run(fmt.Sprintf("modules=%v", deep), func(b *testing.B) {
			b.SetBytes(int64(len(input)))
			b.ReportAllocs()
			for b.Loop() {
				c, err := Decode(input)
				if err != nil {
					b.Fatal(err)
				}
				for _, m := range modules(c) {
					if !deep {
						break
					}
					if _, err := DecodeModule(m.Range.Of(input)); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
