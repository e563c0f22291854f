package smoke

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// lone is a core module of which one body after the other is left alone: traps stand for the others, and it has no data.
type lone struct {
	before, after []byte // the code section
	bodies        [][]byte
}

func loneOf(b []byte) (l lone) {
	into := &l.before
	*into = append(*into, b[:8]...)
	named := false
	for at := 8; at < len(b); {
		size, n := binary.Uvarint(b[at+1:])
		content, end := at+1+n, at+1+n+int(size)
		switch id := b[at]; {
		case id == 10:
			into = &l.after
			count, n := binary.Uvarint(b[content:])
			for at := content + n; count > 0; count-- {
				size, n := binary.Uvarint(b[at:])
				l.bodies = append(l.bodies, b[at+n:at+n+int(size)])
				at += n + int(size)
			}
		case id == 0, id == 11 && !named:
		default:
			named = named || id == 12
			*into = append(*into, b[at:end]...)
		}
		at = end
	}
	return l
}

// with is the module with body for number k.
func (l lone) with(k int, body []byte) []byte {
	code := make([][]byte, len(l.bodies))
	for i := range code {
		code[i] = testkit.Sized("\x00\x00\x0b")
	}
	code[k] = testkit.Sized(string(body))
	out := append([]byte(nil), l.before...)
	out = append(out, testkit.Section(10, testkit.Vector(code...))...)
	return append(out, l.after...)
}

// mutateBody changes a number, a byte, or how long something is.
func mutateBody(r *rand.Rand, body []byte) []byte {
	b := append([]byte(nil), body...)
	for range 1 + r.IntN(2) {
		at := r.IntN(len(b))
		for tries := 0; tries < 20 && !perhapsNumber(b, at); tries++ {
			at = r.IntN(len(b))
		}
		end := at + 1
		switch r.IntN(6) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.Uint32())
		case 2, 3: // another number, written in as many bytes as it likes
			for end < len(b) && b[end-1] >= 0x80 {
				end++
			}
			number := binary.AppendUvarint(nil, r.Uint64()>>r.IntN(64))
			if last := len(number) - 1; r.IntN(3) == 0 { // longer than it needs
				number[last] |= 0x80
				number = append(number, []byte{0, 0x7f, 1, 0x3f}[r.IntN(4)])
			}
			b = append(b[:at:at], append(number, b[end:]...)...)
		case 4: // something less
			b = append(b[:at:at], b[min(len(b), at+1+r.IntN(3)):]...)
		case 5: // something from elsewhere
			from := r.IntN(len(b))
			copy(b[at:], b[from:min(len(b), from+1+r.IntN(8))])
		}
		if len(b) == 0 {
			return body
		}
	}
	return b
}

// perhapsNumber accepts where a constant may be, or the offset of an access.
func perhapsNumber(b []byte, at int) bool {
	return at > 0 && b[at-1] >= 0x41 && b[at-1] <= 0x44 || at > 1 && b[at-2] >= 0x28 && b[at-2] <= 0x3e
}

// nobody answers a guest with zeros.
type nobody struct{}

func (nobody) Function(*engine.Guest, *reader.HostFunction) api.GoModuleFunc { return nil }
func (nobody) Drop(uint32)                                                   {}

// read is what the reader says of a core module of which the bodies at known are known to be valid.
func read(t *testing.T, b []byte, known []int) (*reader.Reading, error) {
	q := engine.Request(astrid.Newest().Features)
	q.Known = known
	r, err := reader.Shared()
	testkit.Check(t, err)
	reading, err := r.Read(t.Context(), b, q)
	switch {
	case err != nil:
		return nil, err
	case reading.Fault != nil:
		return nil, errors.New(reading.Fault.Message)
	case len(reading.Beyond) > 0 || reading.Plan == nil:
		return nil, errors.New("it needs more than the sandbox has, or has no plan")
	}
	return reading, nil
}

// accepted says why the reader or the engine does not take a core module; nil when both do.
func accepted(t *testing.T, b []byte) error {
	reading, err := read(t, b, nil)
	if err != nil {
		return err
	}
	s, err := engine.New(t.Context(), engine.Config{Memory: defaultMemory, Host: nobody{}})
	testkit.Check(t, err)
	defer s.Close()
	var refused *engine.RefusedError
	g, err := s.Start(t.Context(), reading)
	g.Close()
	if errors.As(err, &refused) {
		return refused
	}
	return nil // its start function ends in a trap of ours, or reads what is not there
}

// TestWhatIsKnownIsValid changes bodies of real modules: what is taken for valid, as it is like a body that was, is valid.
func TestWhatIsKnownIsValid(t *testing.T) {
	notes := slimNotes(t)
	dice := testkit.Dice(t)
	knew, refused := 0, 0
	for _, name := range []string{"rust.core", "c.core", "go.core"} {
		seed, ok := optional(t, name)
		if !ok {
			continue
		}
		l := loneOf(seed)
		rounds := testkit.Mutations(t, 3_000, 20_000) / 3
		for i := 0; i < rounds; {
			k := dice.IntN(len(l.bodies))
			whole := l.with(k, l.bodies[k])
			if file := notes.Read(whole); file != nil && len(l.bodies[k]) > 8 {
				file.Keep(0)
			} else {
				continue
			}
			for range 20 {
				i++
				b := l.with(k, mutateBody(dice, l.bodies[k]))
				file := notes.Read(b)
				if file == nil {
					continue
				}
				_, left, ok := file.Slim()
				if !ok || len(left.Known) < len(l.bodies) {
					refused++
					continue
				}
				knew++
				if err := accepted(t, b); err != nil {
					t.Fatalf("body %d of %s is taken for valid, and is not: %v\n%x", k, name, err, b)
				}
			}
		}
		t.Logf("%s: of mutants so far %d were known, %d not", name, knew, refused)
	}
	if knew < 300 {
		t.Errorf("only %d mutants were known: this test says little", knew)
	}
}

// TestWhatMovedIsValid does so in modules to which functions were added, or taken away, or given other types: where the reader
// takes what is left, it takes the whole.
func TestWhatMovedIsValid(t *testing.T) {
	notes := slimNotes(t)
	dice := testkit.Dice(t)
	took, refused := 0, 0
	for _, name := range []string{"rust.core", "c.core"} {
		seed, ok := optional(t, name)
		if !ok {
			continue
		}
		notes.Read(seed).Keep(0)
		for range testkit.Mutations(t, 400, 6_000) / 2 {
			b := moveFunctions(dice, seed)
			if dice.IntN(3) == 0 {
				b = mutatePart(dice, b, partsOf(b, 0, false, map[byte][2]int{}))
			}
			file := notes.Read(b)
			if file == nil {
				continue
			}
			small, left, ok := file.Slim()
			if !ok {
				refused++
				continue
			}
			if _, err := read(t, small, left.Known); err != nil {
				refused++
				continue
			}
			took++
			if err := accepted(t, b); err != nil {
				t.Fatalf("%s with its functions moved is taken for valid, and is not: %v\n%x", name, err, b)
			}
		}
		t.Logf("%s: of mutants so far %d were taken, %d not", name, took, refused)
	}
	if took < 40 {
		t.Errorf("only %d mutants were taken: this test says little", took)
	}
}
