package source

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// Exports are of one function when their functions do the same, and nothing else of a module changes. The functions of these
// modules: 0 is imported, 1 and 2 differ, 3 is as 1, and of those behind them says each case what they do.
func TestFold(t *testing.T) {
	call := func(functions ...byte) []byte {
		body := []byte{0}
		for _, f := range functions {
			body = append(body, 0x10, f|0x80, 0x80, 0) // as a linker writes numbers that it may change
		}
		return append(body, 0x0b)
	}
	one, two := []byte{0, 0x41, 1, 0x1a, 0x0b}, []byte{0, 0x41, 2, 0x1a, 0x0b} // drops 1, drops 2
	module := func(types []byte, bodies [][]byte, exports []byte) []byte {
		kinds, code, names := []byte{byte(3 + len(bodies)), 0, 0, 0}, []byte{byte(3 + len(bodies))}, []byte{byte(len(exports))}
		for i, body := range append([][]byte{one, two, one}, bodies...) {
			code = append(append(code, byte(len(body))), body...)
			if i >= 3 {
				kinds = append(kinds, types[min(i-3, len(types)-1)])
			}
		}
		for i, f := range exports {
			names = append(append(names, testkit.Sized(fmt.Sprint("f", i))...), 0, f)
		}
		return testkit.Core(
			testkit.Section(1, []byte{2, 0x60, 0, 0, 0x60, 1, 0x7f, 0}), testkit.Section(2, []byte{1}, testkit.Sized("host"), testkit.Sized("f"), []byte{0, 0}),
			testkit.Section(3, kinds), testkit.Section(7, names), testkit.Section(10, code), testkit.Section(0, testkit.Sized("name"), []byte("n")))
	}
	plain := []byte{0}
	deep := func(n byte) (list [][]byte) { // two chains of calls, n deep, side by side
		list = append(list, call(1), call(3))
		for i := byte(1); i < n; i++ {
			list = append(list, call(2*i+2), call(2*i+3))
		}
		return list
	}
	for name, c := range map[string]struct {
		types         []byte
		bodies        [][]byte
		exports, want []byte
	}{
		"the same bytes":            {plain, nil, []byte{1, 2, 3}, []byte{1, 2, 1}},
		"calls of the same":         {plain, [][]byte{call(1), call(3), call(2)}, []byte{4, 5, 6}, []byte{4, 4, 6}},
		"calls of what is imported": {plain, [][]byte{call(0, 1), call(0, 3), call(1, 0)}, []byte{4, 5, 6}, []byte{4, 4, 6}},
		"one calls more":            {plain, [][]byte{call(1), call(1, 1)}, []byte{4, 5}, []byte{4, 5}},
		"it calls itself":           {plain, [][]byte{call(4), call(5)}, []byte{4, 5}, []byte{4, 5}},
		"of another type":           {[]byte{0, 1}, [][]byte{one, one}, []byte{4, 5}, []byte{4, 5}},
		"more than calls":           {plain, [][]byte{{0, 0x10, 1, 0x01, 0x0b}, {0, 0x10, 3, 0x01, 0x0b}}, []byte{4, 5}, []byte{4, 5}},
		"with locals":               {plain, [][]byte{{1, 1, 0x7f, 0x10, 1, 0x0b}, {1, 1, 0x7f, 0x10, 3, 0x0b}}, []byte{4, 5}, []byte{4, 5}},
		"deep":                      {plain, deep(7), []byte{16, 17}, []byte{16, 16}},
		"too deep":                  {plain, deep(8), []byte{18, 19}, []byte{18, 19}},
		"no such function":          {plain, nil, []byte{1, 9, 9}, []byte{1, 9, 9}},
		"the imported one":          {plain, nil, []byte{0, 0, 1}, []byte{0, 0, 1}},
		"a call of no function":     {plain, [][]byte{call(90), call(91)}, []byte{4, 5}, []byte{4, 5}},
		"a body that goes on":       {plain, [][]byte{append(call(1), 0x0b), append(call(3), 0x0b)}, []byte{4, 5}, []byte{4, 5}},
	} {
		before, want := module(c.types, c.bodies, c.exports), module(c.types, c.bodies, c.want)
		if got := Fold(before); !bytes.Equal(got, want) {
			t.Errorf("%s:\n% x, want\n% x", name, got, want)
		}
	}
	for name, module := range map[string][]byte{
		"text": []byte("text"), "a component": testkit.Component(), "no sections": testkit.Core(),
		"half a module":         module(plain, nil, []byte{1, 3})[:40],
		"exports that end soon": testkit.Core(testkit.Section(3, []byte{2, 0, 0}), testkit.Section(7, []byte{3, 1, 'a', 0, 0, 1, 'b', 0, 1}), testkit.Section(10, []byte{2, 2, 0, 0x0b, 2, 0, 0x0b})),
		"exports that go on":    testkit.Core(testkit.Section(3, []byte{2, 0, 0}), testkit.Section(7, []byte{2, 1, 'a', 0, 0, 1, 'b', 0, 1, 7}), testkit.Section(10, []byte{2, 2, 0, 0x0b, 2, 0, 0x0b})),
	} {
		if got := Fold(module); !bytes.Equal(got, module) {
			t.Errorf("%s was changed: % x", name, got)
		}
	}
}

// A module that is made for it costs no more than so many comparisons.
func TestFoldIsBounded(t *testing.T) {
	const functions = 100
	f, exports := folding{left: mostCompared}, []byte{functions}
	for i := range byte(functions) {
		body := []byte{0}
		for range 40 {
			body = append(body, 0x10, max(i, 2)-2) // many ways lead down
		}
		body = append(body, 0x10, i, 0x0b)
		f.types, f.bodies = append(f.types, 0), append(f.bodies, body)
		exports = append(exports, 1, 'a', 0, i)
	}
	if f.exports(reader{rest: exports}); f.left > 0 {
		t.Errorf("%d comparisons are left: the test asks for too few", f.left)
	}
}

func FuzzFold(f *testing.F) {
	f.Add(testkit.Core(testkit.Section(3, []byte{2, 0, 0}), testkit.Section(7, []byte{2, 1, 'a', 0, 0, 1, 'b', 0, 1}), testkit.Section(10, []byte{2, 2, 0, 0x0b, 2, 0, 0x0b})))
	f.Fuzz(func(t *testing.T, module []byte) {
		folded := Fold(module)
		if again := Fold(folded); !bytes.Equal(again, folded) {
			t.Errorf("folded again it is % x, and once it was % x", again, folded)
		}
	})
}
