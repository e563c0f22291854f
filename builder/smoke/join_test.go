package smoke

import (
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// allocator is a core module with a memory and a cabi_realloc that hands out what lies
// above 1,000, plus one more function.
func allocator(typ []byte, code ...any) []byte {
	return mod(
		sec(1, vec(fn([]byte{i32, i32, i32, i32}, []byte{i32}), typ)),
		sec(3, vec(uleb(0), uleb(1))),
		sec(5, vec(cat(0, 1))),
		sec(6, vec(cat(i32, 1, 0x41, sleb(1000), opEnd))),
		sec(7, vec(export("memory", 2, 0), export("cabi_realloc", 0, 0), export("f", 0, 1))),
		sec(10, vec(
			body(0x23, 0, 0x23, 0, 0x20, 3, 0x6a, 0x41, 15, 0x6a, 0x41, sleb(-16), 0x71, 0x24, 0), // next = (next+size+15) & -16
			body(code...))),
	)
}

// aliasMemory aliases the memory of core instance i.
func aliasMemory(i int) []byte { return cat(0, 2, 1, uleb(uint64(i)), str("memory")) }

// stringFunc is the type func(s: string) -> string.
func stringFunc() []byte { return cat(0x40, 1, str("s"), 0x73, 0, 0x73) }

// echo is a component that exports f: func(s: string) -> string, which returns s.
func echo(code ...any) []byte {
	core := allocator(fn([]byte{i32, i32}, []byte{i32}), code...)
	return comp(coreModule(core), instantiate(0),
		sec(6, vec(aliasMemory(0), aliasCore(0, "cabi_realloc"), aliasCore(0, "f"))),
		sec(7, vec(stringFunc())),
		sec(8, vec(cat(0, 0, 1, vec(cat(3, 0), cat(4, 0)), 0))),
		sec(11, vec(cat(0, str("f"), 1, 0, 0))))
}

// caller is a component that holds callee and, beside it, one that lowers its f into a core
// module with another memory and traps in a start function unless f("hi") is "hi".
func caller(callee []byte) []byte {
	user := mod(
		sec(1, vec(fn([]byte{i32, i32, i32}, nil), fn(nil, nil))),
		sec(2, vec(cat(str("host"), str("f"), 0, 0), cat(str("env"), str("memory"), 2, 0, 1))),
		sec(3, vec(uleb(1))),
		sec(8, 1),
		sec(10, vec(body(
			0x41, sleb(100), 0x41, sleb('h'|'i'<<8), 0x3b, 1, 0, // "hi" at 100
			0x41, sleb(100), 0x41, 2, 0x41, sleb(200), 0x10, 0, // f(100, 2, result at 200)
			0x41, sleb(204), 0x28, 2, 0, 0x41, 2, 0x47, 0x04, 0x40, 0x00, 0x0b, // length 2
			0x41, sleb(200), 0x28, 2, 0, 0x41, sleb(100), 0x46, 0x04, 0x40, 0x00, 0x0b, // at another address
			0x41, sleb(200), 0x28, 2, 0, 0x2f, 1, 0, 0x41, sleb('h'|'i'<<8), 0x47, 0x04, 0x40, 0x00, 0x0b))),
	)
	inner := comp(
		sec(7, vec(stringFunc())),
		sec(10, 1, 0, str("f"), 1, 0), // component function 0
		coreModule(allocator(fn(nil, nil))), coreModule(user), instantiate(0),
		sec(6, vec(aliasMemory(0), aliasCore(0, "cabi_realloc"))),
		sec(8, vec(cat(1, 0, 0, vec(cat(3, 0), cat(4, 0))))), // core function 1 is the lowered one
		sec(2, 1, 1, vec(cat(str("f"), 0, 1))),               // core instance 1 holds it
		instantiate(1, arg("host", 1), arg("env", 0)),
	)
	return comp(
		nestedComponent(callee), nestedComponent(inner), instance(0),
		sec(6, vec(cat(1, 0, 0, str("f")))),
		sec(5, 1, 0, 1, vec(cat(str("f"), 1, 0))),
	)
}

// TestJoin passes a string from one component to another and back, through two memories.
func TestJoin(t *testing.T) {
	// f writes (pointer, length) to 8 and returns 8.
	back := []any{0x41, 8, 0x20, 0, 0x36, 2, 0, 0x41, 12, 0x20, 1, 0x36, 2, 0, 0x41, 8}
	tests := []struct {
		name string
		code []any
		want finding.Code // of the finding, "" when it loads
	}{
		{"echo", back, ""},
		{"trap", []any{0x00}, "smoke-trap"},
		{"result outside", []any{0x41, sleb(1 << 20)}, "smoke-trap"},
		{"string outside", []any{0x41, 8, 0x41, sleb(70_000), 0x36, 2, 0, 0x41, 12, 0x41, 2, 0x36, 2, 0, 0x41, 8}, "smoke-trap"},
		{"huge string", []any{0x41, 8, 0x41, 0, 0x36, 2, 0, 0x41, 12, 0x41, 0x7f, 0x36, 2, 0, 0x41, 8}, "smoke-trap"},
		{"another string", []any{0x41, 8, 0x41, 0, 0x36, 2, 0, 0x41, 12, 0x41, 1, 0x36, 2, 0, 0x41, 8}, "smoke-trap"},
		{"loop", []any{0x03, 0x40, 0x0c, 0, 0x0b, 0x00}, "smoke-timeout"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Limits: Limits{Wall: 20 * time.Second}}
			if test.want == "smoke-timeout" {
				o.Limits.Wall = 200 * time.Millisecond
			}
			r := loadHere(t.Context(), caller(echo(test.code...)), o)
			checkHostile(t, hostile{code: test.want}, r)
		})
	}
}
