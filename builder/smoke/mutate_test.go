package smoke

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// seeds are valid modules and components, small enough to be loaded thousands of times.
func seeds(t *testing.T) [][]byte {
	var all [][]byte
	for _, h := range append(hostiles(), hostileComponents()...) {
		if h.code == "" && len(h.bytes) < 10_000 {
			all = append(all, h.bytes)
		}
	}
	// The fixtures count more than once: they have what the hand-made ones lack.
	for _, name := range []string{"c.core", "rust.core", "c", "c.embedded", "rust"} {
		if b, ok := optional(t, name); ok {
			for range 4 {
				all = append(all, b)
			}
		}
	}
	return all
}

// optional is load without the skip: the hand-made seeds are enough to go on.
func optional(t *testing.T, name string) (b []byte, ok bool) {
	t.Run("seed "+name, func(t *testing.T) {
		b, _ = load(t, name)
		ok = true
	})
	return b, ok
}

// mutate returns a copy of b with a few changes of the kinds that find faults in decoders.
func mutate(r *rand.Rand, b []byte) []byte {
	b = append([]byte(nil), b...)
	for range 1 + r.IntN(4) {
		if len(b) < 12 {
			return b
		}
		at := 4 + r.IntN(len(b)-4)
		switch r.IntN(8) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.IntN(256))
		case 2:
			b[at] = []byte{0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x40, 0x60}[r.IntN(8)]
		case 3: // a huge number
			b = append(b[:at:at], append(binary.AppendUvarint(nil, r.Uint64()>>r.IntN(64)), b[at+1:]...)...)
		case 4: // something less
			end := min(len(b), at+1+r.IntN(8))
			b = append(b[:at:at], b[end:]...)
		case 5: // something twice
			end := min(len(b), at+1+r.IntN(64))
			b = append(b[:end:end], b[at:]...)
		case 6: // something from elsewhere
			from := r.IntN(len(b))
			copy(b[at:], b[from:min(len(b), from+1+r.IntN(16))])
		case 7:
			b = b[:at]
		}
	}
	return b
}

// consistent checks what must hold of every report, whatever the bytes were.
func consistent(r *Report) string {
	errors := finding.Count(r.Findings, finding.Error)
	switch {
	case r.Loads != (r.Verdict != Fails):
		return "Loads and Verdict differ"
	case r.Loads != (errors == 0):
		return "Loads and the findings differ"
	case r.KernelReady && (!r.Loads || r.Kind != KindComponent):
		return "kernel-ready without loading as a component"
	case r.PeakGuest > engine.Memories*defaultMemory:
		return "more guest memory than the limit"
	case hasCode(r, "smoke-engine"):
		return "the engine or the reader broke"
	}
	for _, f := range append(r.Findings, r.KernelFindings...) {
		if f.Code == "" || f.Message == "" {
			return "a finding without code or message"
		}
	}
	return ""
}

// TestMutations loads mutated modules in this process, which must survive all of them.
func TestMutations(t *testing.T) {
	all := seeds(t)
	total, dice := testkit.Mutations(t, 200, 6_000), testkit.Dice(t)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for range workers {
		r := rand.New(rand.NewPCG(dice.Uint64(), 0))
		wg.Go(func() {
			for i := 0; i < total/workers && !t.Failed(); i++ {
				b := mutate(r, all[r.IntN(len(all))])
				report := loadHere(t.Context(), b, Options{Limits: Limits{Wall: 300 * time.Millisecond}, Calls: []Call{{Action: "a"}}})
				if problem := consistent(report); problem != "" {
					t.Errorf("%s: %v\n%x", problem, report.Findings, b[:min(len(b), 4000)])
				}
			}
		})
	}
	wg.Wait()
}

// TestMutationsInChild takes a sample the whole way.
func TestMutationsInChild(t *testing.T) {
	all := seeds(t)
	r := testkit.Dice(t)
	for range testkit.Rounds(5, 40) {
		b := mutate(r, all[r.IntN(len(all))])
		report, err := LoadFile(t.Context(), writeModule(t, b), Options{Limits: Limits{Wall: 500 * time.Millisecond}})
		if err != nil {
			t.Fatal(err)
		}
		if problem := consistent(report); problem != "" {
			t.Errorf("%s: %v\n%x", problem, report.Findings, b)
		}
	}
}

// FuzzLoad lets the fuzzer look for bytes that the process does not survive.
func FuzzLoad(f *testing.F) {
	for _, h := range append(hostiles(), hostileComponents()...) {
		if len(h.bytes) < 1_000 {
			f.Add(h.bytes)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := loadHere(t.Context(), b, Options{Limits: Limits{Wall: 200 * time.Millisecond}})
		if problem := consistent(r); problem != "" {
			t.Errorf("%s: %v", problem, r.Findings)
		}
	})
}
