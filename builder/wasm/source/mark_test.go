package source

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// A marked module tells of nothing but its key, and its code lies where it lay. That wazero reads
// the marks all tests of traps show.
func TestMark(t *testing.T) {
	module, _ := compiled(t, "m.c", cSource, "clang", "--target=wasm32", "-g", "-O1", "-nostdlib", "-Wl,--no-entry", "-o", "m.wasm", "m.c")
	before, after := open(t, module), open(t, Mark(module, "the key"))
	if diff := cmp.Diff(before.sections.functions, after.sections.functions, cmp.AllowUnexported(function{})); diff != "" {
		t.Error(diff)
	}
	if len(after.sections.debug) != 3 || bytes.Contains(Mark(module, "k"), []byte("m.c")) {
		t.Error("its own debug information is left")
	}
	if again := Mark(Mark(module, "k"), "k"); !bytes.Equal(again, Mark(module, "k")) {
		t.Error("marked twice it is another")
	}
	for _, module := range [][]byte{nil, []byte("text"), testkit.Core(), testkit.Component()} {
		if got := Mark(module, "k"); !bytes.Equal(got, module) {
			t.Errorf("% x: % x", module, got)
		}
	}
}

func TestReadMark(t *testing.T) {
	for line, want := range map[string]bool{
		"\t\t0x1f: 3:1": true, "0x0: a b:1": true, "\t\t0x1f: 3:2": false, ".third(i32) i32": false, "0xzz: 3:1": false, "0xffffffffffffffffff: 3:1": false, "": false,
	} {
		if _, _, ok := ReadMark(line); ok != want {
			t.Errorf("%q: %v", line, ok)
		}
	}
}
