package builder

import (
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// Builds that follow each other are loaded by one child, and another one takes the place of one that
// died, or that a module did not load well in.
func TestSpare(t *testing.T) {
	dir := capsuleDir(t, `build = ["cp", "src.bin", "out.wasm"]`+"\noutput = \"out.wasm\"\n")
	b := New(Options{Spare: true})
	defer b.Close()
	build := func() (*smoke.Child, error) {
		staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
		staged.Discard()
		if len(b.spare.idle) != 1 || !b.spare.idle[0].Waits() {
			t.Fatalf("one child should wait after a build: %v", b.spare.idle)
		}
		return b.spare.idle[0], err
	}
	first, err := build()
	testkit.Check(t, err)
	if again, err := build(); err != nil || again != first {
		t.Errorf("the child that had loaded one module did not load the next: %v", err)
	}
	first.Close()
	second, err := build()
	if err != nil || second == first {
		t.Errorf("a dead child: %v", err)
	}
	testkit.Write(t, filepath.Join(dir, "src.bin"), "no module")
	last, err := build()
	if err == nil || last == second {
		t.Errorf("the child of a module that does not load is still there: %v", err)
	}
	other := smoke.Limits{Memory: 1 << 20}
	fresh, err := b.spare.take(other)
	if err != nil || fresh == last || b.spare.idle[0] != last {
		t.Errorf("a child with other limits was taken: %v", err)
	}
	b.spare.leave(fresh, other, 1)
	if len(b.spare.idle) != 1 || b.spare.idle[0] != fresh {
		t.Error("more wait than may")
	}
	b.Close()
	b.Close()
	if last.Waits() || fresh.Waits() {
		t.Error("a child that waited is still there")
	}
	b.spare.leave(fresh, other, 1)
	if len(b.spare.idle) != 0 {
		t.Error("one waits after the end")
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
	if len(b.spare.idle) != 0 {
		t.Error("a child waits")
	}
}
