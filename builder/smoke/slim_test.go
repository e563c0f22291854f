package smoke

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/slim"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// slimNotes are notes in a folder of the test's own, also of small modules.
func slimNotes(t *testing.T) *slim.Notes {
	n := slim.Open(filepath.Join(t.TempDir(), "code"), "the newest release", &slim.Memory{})
	if n == nil {
		t.Fatal("there are no notes")
	}
	n.Least = 1
	return n
}

var slimOptions = Options{Limits: Limits{Wall: 2 * time.Second}.withDefaults(), Declared: ready, Calls: []Call{{Action: "hello", Payload: []byte("payload")}}}

// said is all of a report but what depends on the hour.
func said(t *testing.T, r *Report) string {
	t.Helper()
	same := *r
	same.Times, same.Size = Times{}, 0
	same.Calls = append([]CallResult(nil), r.Calls...)
	for i := range same.Calls {
		same.Calls[i].Millis = 0
	}
	text, err := json.MarshalIndent(same, "", " ")
	testkit.Check(t, err)
	return string(text)
}

// TestSlimAgrees loads mutants of modules whose code is known both ways: where the load of what is
// left says something, it says the same.
func TestSlimAgrees(t *testing.T) {
	notes, kept := slimNotes(t), &engine.Kept{}
	o := slimOptions
	counted, byName := 0, map[string]int{}
	for _, name := range []string{"rust", "rust.core"} {
		seed, ok := optional(t, name)
		if !ok {
			continue
		}
		if r := loadKnown(t.Context(), seed, o, nil, past{notes: notes}); !wentWell(r) {
			t.Fatalf("%s: %v", name, r.Findings)
		}
		if _, left, ok := notes.Read(seed).Slim(); !ok || len(left.Segments) == 0 {
			t.Fatalf("%s: nothing is taken out of it, or no data", name)
		}
		dice := testkit.Dice(t)
		parts := partsOf(seed, 0, seed[6] == 1, map[byte][2]int{})
		for range testkit.Mutations(t, 100, 2_000) / 2 {
			b := mutatePart(dice, seed, parts)
			moves := name == "rust.core" && dice.IntN(3) == 0
			if moves {
				b = moveFunctions(dice, seed)
			}
			file := notes.Read(b)
			if file == nil {
				continue
			}
			quick := loadSlim(t.Context(), file, o, nil, kept)
			if quick == nil {
				continue
			}
			counted++
			byName[name]++
			if moves {
				byName["functions moved"]++
			}
			whole := loadHere(t.Context(), b, o)
			if diff := cmp.Diff(said(t, whole), said(t, quick)); diff != "" {
				testkit.Write(t, filepath.Join(os.TempDir(), "slim-differs.wasm"), string(b))
				t.Fatalf("a mutant of %s is judged otherwise (-whole +slim):\n%s", name, diff)
			}
		}
	}
	if counted < 25 || byName["functions moved"] == 0 && counted > 500 {
		t.Errorf("only %d mutants were loaded without known code: this test says little", counted)
	}
	t.Logf("%d mutants were loaded both ways: %v", counted, byName)
}

// moveFunctions adds functions to a core module, takes some away and exchanges some, and gives some another type. What calls
// them calls what has their number then.
func moveFunctions(r *rand.Rand, core []byte) []byte {
	parts := partsOf(core, 0, false, map[byte][2]int{})
	oneByte := func([]byte) int { return 1 } // the number of a type is a small one
	sized := func(b []byte) int { size, n := binary.Uvarint(b); return n + int(size) }
	functions, code := entries(core, parts[3], oneByte), entries(core, parts[10], sized)
	for range 1 + r.IntN(2) {
		from, to := r.IntN(len(code)), r.IntN(len(code)+1)
		switch r.IntN(6) {
		case 0: // a copy, anywhere
			functions, code = slices.Insert(functions, to, functions[from]), slices.Insert(code, to, code[from])
		case 1, 2: // behind all others, which keep their numbers
			functions, code = append(functions, functions[from]), append(code, code[from])
		case 3:
			functions, code = slices.Delete(functions, from, from+1), slices.Delete(code, from, from+1)
		case 4:
			functions[from], functions[to%len(code)] = functions[to%len(code)], functions[from]
			code[from], code[to%len(code)] = code[to%len(code)], code[from]
		case 5:
			functions[from] = functions[to%len(code)]
		}
	}
	out := append([]byte(nil), core[:8]...)
	for i := 8; i < len(core); {
		size, n := binary.Uvarint(core[i+1:])
		content := core[i+1+n:][:size]
		switch core[i] {
		case 3:
			content = testkit.Vector(functions...)
		case 10:
			content = testkit.Vector(code...)
		}
		out = append(out, testkit.Section(core[i], content)...)
		i += 1 + n + int(size)
	}
	return out
}

// entries are those of the vector that lies at part of b.
func entries(b []byte, part [2]int, length func([]byte) int) (list [][]byte) {
	rest := b[part[0]:part[1]]
	count, n := binary.Uvarint(rest)
	rest = rest[n:]
	for range count {
		n := length(rest)
		list, rest = append(list, rest[:n]), rest[n:]
	}
	return list
}

// TestAddedFunctions loads a capsule in Go to which three functions were added: of the others all is known but their numbers.
func TestAddedFunctions(t *testing.T) {
	testkit.Long(t)
	before, _ := load(t, "gobad.core")
	after, _ := load(t, "gomore.core")
	for name, pair := range map[string][2][]byte{"added": {before, after}, "taken away": {after, before}} {
		notes := slimNotes(t)
		notes.Least = slim.Least
		o := slimOptions
		o.Limits.Wall = 30 * time.Second
		if r := loadKnown(t.Context(), pair[0], o, nil, past{notes: notes}); !wentWell(r) {
			t.Fatalf("%s: %v", name, r.Findings)
		}
		file := notes.Read(pair[1])
		_, left, ok := file.Slim()
		if !ok || left.Code < int64(len(pair[1]))/4 {
			t.Fatalf("%s: of %d bytes %d are code that is known", name, len(pair[1]), left.Code)
		}
		quick := loadSlim(t.Context(), file, o, nil, &engine.Kept{})
		if quick == nil {
			t.Fatalf("%s: what is left of it says nothing", name)
		}
		if diff := cmp.Diff(said(t, loadHere(t.Context(), pair[1], o)), said(t, quick)); diff != "" {
			t.Errorf("%s (-whole +slim):\n%s", name, diff)
		}
	}
}

// mutatePart changes bytes of the data, of the code, or anything.
func mutatePart(r *rand.Rand, seed []byte, parts map[byte][2]int) []byte {
	b := append([]byte(nil), seed...)
	within := [2]int{8, len(b)}
	switch r.IntN(6) {
	case 0:
		return mutate(r, b)
	case 1, 2:
		within = parts[11] // data
	case 3, 4:
		within = parts[10] // code
	}
	for range 1 + r.IntN(2) {
		if at := within[0] + r.IntN(max(1, within[1]-within[0])); at < len(b) {
			b[at] ^= byte(1 + r.IntN(15)) // often still valid, as an operand
		}
	}
	return b
}

// partsOf finds where the longest sections of each number lie, of core modules in b.
func partsOf(b []byte, at int, component bool, parts map[byte][2]int) map[byte][2]int {
	for i := 8; i < len(b); {
		size, n := binary.Uvarint(b[i+1:])
		from := i + 1 + n
		content := b[from : from+int(size)]
		switch old := parts[b[i]]; {
		case component && (b[i] == 1 || b[i] == 4):
			partsOf(content, at+from, b[i] == 4, parts)
		case !component && len(content) > old[1]-old[0]:
			parts[b[i]] = [2]int{at + from, at + from + len(content)}
		}
		i = from + len(content)
	}
	return parts
}

// TestSlimEngines does the same with engines of JavaScript, of which each load takes its time.
func TestSlimEngines(t *testing.T) {
	testkit.Long(t)
	for _, name := range []string{"qjs-stub", "starling"}[:testkit.Rounds(1, 2)] { // a load of the whole of the other one takes a second
		seed, _ := load(t, name)
		notes, kept := slimNotes(t), &engine.Kept{}
		notes.Least = slim.Least
		o := slimOptions
		o.Limits.Wall = 30 * time.Second
		if r := loadKnown(t.Context(), seed, o, nil, past{notes: notes}); !wentWell(r) {
			t.Fatalf("%s: %v", name, r.Findings)
		}
		whole := loadHere(t.Context(), seed, o)
		quick := loadSlim(t.Context(), notes.Read(seed), o, nil, kept)
		if quick == nil {
			t.Fatalf("%s: the code that was just noted is not known", name)
		}
		if diff := cmp.Diff(said(t, whole), said(t, quick)); diff != "" {
			t.Errorf("%s (-whole +slim):\n%s", name, diff)
		}
		small, left, _ := notes.Read(seed).Slim()
		if sum := len(small) + int(left.Code+left.Data+left.Names); sum < len(seed)-64 || sum > len(seed)+64 || left.Code < int64(len(seed))/3 {
			t.Errorf("%s: of %d bytes %d are left, and %d of code left out, and %d of data", name, len(seed), len(small), left.Code, left.Data)
		}
		// A call that runs other code than the noted load: the whole is loaded, and noted.
		o.Calls = []Call{{Action: "trap"}}
		if r := loadSlim(t.Context(), notes.Read(seed), o, nil, kept); r != nil {
			t.Errorf("%s: a call that fails was believed: %v", name, r.Findings)
		}
		o.Calls = slimOptions.Calls
		dice := testkit.Dice(t)
		parts := partsOf(seed, 0, seed[6] == 1, map[byte][2]int{})
		for range testkit.Rounds(2, 40) {
			b := mutatePart(dice, seed, parts)
			known := notes.Read(b)
			if known == nil { // it is not understood any more, and is loaded as it is
				continue
			}
			if quick := loadSlim(t.Context(), known, o, nil, kept); quick != nil {
				if diff := cmp.Diff(said(t, loadHere(t.Context(), b, o)), said(t, quick)); diff != "" {
					t.Errorf("a mutant of %s is judged otherwise (-whole +slim):\n%s", name, diff)
				}
			}
		}
	}
}

// BenchmarkKnown is the processor time and the memory of a child that loads a capsule in JavaScript:
// the whole of it, and with its engine known.
func BenchmarkKnown(b *testing.B) {
	notes := filepath.Join(reader.CacheFolder(), "code")
	for _, name := range []string{"qjs-stub", "starling"} {
		_, path := load(b, name)
		for _, known := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/known=%v", name, known), func(b *testing.B) {
				var cpu, memory float64
				for range b.N {
					if !known {
						testkit.Check(b, os.RemoveAll(notes))
					}
					r, err := LoadFile(b.Context(), path, Options{})
					testkit.Check(b, err)
					if !wentWell(r) {
						b.Fatal(r.Findings)
					}
					cpu, memory = cpu+r.Times.CPU, memory+float64(r.PeakChild)
				}
				b.ReportMetric(cpu/float64(b.N), "cpu-ms")
				b.ReportMetric(memory/float64(b.N)/(1<<20), "MiB")
			})
		}
	}
}
