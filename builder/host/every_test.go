package host

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// words are what guests say: names and paths that mean something here, and others.
var words = []string{"", "a", "a.b", "conform.v1.x", "*", "cwd://a", "cwd://../x", "home://h", "/tmp/t", "http://127.0.0.1:1/", "https://example.com", "127.0.0.1",
	"00000000-0000-4000-8000-000000000001", "{}", "not json", "\x00", "é€😀", "true", "KEY"}

// made is a value of a type.
func made(t *abi.Type, r *rand.Rand) any {
	switch t.Kind {
	case abi.Bool:
		return r.IntN(2) == 0
	case abi.S8, abi.S16, abi.S32, abi.S64:
		return int64(int8(r.Int64()))
	case abi.U8:
		return r.Uint64() % 256
	case abi.U16:
		return r.Uint64() % (1 << 16)
	case abi.U32:
		return r.Uint64() % (1 << 32) >> r.IntN(32)
	case abi.U64, abi.Flags:
		return r.Uint64() >> r.IntN(64)
	case abi.F32, abi.F64:
		return r.NormFloat64()
	case abi.Char:
		return 'x'
	case abi.String:
		return words[r.IntN(len(words))]
	case abi.List:
		if t.Parts[0].Type.Kind == abi.U8 {
			return make([]byte, r.IntN(100))
		}
		list := []any{}
		for range r.IntN(4) {
			list = append(list, made(t.Parts[0].Type, r))
		}
		return list
	case abi.Record, abi.Tuple:
		list := make([]any, len(t.Parts))
		for i, p := range t.Parts {
			list[i] = made(p.Type, r)
		}
		return list
	case abi.Own, abi.Borrow:
		return abi.Rep(r.IntN(20))
	}
	c := abi.Chosen{Case: r.IntN(len(t.Parts))}
	if p := t.Parts[c.Case].Type; p != nil {
		c.Value = made(p, r)
	}
	return c
}

type named struct {
	name  string
	bound *abi.Bound
}

// bound are all functions of the newest release, sorted.
func bound(t testing.TB, w *World) (list []named) {
	table := w.Functions()
	for name, iface := range astrid.Newest().Interfaces {
		for function, text := range iface.Functions {
			typ, err := abi.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			b, err := abi.Bind(typ, table[name][function])
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, named{name + "." + function, b})
		}
	}
	slices.SortFunc(list, func(a, b named) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return list
}

// Whatever a guest calls in whatever order with whatever values, each function answers with a
// value of its type, and what is kept stays within its bounds.
func FuzzEveryFunction(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	all := Capabilities{Uplink: true, Net: []string{"*"}, KV: []string{"*"}, FSRead: []string{"*", "home://"}, FSWrite: []string{"*", "home://"},
		HostProcess: []string{"true"}, NetBind: []string{"127.0.0.1:*", "unix:*"}, NetConnect: []string{"127.0.0.1:*"}, Identity: []string{"admin"}}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 2))
		w := world(t, Options{Capabilities: all, Publish: []string{"a.*", "conform.v1.*"}, Subscribe: []Subscription{{Pattern: "a.*"}, {Pattern: "conform.*"}},
			Approve: Decisions[r.IntN(len(Decisions))], Answers: map[string]string{"KEY": "v"}, Trace: true})
		functions := bound(t, w)
		for range 300 {
			one := functions[r.IntN(len(functions))]
			args := make([]any, len(one.bound.Func.Params))
			for i, p := range one.bound.Func.Params {
				args[i] = made(p.Type, r)
			}
			result, err := one.bound.Call(args)
			if err != nil {
				t.Fatalf("%s(%v): %v", one.name, args, err)
			}
			if typ := one.bound.Func.Result; typ != nil {
				_ = typ.JSON(result)
			}
		}
		if len(w.resources) > maxResources || len(w.bus.subscriptions) > maxSubscriptions {
			t.Errorf("%d resources, %d subscriptions", len(w.resources), len(w.bus.subscriptions))
		}
		w.Reset()
		if len(w.resources)+len(w.bus.subscriptions) > 0 {
			t.Error("after a reset something is held")
		}
	})
}
