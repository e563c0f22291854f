package builder

import (
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/smoke"
)

// Each build takes the child that waits and leaves another one; one that died meanwhile does not count.
func TestSpare(t *testing.T) {
	dir := capsuleDir(t, `build = ["cp", "src.bin", "out.wasm"]`+"\noutput = \"out.wasm\"\n")
	b := New(Options{Spare: true})
	defer b.Close()
	seen := map[*smoke.Child]bool{}
	for _, kills := range []bool{false, true, false} {
		staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
		if err != nil || !staged.Modules[0].Report.Loads {
			t.Fatalf("%v", err)
		}
		staged.Discard()
		child := b.spare.child
		if child == nil || !child.Waits() || seen[child] {
			t.Fatalf("no new child waits after a build: %v", child)
		}
		seen[child] = true
		if kills {
			child.Close()
		}
	}
	last := b.spare.child
	other := smoke.Limits{Memory: 1 << 20}
	fresh, err := b.spare.take(other)
	if err != nil || fresh == last || b.spare.child != last {
		t.Errorf("a child with other limits was taken: %v", err)
	}
	fresh.Close()
	b.Close()
	b.Close()
	if last.Waits() {
		t.Error("the child that waited is still there")
	}
	b.spare.another(other)
	if b.spare.child != nil {
		t.Error("one was started after the end")
	}
}

// Who builds once leaves nobody waiting.
func TestNoSpare(t *testing.T) {
	b := New(Options{})
	staged, err := b.Build(t.Context(), examine(t, b, capsuleDir(t, `build = ["cp", "src.bin", "out.wasm"]`+"\noutput = \"out.wasm\"\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	staged.Discard()
	if b.spare.child != nil {
		t.Error("a child waits")
	}
}
