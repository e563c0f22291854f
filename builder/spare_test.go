package builder

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
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
		b.spares.smoke.ends.Wait() // the next one is started in the background
		if len(b.spares.smoke.idle) != 1 || !b.spares.smoke.idle[0].Waits() {
			t.Fatalf("one child should wait after a build: %v", b.spares.smoke.idle)
		}
		return b.spares.smoke.idle[0], err
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
	fresh, err := b.spares.smoke.take(other)
	if err != nil || fresh == last || b.spares.smoke.idle[0] != last {
		t.Errorf("a child with other limits was taken: %v", err)
	}
	b.spares.smoke.leave(fresh, other, 1)
	if len(b.spares.smoke.idle) != 1 || b.spares.smoke.idle[0] != fresh {
		t.Error("more wait than may")
	}
	b.Close()
	b.Close()
	if last.Waits() || fresh.Waits() {
		t.Error("a child that waited is still there")
	}
	b.spares.smoke.leave(fresh, other, 1)
	if len(b.spares.smoke.idle) != 0 {
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
	if len(b.spares.smoke.idle) != 0 {
		t.Error("a child waits")
	}
}

// A capsule that was asked for its tools has a guest that waits for its next build, and one with other limits is left alone.
func TestSpareGuest(t *testing.T) {
	testkit.Long(t)
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
	b.spares.guest.ends.Wait()
	if len(b.spares.guest.idle) != 0 {
		t.Fatal("a guest waits for a capsule of which nothing is known")
	}
	testkit.Write(t, filepath.Join(dir, "Capsule.toml"), testkit.Read(t, filepath.Join(dir, "Capsule.toml"))+"\n# edited\n")
	build()
	b.spares.guest.ends.Wait() // the next one is started in the background
	if len(b.spares.guest.idle) != 1 {
		t.Fatal("no guest waits for the next build")
	}
	waiting := b.spares.guest.idle[0]
	if !waiting.Waits() || !waiting.Fits(guest.Limits{Wall: 2 * time.Second}) || waiting.Fits(guest.Limits{Wall: time.Hour}) {
		t.Fatal("one that cannot load waits, or one with other limits")
	}
	build()
	b.spares.guest.ends.Wait()
	if idle := b.spares.guest.idle; len(idle) != 1 || idle[0] != waiting && !testkit.Race { // which has one grown that loads nothing more
		t.Fatal("the guest that was asked well did not load the next module")
	}
	waiting = b.spares.guest.idle[0]
	if got, err := b.spares.guest.take(guest.Limits{Wall: 2 * time.Second}); err != nil || got != waiting {
		t.Errorf("the one that waits is not taken: %v", err)
	}
	waiting.Close()
}
