package smoke

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
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
			whole := loadHere(t.Context(), b, o)
			if diff := cmp.Diff(said(t, whole), said(t, quick)); diff != "" {
				testkit.Write(t, filepath.Join(os.TempDir(), "slim-differs.wasm"), string(b))
				t.Fatalf("a mutant of %s is judged otherwise (-whole +slim):\n%s", name, diff)
			}
		}
	}
	if counted < 25 {
		t.Errorf("only %d mutants were loaded without known code: this test says little", counted)
	}
	t.Logf("%d mutants were loaded both ways: %v", counted, byName)
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
