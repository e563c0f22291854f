package abi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

// memory is a guest's, with an allocator that goes upward from half of it.
type memory struct {
	b    []byte
	next uint32
}

func newMemory() *memory { return &memory{b: make([]byte, 1<<12), next: 1 << 11} }

func (m *memory) Read(at, n uint32) ([]byte, bool) {
	if uint64(at)+uint64(n) > uint64(len(m.b)) {
		return nil, false
	}
	return m.b[at : at+n : at+n], true
}

func (m *memory) Write(at uint32, b []byte) bool {
	to, ok := m.Read(at, uint32(len(b)))
	copy(to, b)
	return ok
}

func (m *memory) realloc(_ context.Context, align, size uint32) (uint32, error) {
	m.next = alignTo(m.next, align)
	at := m.next
	m.next += size
	return at, nil
}

// numbers are handles that stand for themselves plus a thousand.
type numbers struct{ taken, given []uint32 }

func (n *numbers) Lend(number uint32) (uint32, bool) { return number + 1000, number < 100 }
func (n *numbers) Take(number uint32) (uint32, bool) {
	n.taken = append(n.taken, number)
	return number + 1000, number < 100
}
func (n *numbers) Give(rep uint32) uint32 {
	n.given = append(n.given, rep)
	return rep - 1000
}

func guestOf(m *memory) *Guest {
	return &Guest{Memory: m, Realloc: m.realloc, Handles: &numbers{}}
}

func parsed(t testing.TB, text string) *Func {
	t.Helper()
	f, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Sizes, alignments and flat counts are those of CanonicalABI.md.
func TestLayout(t *testing.T) {
	for text, want := range map[string][3]int{
		"bool": {1, 1, 1}, "u16": {2, 2, 1}, "s64": {8, 8, 1}, "f32": {4, 4, 1}, "char": {4, 4, 1},
		"string": {8, 4, 2}, "list<u64>": {8, 4, 2}, "own<a>": {4, 4, 1},
		"record{a: u8, b: u32, c: u8}":     {12, 4, 3},
		"record{a: u8, b: u64}":            {16, 8, 2},
		"tuple<u8, u16>":                   {4, 2, 2},
		"enum{a, b}":                       {1, 1, 1},
		"option<u8>":                       {2, 1, 2},
		"option<u64>":                      {16, 8, 2},
		"result":                           {1, 1, 1},
		"result<_, string>":                {12, 4, 3},
		"result<u64, string>":              {16, 8, 3},
		"variant{a, b(u8), c(u64)}":        {16, 8, 2},
		"flags{a, b, c}":                   {1, 1, 1},
		"flags{a, b, c, d, e, f, g, h, i}": {2, 2, 1},
		"option<option<u32>>":              {12, 4, 3},
	} {
		typ := parsed(t, "func(a: "+text+")").Params[0].Type
		if got := [3]int{int(typ.size), int(typ.align), typ.flat}; got != want {
			t.Errorf("%s: size, align, flat %v, want %v", text, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "func", "func(", "func(a: )", "func(a: what)", "func(a: list)", "func(a: list<u8, u8>)", "func(a: record{a})", "func(a: record{})",
		"func(a: enum{a(u8)})", "func(a: result<u8, u8, u8>)", "func(a: option<_>)", "func(a: own<x)", "func() -> ", "func()x", "func(a: future<u8>)",
		"func(a: …)", "func(a: flags{" + strings.Repeat("a, ", 32) + "a})", "func(a: " + strings.Repeat("list<", 1000) + "u8",
	} {
		if f, err := Parse(text); err == nil {
			t.Errorf("%.40q was read as %v", text, f)
		}
	}
}

// What is lowered and lifted again is the same, in memory and flat.
func TestRoundTrip(t *testing.T) {
	for text, values := range map[string][]any{
		"bool": {true, false}, "s8": {int64(-128)}, "s16": {int64(-1)}, "s32": {int64(math.MinInt32)}, "s64": {int64(math.MinInt64)},
		"u8": {uint64(255)}, "u16": {uint64(65535)}, "u32": {uint64(math.MaxUint32)}, "u64": {uint64(math.MaxUint64)},
		"f32": {1.5}, "f64": {math.Pi, math.Inf(-1)}, "char": {'€', '\U0010ffff'},
		"string":                         {"", "a", "grüße €😀"},
		"list<u8>":                       {[]byte{}, []byte{0, 255}},
		"list<string>":                   {[]any{}, []any{"a", ""}},
		"list<record{a: u8, b: string}>": {[]any{[]any{uint64(1), "x"}, []any{uint64(2), "y"}}},
		"tuple<bool, char>":              {[]any{true, 'x'}},
		"option<list<u8>>":               {Chosen{}, Chosen{1, []byte("x")}},
		"result<u64, string>":            {Chosen{0, uint64(1) << 40}, Chosen{1, "no"}},
		"variant{a, b(f64), c(string)}":  {Chosen{Case: 0}, Chosen{1, 2.5}, Chosen{2, "s"}},
		"enum{a, b, c}":                  {Chosen{Case: 2}},
		"flags{a, b, c}":                 {uint64(5)},
		"own<r>":                         {Rep(1007)},
	} {
		f := parsed(t, "func(v: "+text+") -> "+text)
		for _, v := range values {
			for _, encoding := range []string{"utf8", "utf16", "latin1+utf16"} {
				m := newMemory()
				g := guestOf(m)
				g.Encoding = encoding
				in := Call{Func: f, Area: true, Params: 1}
				if err := in.Lower(t.Context(), g, []uint64{64}, v); err != nil {
					t.Errorf("%s %v: %v", text, v, err)
					continue
				}
				out := Call{Func: f, Spilled: true, Params: 1}
				args, err := out.Lift(g, []uint64{64})
				if err != nil || !reflect.DeepEqual(args[0], v) {
					t.Errorf("%s in %s: %#v came back as %#v, %v", text, encoding, v, args, err)
				}
			}
		}
	}
}

// Flat values and bytes in memory, as tools of others write them.
func TestKnownEncodings(t *testing.T) {
	m := newMemory()
	g := guestOf(m)
	copy(m.b[100:], "key")
	copy(m.b[200:], []byte{7, 8})
	f := parsed(t, "func(key: string, expected: option<list<u8>>, flag: bool) -> result<option<string>, variant{a, b(string)}>")
	c := Call{Func: f, Area: true, Params: 7}
	args, err := c.Lift(g, []uint64{100, 3, 1, 200, 2, 1, 16})
	if err != nil || !reflect.DeepEqual(args, []any{"key", Chosen{1, []byte{7, 8}}, true}) {
		t.Fatalf("lifted %#v, %v", args, err)
	}
	if err := c.Lower(t.Context(), g, []uint64{0, 0, 0, 0, 0, 0, 16}, Chosen{1, Chosen{1, "no"}}); err != nil {
		t.Fatal(err)
	}
	// err, at 4 the variant: its case, at 8 the string.
	want := []byte{1, 0, 0, 0, 1, 0, 0, 0, 0, 8, 0, 0, 2, 0, 0, 0}
	if !bytes.Equal(m.b[16:32], want) || string(m.b[2048:2050]) != "no" {
		t.Errorf("the area is % x, the text %q", m.b[16:32], m.b[2048:2050])
	}
	flat := parsed(t, "func() -> u64")
	stack := []uint64{0}
	one := Call{Func: flat}
	if err := one.Lower(t.Context(), g, stack, uint64(1)<<60); err != nil || stack[0] != 1<<60 {
		t.Errorf("flat result %x, %v", stack[0], err)
	}
}

// What a guest may not pass is an error, and says what it is.
func TestWhatTraps(t *testing.T) {
	m := newMemory()
	g := guestOf(m)
	m.b[0] = 0xff
	binary.LittleEndian.PutUint32(m.b[8:], 0xd800)
	for name, c := range map[string]struct {
		typ   string
		stack []uint64
		says  string
	}{
		"string beyond the end":       {"string", []uint64{4000, 200}, "outside the memory"},
		"string that wraps":           {"string", []uint64{math.MaxUint32, 2}, "outside the memory"},
		"string that is no text":      {"string", []uint64{0, 1}, "not text"},
		"list not aligned":            {"list<u32>", []uint64{2, 1}, "not aligned"},
		"list that is too large":      {"list<u64>", []uint64{0, math.MaxUint32}, "larger than a memory"},
		"list beyond the end":         {"list<u64>", []uint64{4088, 2}, "outside the memory"},
		"no such case":                {"enum{a, b}", []uint64{2}, "no case 2"},
		"no character":                {"char", []uint64{0xd800}, "no character"},
		"beyond all characters":       {"char", []uint64{0x110000}, "no character"},
		"not negative either":         {"char", []uint64{0xffffffff}, "no character"},
		"a handle it has not":         {"borrow<r>", []uint64{100}, "unknown handle index 100"},
		"a handle to give it has not": {"own<r>", []uint64{100}, "unknown handle index 100"},
	} {
		call := Call{Func: parsed(t, "func(v: "+c.typ+")"), Params: len(c.stack)}
		_, err := call.Lift(g, c.stack)
		var wrong *Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A list may name the same bytes again and again; a call lifts no more than its budget.
func TestBudget(t *testing.T) {
	m := &memory{b: make([]byte, 1<<20)}
	for i := 0; i < 1<<19; i += 8 {
		binary.LittleEndian.PutUint32(m.b[i:], 1<<19)
		binary.LittleEndian.PutUint32(m.b[i+4:], 1<<19)
	}
	call := Call{Func: parsed(t, "func(v: list<list<u8>>)"), Params: 2}
	_, err := call.Lift(guestOf(m), []uint64{0, 1 << 16})
	if err == nil || !strings.Contains(err.Error(), "too much data") {
		t.Errorf("32 GiB were lifted: %v", err)
	}
}

// A guest's allocator may answer anything.
func TestAllocatorThatLies(t *testing.T) {
	m := newMemory()
	f := parsed(t, "func() -> string")
	for _, address := range []uint32{math.MaxUint32, 4095, 1 << 20} {
		g := guestOf(m)
		g.Realloc = func(context.Context, uint32, uint32) (uint32, error) { return address, nil }
		c := Call{Func: f, Area: true, Params: 1}
		if err := c.Lower(t.Context(), g, []uint64{0}, "text"); err == nil {
			t.Errorf("the address %#x was believed", address)
		}
	}
	for _, area := range []uint64{2, 4096, math.MaxUint32 - 3} {
		c := Call{Func: f, Area: true, Params: 1}
		if err := c.Lower(t.Context(), guestOf(m), []uint64{area}, "text"); err == nil {
			t.Errorf("the area %#x was believed", area)
		}
	}
}

type pair struct {
	First  string
	Second *uint32
	Third  Case `wit:"other-name"`
}

type colour string

func TestBind(t *testing.T) {
	f := parsed(t, "func(p: record{first: string, second: option<u32>, other-name: variant{a, b(string)}}, c: enum{red, green}, l: list<string>) -> result<list<u8>, variant{bad(string), unknown(string)}>")
	b, err := Bind(f, func(p pair, c colour, l []string) ([]byte, error) {
		switch {
		case c == "green":
			return nil, &Fault{Name: "bad", Value: "it is green"}
		case p.Second == nil:
			return nil, errors.New("nothing")
		}
		return []byte(p.First + p.Third.Name + strings.Join(l, "")), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	record := func(second Chosen) []any { return []any{"x", second, Chosen{1, "y"}} }
	for name, c := range map[string]struct {
		args []any
		want any
	}{
		"ok":      {[]any{record(Chosen{1, uint64(3)}), Chosen{Case: 0}, []any{"1", "2"}}, Chosen{0, []byte("xb12")}},
		"a fault": {[]any{record(Chosen{}), Chosen{Case: 1}, []any{}}, Chosen{1, Chosen{0, "it is green"}}},
		"unknown": {[]any{record(Chosen{}), Chosen{Case: 0}, []any{}}, Chosen{1, Chosen{1, "nothing"}}},
	} {
		got, err := b.Call(c.args)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %#v, %v", name, got, err)
		}
	}
}

// A Go function that does not stand for a type is found when it is bound.
func TestBindRefuses(t *testing.T) {
	for text, fn := range map[string]any{
		"func()":                      func(int) {},
		"func(a: u8)":                 func(uint16) {},
		"func(a: string)":             func([]byte) {},
		"func() -> u8":                func() {},
		"func() -> result<u8>":        func() uint8 { return 0 },
		"func() -> result<_, string>": func() (uint8, error) { return 0, nil },
		"func(a: record{a: u8})":      func(struct{ B uint8 }) {},
		"func(a: option<u8>)":         func(uint8) {},
		"func(a: borrow<r>)":          func(uint32) {},
		"func(a: u32)":                func(Rep) {},
		"func(a: tuple<u8>)":          func(struct{ A uint8 }) {},
	} {
		if _, err := Bind(parsed(t, text), fn); err == nil {
			t.Errorf("%T stands for %s", fn, text)
		}
	}
	b, err := Bind(parsed(t, "func() -> result<_, enum{a}>"), func() error { return &Fault{Name: "b"} })
	if err != nil {
		t.Fatal(err)
	}
	if v, err := b.Call(nil); err == nil {
		t.Errorf("a case that there is not was answered as %v", v)
	}
}

func TestJSON(t *testing.T) {
	typ := parsed(t, "func(a: record{n: u32, b: list<u8>, o: option<string>, v: variant{a, b(u8)}, f: flags{x, y}, c: char, t: tuple<bool>})").Params[0].Type
	got := typ.JSON([]any{uint64(1), []byte{0xff}, Chosen{}, Chosen{1, uint64(2)}, uint64(2), 'q', []any{true}})
	want := map[string]any{"n": uint64(1), "b": map[string]any{"base64": "/w=="}, "o": nil, "v": map[string]any{"b": uint64(2)}, "f": []string{"y"}, "c": "q", "t": []any{true}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%#v", got)
	}
}

// A guest passes any numbers over any memory: what comes of it is a value or an error.
func FuzzLift(f *testing.F) {
	texts := []string{
		"func(a: string, b: list<string>, c: option<list<u8>>)",
		"func(a: list<record{a: u8, b: option<list<list<u16>>>, c: variant{a, b(string), c(f64)}}>)",
		"func(a: result<tuple<u64, char>, own<r>>, b: flags{a, b}, c: borrow<r>)",
		"func(a: list<list<list<list<bool>>>>)",
	}
	f.Add(uint8(0), []byte("some memory"), uint64(0), uint64(8), uint64(1), uint64(4))
	f.Add(uint8(3), bytes.Repeat([]byte{8, 0, 0, 0}, 64), uint64(8), uint64(8), uint64(1), uint64(4))
	f.Fuzz(func(t *testing.T, which uint8, b []byte, s0, s1, s2, s3 uint64) {
		fn := parsed(t, texts[int(which)%len(texts)])
		g := guestOf(&memory{b: b})
		for _, c := range []Call{{Func: fn, Params: 8}, {Func: fn, Params: 1, Spilled: true}} {
			args, err := c.Lift(g, []uint64{s0, s1, s2, s3, s3, s2, s1, s0})
			if err != nil {
				continue
			}
			for i, p := range fn.Params {
				_ = p.Type.JSON(args[i])
			}
			// What could be lifted can be lowered and lifted again.
			m := &memory{b: make([]byte, 1<<22), next: 1 << 10}
			to := guestOf(m)
			typ := &Type{Kind: Tuple, Parts: fn.Params}
			typ.layOut()
			if err := (&Call{Func: &Func{Result: typ}, Area: true, Params: 1}).Lower(t.Context(), to, []uint64{0}, args); err != nil {
				t.Skip(err) // more than fits into four MiB
			}
			again, err := (&Call{Func: fn, Params: 1, Spilled: true}).Lift(to, []uint64{0})
			if err != nil || !equal(args, again) {
				t.Errorf("%#v came back as %#v, %v", args, again, err)
			}
		}
	})
}

// equal is DeepEqual for which a number that is none equals itself.
func equal(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if f, ok := a.(float64); ok {
		g, ok := b.(float64)
		return ok && math.Float64bits(f) == math.Float64bits(g) || ok && f != f && g != g
	}
	if list, ok := a.([]any); ok {
		other, ok := b.([]any)
		if !ok || x.Len() != y.Len() {
			return false
		}
		for i := range list {
			if !equal(list[i], other[i]) {
				return false
			}
		}
		return true
	}
	if c, ok := a.(Chosen); ok {
		d, ok := b.(Chosen)
		return ok && c.Case == d.Case && equal(c.Value, d.Value)
	}
	return reflect.DeepEqual(a, b)
}

func FuzzParse(f *testing.F) {
	f.Add("func(key: string) -> result<option<list<u8>>, variant{a, b(string)}>")
	f.Fuzz(func(t *testing.T, text string) {
		fn, err := Parse(text)
		if err == nil && fn == nil {
			t.Error("neither a type nor an error")
		}
	})
}

func BenchmarkCall(b *testing.B) {
	fn := parsed(b, "func(key: string, value: list<u8>) -> result<_, variant{a, b(string)}>")
	m := newMemory()
	bound, err := Bind(fn, func(string, []byte) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	c := Call{Func: fn, Area: true, Params: 5}
	for b.Loop() {
		g := guestOf(m)
		args, err := c.Lift(g, []uint64{0, 16, 0, 64, 128})
		if err != nil {
			b.Fatal(err)
		}
		v, _ := bound.Call(args)
		if err := c.Lower(b.Context(), g, []uint64{0, 16, 0, 64, 128}, v); err != nil {
			b.Fatal(err)
		}
	}
}
