package component

import (
	"slices"
	"strings"
	"testing"
)

// TestInstructions walks every instruction there is. Were one immediate read wrongly, the walk
// would lose its place, and the count would differ from the lines of the text.
func TestInstructions(t *testing.T) {
	text := string(read(t, "testdata/wat/instructions.wat"))
	b := read(t, "testdata/wat/instructions.bin")
	m, err := DecodeModule(b)
	if err != nil {
		t.Fatal(err)
	}
	want := int64(0)
	var bodies [][]string
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "    "):
			want++
			bodies[len(bodies)-1] = append(bodies[len(bodies)-1], strings.TrimSpace(line))
		case strings.HasPrefix(line, "  (func $"):
			want++ // the end of the function
			bodies = append(bodies, nil)
		}
	}
	if m.Instructions != want || m.Instructions < 500 {
		t.Errorf("%d instructions walked, %d written", m.Instructions, want)
	}
	for f := range Feature(featureCount) {
		if _, ok := m.Uses(f); !ok && f != FeatureExtendedConst && f != FeatureCustomPageSizes {
			t.Errorf("%s is not seen", f)
		}
	}
	if len(m.Funcs) != len(bodies) {
		t.Fatalf("%d functions, %d written", len(m.Funcs), len(bodies))
	}
	checkFeatures(t, b, m, text)
}

// checkFeatures decodes each function alone and asserts that it uses the proposal that it is
// named after, and no other that the kernel refuses.
func checkFeatures(t *testing.T, b []byte, m *Module, text string) {
	t.Helper()
	code := m.Sections[slices.IndexFunc(m.Sections, func(s Section) bool { return s.Name == "code" })].Payload.Of(b)
	r := &reader{b: code, end: len(code)}
	r.u32()
	for line := range strings.Lines(text) {
		name, isFunc := strings.CutPrefix(line, "  (func $")
		if !isFunc {
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		start := r.pos
		r.skip(uint64(r.u32()))
		used := featuresOf(t, code[start:r.pos])
		switch name {
		case "plain":
			if len(used) > 0 {
				t.Errorf("%s uses %v", name, used)
			}
		case "blocks", "wide-arithmetic":
		default:
			if !slices.Contains(used, name) {
				t.Errorf("%s uses %v", name, used)
			}
		}
		refused := []string{"gc", "exceptions", "legacy-exceptions"}
		for _, u := range used {
			if slices.Contains(refused, u) && u != name {
				t.Errorf("%s is said to use %s", name, u)
			}
		}
	}
}

// featuresOf walks one function body in a module with nothing else but types.
func featuresOf(t *testing.T, body []byte) (names []string) {
	t.Helper()
	types := vecOf(repeatItems([]byte{0x60, 0, 0}, 9)...)
	m, err := DecodeModule(mod(sec(1, types), sec(3, vecOf([]byte{0})), sec(10, vecOf(body))))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Proposals {
		names = append(names, p.Feature.String())
	}
	return names
}

func repeatItems(item []byte, n int) (items [][]byte) {
	for range n {
		items = append(items, item)
	}
	return items
}

// TestConstants tells apart what a constant expression may hold.
func TestConstants(t *testing.T) {
	global := func(first, code string) []byte {
		imp := cat(str("a"), str("b"), []byte{3, 0x7f, 0})
		return mod(sec(2, vecOf(imp)), sec(6, vecOf(cat([]byte{0x7f, 0}, []byte(first)), cat([]byte{0x7f, 0}, []byte(code)))))
	}
	one := "\x41\x01\x0b"
	for _, tt := range []struct{ code, feature, err string }{
		{one, "", ""},
		{"\x23\x00\x0b", "", ""},                                     // an imported global
		{"\x23\x01\x0b", "gc", ""},                                   // the one before
		{"\x23\x02\x0b", "", "global index 2"},                       // itself
		{"\x41\x01\x41\x02\x6a\x0b", "extended-const", ""},           // i32.add
		{"\x41\x01\x45\x0b", "", "constant expression"},              // i32.eqz
		{"\x10\x00\x0b", "", "constant expression"},                  // call
		{"\x02\x40\x0b\x0b", "", "constant expression"},              // block
		{"\x41\x01", "", "unexpected end"},                           // no end
		{"\x41\xff\xff\xff\xff\x1f\x0b", "", "longer than"},          // i32.const beyond 32 bits
		{"\x41\xff\xff\xff\xff\x7f\x0b", "", ""},                     // -1, written long
		{"\x41\x80\x80\x80\x80\x78\x0b", "", ""},                     // the least
		{"\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f\x0b", "", ""}, // the least of 64 bits
	} {
		m, err := DecodeModule(global(one, tt.code))
		switch {
		case tt.err != "":
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("% x: %v", tt.code, err)
			}
		case err != nil:
			t.Errorf("% x: %v", tt.code, err)
		case tt.feature == "" && len(m.Proposals) > 0 || tt.feature != "" && (len(m.Proposals) != 1 || m.Proposals[0].Feature.String() != tt.feature):
			t.Errorf("% x uses %v", tt.code, m.Proposals)
		}
	}
}
