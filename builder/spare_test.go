package builder

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
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
		child := b.spares.smoke.child
		if child == nil || !child.Waits() || seen[child] {
			t.Fatalf("no new child waits after a build: %v", child)
		}
		seen[child] = true
		if kills {
			child.Close()
		}
	}
	last := b.spares.smoke.child
	other := smoke.Limits{Memory: 1 << 20}
	fresh, err := b.spares.smoke.take(other)
	if err != nil || fresh == last || b.spares.smoke.child != last {
		t.Errorf("a child with other limits was taken: %v", err)
	}
	fresh.Close()
	b.Close()
	b.Close()
	if last.Waits() {
		t.Error("the child that waited is still there")
	}
	b.spares.smoke.another(other)
	if b.spares.smoke.child != nil {
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
	if b.spares.smoke.child != nil {
		t.Error("a child waits")
	}
}

// A capsule that was asked for its tools has a guest that waits for its next build, and one with other limits is left alone.
func TestSpareGuest(t *testing.T) {
	dir := capsuleDir(t, `build = ["cp", "src.bin", "out.wasm"]`+"\noutput = \"out.wasm\"\n")
	play := []byte(testkit.Read(t, filepath.Join("tools", "testdata", "play", "play.wasm")))
	testkit.Write(t, filepath.Join(dir, "src.bin"), string(play))
	b := New(Options{Spare: true})
	defer b.Close()
	build := func() *Staged {
		t.Helper()
		in := examine(t, b, dir)
		staged, err := b.Build(t.Context(), in, nil)
		if err != nil || len(staged.Modules[0].Report.Tools) == 0 {
			t.Fatalf("%v, it has the tools %v", err, staged.Modules[0].Report.Tools)
		}
		if _, err := b.Publish(t.Context(), staged); err != nil {
			t.Fatal(err)
		}
		testkit.Write(t, filepath.Join(dir, "src.bin"), string(append(play, 0, 2, 1, 'a'))) // with a custom section: another module that does the same
		return staged
	}
	build()
	if b.spares.guest.child != nil {
		t.Fatal("a guest waits for a capsule of which nothing is known")
	}
	testkit.Write(t, filepath.Join(dir, "Capsule.toml"), testkit.Read(t, filepath.Join(dir, "Capsule.toml"))+"\n# edited\n")
	build()
	waiting := b.spares.guest.child
	if waiting == nil || !waiting.Waits() || !waiting.Fits(guest.Limits{Wall: 2 * time.Second}) || waiting.Fits(guest.Limits{Wall: time.Hour}) {
		t.Fatal("no guest waits for the next build, or one with other limits")
	}
	if got, err := b.spares.guest.take(guest.Limits{Wall: 2 * time.Second}); err != nil || got != waiting {
		t.Errorf("the one that waits is not taken: %v", err)
	}
	waiting.Close()
}
