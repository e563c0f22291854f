package component

import (
	"bytes"
	"fmt"

	"runtime"
	"strings"
	"testing"
	"time"
)

// The worst that decoding may cost: so many bytes of memory for each byte of input, and so
// many at all. A definition of one byte (a primitive type) costs a Type and its places in two
// index spaces, some 600 bytes with what slices leave behind as they grow; the bounds on definitions and items cap
// the whole.
const (
	mostPerByte = 800
	mostAtAll   = 160 << 20
	mostTime    = 5 * time.Second // what this bounds is a hang, not a speed
)

// decodeEither decodes bytes of either kind.
func decodeEither(b []byte) error {
	if Sniff(b).Kind == KindComponent {
		_, err := Decode(b)
		return err
	}
	_, err := DecodeModule(b)
	return err
}

// allocated is how many bytes f allocates, freed ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// checkCost asserts that decoding ends soon and allocates in proportion to the input.
func checkCost(t *testing.T, b []byte, decode func() error) (err error) {
	t.Helper()
	start := time.Now()
	got := allocated(func() { err = decode() })
	if limit := uint64(min(len(b)*mostPerByte+64<<10, mostAtAll)); got > limit {
		t.Errorf("%d bytes of input allocate %d, more than %d", len(b), got, limit)
	}
	if took := time.Since(start); took > mostTime {
		t.Errorf("%d bytes of input take %s", len(b), took)
	}
	return err
}

// huge is a count of 2^32-1.
var huge = []byte{0xff, 0xff, 0xff, 0xff, 0x0f}

// nestedComponents is a component inside a component, depth deep.
func nestedComponents(depth int) []byte {
	b := comp()
	for range depth {
		b = comp(sec(4, b))
	}
	return b
}

// nestedTypes is an instance type inside an instance type, depth deep.
func nestedTypes(depth int) []byte {
	t := []byte{0x42, 0}
	for range depth {
		t = cat([]byte{0x42}, vecOf(cat([]byte{1}, t)))
	}
	return comp(sec(7, vecOf(t)))
}

func repeat(b []byte, n int) []byte { return bytes.Repeat(b, n) }

// TestWorst decodes the dearest of each kind, as many as the bounds allow, and asserts that
// none costs more than a child with an address-space limit of some hundred megabytes can bear.
func TestWorst(t *testing.T) {
	n := maxDefs - 1
	for name, b := range map[string][]byte{
		"instance types":    comp(sec(7, uleb(uint64(n)), repeat([]byte{0x42, 0}, n))),
		"component types":   comp(sec(7, uleb(uint64(n)), repeat([]byte{0x41, 0}, n))),
		"inline instances":  comp(sec(5, uleb(uint64(n)), repeat([]byte{1, 0}, n))),
		"nested components": comp(repeat(sec(4, comp()), maxSections-1)),
		"sections":          comp(repeat(sec(7, []byte{0}), maxSections-1)),
		"custom sections":   comp(repeat(sec(0, []byte{0}), maxSections-1)),
		"module sections":   mod(repeat(sec(0, []byte{0}), maxSections-1)),
		"labels":            comp(sec(7, []byte{1, 0x6e}, labels(maxItems))),
		"module imports":    mod(sec(2, uleb(maxModuleItems), repeat([]byte{0, 0, 2, 0, 0}, maxModuleItems))),
		"functions": mod(sec(1, vecOf([]byte{0x60, 0, 0})), sec(3, uleb(maxFuncs), repeat([]byte{0}, maxFuncs)),
			sec(10, uleb(maxFuncs), repeat([]byte{2, 0, 0x0b}, maxFuncs))),
	} {
		if !decodes(t, b) {
			t.Errorf("%s: refused", name)
		}
	}
}

// labels is a vector of n different names.
func labels(n int) []byte {
	b := uleb(uint64(n))
	for i := range n {
		b = append(b, str(fmt.Sprintf("l%d", i))...)
	}
	return b
}

// TestHostile decodes forged binaries: each is refused, or read, in bounded time and memory.
func TestHostile(t *testing.T) {
	body := func(code ...[]byte) []byte {
		c := cat(code...)
		return mod(sec(1, vecOf([]byte{0x60, 0, 0})), sec(3, vecOf([]byte{0})), sec(10, vecOf(cat(uleb(uint64(len(c))), c))))
	}
	manyInstances := comp(sec(1, mod()), sec(2, uleb(50_000), repeat([]byte{0, 0, 0}, 50_000)))
	tests := []struct {
		name  string
		input []byte
		want  string // part of the error; "" when it decodes
	}{
		{"1,000 components deep", nestedComponents(1000), "nested deeper"},
		{"50 components deep", nestedComponents(50), ""},
		{"1,000 types deep", nestedTypes(1000), "nested deeper"},
		{"a million core instances", comp(sec(1, mod()), sec(2, uleb(1_000_000), repeat([]byte{0, 0, 0}, 1_000_000))), "more than the"},
		{"50,000 core instances", manyInstances, ""},
		{"types that double 60 times", comp(sec(7, doubling(60))), "larger than 4 GiB"},
		{"a list of lists of fixed length", comp(sec(7, vecOf(cat([]byte{0x67, 0x77}, huge)))), "larger than 4 GiB"},
		{"as many types as bytes", comp(sec(7, uleb(90_000), repeat([]byte{0x7f}, 90_000))), ""},
		{"instance types without end", comp(sec(7, uleb(50_000), repeat([]byte{0x42, 0}, 50_000))), ""},
		{"components without end", comp(repeat(sec(4, comp()), 20_000)), ""},
		{"resources without end", comp(sec(7, uleb(50_000), repeat([]byte{0x3f, 0x7f, 0}, 50_000))), ""},
		{"flags of 100,000 labels", comp(sec(7, []byte{1, 0x6e}, labels(100_000))), ""},
		{"sections without end", comp(repeat(sec(7, []byte{0}), 100_000)), "more than 50000 sections"},
		{"custom sections without end", comp(repeat(sec(0, []byte{0}), 100_000)), "more than 50000 sections"},
		{"locals beyond memory", body(vecOf(cat(huge, []byte{0x7f})), []byte{0x0b}), "locals"},
		{"locals in many groups", body(uleb(40_000), repeat([]byte{3, 0x7f}, 40_000), []byte{0x0b}), "locals"},
		{"a branch table beyond the body", body([]byte{0, 0x41, 0, 0x0e}, huge, []byte{0x0b}), "announced"},
		{"blocks 100,000 deep", body([]byte{0}, repeat([]byte{0x02, 0x40}, 100_000), repeat([]byte{0x0b}, 100_001)), ""},
		{"blocks that never end", body([]byte{0}, repeat([]byte{0x02, 0x40}, 1000)), "unexpected end"},
		{"a function type out of range", mod(sec(3, vecOf([]byte{5})), sec(10, vecOf([]byte{2, 0, 0x0b}))), "type index 5"},
		{"a memory of 2^32 pages", mod(sec(5, vecOf(cat([]byte{0}, huge)))), "pages"},
		{"data beyond the section", mod(sec(5, vecOf([]byte{0, 1})), sec(11, vecOf(cat([]byte{1}, huge)))), "announced"},
		{"elements beyond the section", mod(sec(4, vecOf([]byte{0x70, 0, 1})), sec(9, vecOf(cat([]byte{1, 0}, huge)))), "announced"},
		{"a number that does not end", mod(cat([]byte{1}, repeat([]byte{0x80}, 20))), "longer than 32 bits"},
		{"nothing but constants", mod(sec(6, vecOf(cat([]byte{0x7f, 0}, repeat([]byte{0x41, 0}, 1000), []byte{0x0b})))), ""},
		{"exports of one name", comp(sec(7, vecOf([]byte{0x7f})), sec(11, vecOf(cat(ext("a"), []byte{3, 0, 0}), cat(ext("a"), []byte{3, 0, 0})))), "used twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkCost(t, tt.input, func() error { return decodeEither(tt.input) })
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			checkError(t, tt.input, err, false)
		})
	}
}

// doubling is a vector of n tuple types, each twice the one before.
func doubling(n int) []byte {
	items := [][]byte{{0x6f, 1, 0x77}}
	for i := range n {
		items = append(items, cat([]byte{0x6f, 2}, uleb(uint64(i)), uleb(uint64(i))))
	}
	return vecOf(items...)
}

// decodes tells whether bytes decode, within their cost.
func decodes(t *testing.T, b []byte) bool {
	t.Helper()
	return checkCost(t, b, func() error { return decodeEither(b) }) == nil
}

// TestEnormousVectors puts a count of 2^32-1 in front of every vector of both formats.
func TestEnormousVectors(t *testing.T) {
	for id := byte(1); int(id) < len(componentSections); id++ {
		if id == 1 || id == 4 || id == 9 {
			continue
		}
		if b := comp(sec(id, huge)); decodes(t, b) {
			t.Errorf("%s section of 2^32-1 definitions decodes", componentSections[id])
		}
	}
	for id := byte(1); int(id) < len(coreSections); id++ {
		if b := mod(sec(id, huge)); decodes(t, b) {
			t.Errorf("%s section of 2^32-1 items decodes", coreSections[id])
		}
	}
	for _, def := range [][]byte{{0x72}, {0x71}, {0x6f}, {0x6e}, {0x6d}, {0x40}, {0x41}, {0x42}} {
		if b := comp(sec(7, vecOf(cat(def, huge)))); decodes(t, b) {
			t.Errorf("type %#x of 2^32-1 members decodes", def)
		}
	}
}

// TestIndices refers to the next, not yet defined, item of every index space in every way.
func TestIndices(t *testing.T) {
	one := []byte{0x00} // the index 0 of an empty space
	tests := map[string][]byte{
		"core instance of core module":    sec(2, vecOf(cat([]byte{0}, one, []byte{0}))),
		"core instance in an argument":    cat(sec(1, mod()), sec(2, vecOf(cat([]byte{0, 0, 1}, str("a"), []byte{0x12}, one)))),
		"instance of component":           sec(5, vecOf(cat([]byte{0}, one, []byte{0}))),
		"alias of instance":               sec(6, vecOf(cat([]byte{1, 0}, one, str("x")))),
		"alias of core instance":          sec(6, vecOf(cat([]byte{0, 0, 1}, one, str("x")))),
		"outer alias of type":             sec(6, vecOf(cat([]byte{3, 2, 0}, one))),
		"outer alias of core type":        sec(6, vecOf(cat([]byte{0, 0x10, 2, 0}, one))),
		"outer alias of core module":      sec(6, vecOf(cat([]byte{0, 0x11, 2, 0}, one))),
		"outer alias of component":        sec(6, vecOf(cat([]byte{4, 2, 0}, one))),
		"outer alias of outer component":  sec(6, vecOf([]byte{3, 2, 1, 0})),
		"own":                             sec(7, vecOf(cat([]byte{0x69}, one))),
		"list of itself":                  sec(7, vecOf(cat([]byte{0x70}, one))),
		"record of itself":                sec(7, vecOf(cat([]byte{0x72, 1}, str("a"), one))),
		"function of itself":              sec(7, vecOf(cat([]byte{0x40, 1}, str("a"), one, []byte{1, 0}))),
		"resource destructor":             sec(7, vecOf(cat([]byte{0x3f, 0x7f, 1}, one))),
		"import of func type":             sec(10, vecOf(cat(ext("a"), []byte{1}, one))),
		"import of component type":        sec(10, vecOf(cat(ext("a"), []byte{4}, one))),
		"import of instance type":         sec(10, vecOf(cat(ext("a"), []byte{5}, one))),
		"import of core module type":      sec(10, vecOf(cat(ext("a"), []byte{0, 0x11}, one))),
		"import of equal type":            sec(10, vecOf(cat(ext("a"), []byte{3, 0}, one))),
		"lift of core func":               sec(8, vecOf(cat([]byte{0, 0}, one, []byte{0}, one))),
		"lower of func":                   sec(8, vecOf(cat([]byte{1, 0}, one, []byte{0}))),
		"option memory":                   sec(8, vecOf(cat([]byte{0x1c, 1, 3}, one))),
		"option realloc":                  sec(8, vecOf(cat([]byte{0x1c, 1, 4}, one))),
		"option post-return":              sec(8, vecOf(cat([]byte{0x1c, 1, 5}, one))),
		"option callback":                 sec(8, vecOf(cat([]byte{0x1c, 1, 7}, one))),
		"option core-type":                sec(8, vecOf(cat([]byte{0x1c, 1, 8}, one))),
		"resource.drop":                   sec(8, vecOf(cat([]byte{3}, one))),
		"stream.read":                     sec(8, vecOf(cat([]byte{0x0f}, one, []byte{0}))),
		"waitable-set.wait":               sec(8, vecOf(cat([]byte{0x20, 0}, one))),
		"thread.new-indirect":             sec(8, vecOf(cat([]byte{0x27}, one, one))),
		"thread.spawn-ref":                sec(8, vecOf(cat([]byte{0x40, 0}, one))),
		"start":                           sec(9, one, []byte{0, 0}),
		"core module type's outer alias":  sec(3, vecOf(cat([]byte{0x50, 1, 2, 0x10, 1, 1}, one))),
		"core module type's import":       sec(3, vecOf(cat([]byte{0x50, 1, 0}, str("a"), str("b"), []byte{0}, one))),
		"instance type's outer alias":     sec(7, vecOf(cat([]byte{0x42, 1, 2, 3, 2, 1}, one))),
		"instance type's own alias":       sec(7, vecOf(cat([]byte{0x42, 1, 2, 3, 2, 0}, one))),
		"instance type's instance":        sec(7, vecOf(cat([]byte{0x42, 1, 2, 3, 0}, one, str("x")))),
		"alias of an export that is none": cat(sec(7, vecOf([]byte{0x42, 0})), sec(10, vecOf(cat(ext("i"), []byte{5, 0}))), sec(6, vecOf(cat([]byte{1, 0, 0}, str("x"))))),
	}
	for s := range Sort(sortCount) {
		if s != SortValue {
			tests["export of "+s.String()] = sec(11, vecOf(cat(ext("a"), sortBytes[s], one, []byte{0})))
			tests["instance with "+s.String()] = sec(5, vecOf(cat([]byte{1, 1}, ext("a"), sortBytes[s], one)))
		}
		if s < SortFunc {
			tests["core instance with "+s.String()] = sec(2, vecOf(cat([]byte{1, 1}, str("a"), sortBytes[s][1:], one)))
		}
	}
	for name, section := range tests {
		b := comp(section)
		err := checkCost(t, b, func() error { return decodeEither(b) })
		if !checkError(t, b, err, false) {
			t.Errorf("%s: decodes", name)
		} else if !strings.Contains(err.Error(), "out of range") && !strings.Contains(err.Error(), "levels out") &&
			!strings.Contains(err.Error(), "no export") && !strings.Contains(err.Error(), "cannot export") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPolite asserts that what is refused by choice says so.
func TestPolite(t *testing.T) {
	for name, b := range map[string][]byte{
		"value section":  comp(sec(12, vecOf([]byte{0x7f, 1, 1}))),
		"value import":   comp(sec(10, vecOf(cat(ext("v"), []byte{2, 1, 0x7f})))),
		"start argument": comp(sec(7, vecOf([]byte{0x40, 0, 1, 0})), sec(10, vecOf(cat(ext("f"), []byte{1, 0}))), sec(9, []byte{0, 1, 0, 0})),
	} {
		if _, err := Decode(b); err == nil || !strings.Contains(err.Error(), "not supported") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTruncation cuts every seed at every byte: never a panic, and an error unless the cut
// falls between two sections.
func TestTruncation(t *testing.T) {
	for name, b := range seeds(t) {
		boundaries := 0
		for n := range b {
			err := decodeEither(b[:n])
			checkError(t, b[:n], err, false)
			if err == nil {
				boundaries++
			}
		}
		if boundaries > 60 {
			t.Errorf("%s: %d of %d cuts decode", name, boundaries, len(b))
		}
	}
}
