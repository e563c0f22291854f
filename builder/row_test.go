package builder

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/store"
)

// build builds what is on disk.
func build(t *testing.T, b *Builder, dir string) *Staged {
	t.Helper()
	staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	return staged
}

// P1 cannot be forgotten by a caller: what moved while it was built is not published.
func TestP1PublishRefusesWhatMoved(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, `build = ["sh", "-c", "cat src.bin > \"$CAPSULE_OUT\"; [ -e once ] || { echo x >> note; touch once; }"]`+"\nignore = [\"once\"]\n")
	staged := build(t, b, dir)
	if moved := staged.Moved(); len(moved) != 1 || moved[0] != "note" {
		t.Errorf("moved: %v", moved)
	}
	if _, err := b.Publish(t.Context(), staged); !errors.Is(err, ErrMoved) {
		t.Errorf("got %v, want ErrMoved", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "copy.wasm")); err == nil {
		t.Error("it was published")
	}
	publish(t, b, dir)
}

// A build that failed tells what became of its inputs, as one that succeeded does, and leaves
// nothing to publish.
func TestP1FailedBuildTellsWhatMoved(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, `build = ["sh", "-c", "echo x >> note; exit 1"]`+"\n")
	staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
	var failure *finding.Failure
	if !errors.As(err, &failure) || staged == nil {
		t.Fatalf("%v %v", staged, err)
	}
	if moved := staged.Moved(); staged.After == nil || len(moved) != 1 || moved[0] != "note" {
		t.Errorf("moved: %v", moved)
	}
	if _, err := b.Publish(t.Context(), staged); !errors.Is(err, ErrMoved) {
		t.Errorf("published: %v", err)
	}
	if left, _ := os.ReadDir(store.Path(dir, store.WorkFolder)); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// Inputs that are gone when a build has ended count as moved.
func TestP1BuildThatTakesItsManifestAway(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, `build = ["sh", "-c", "cat src.bin > \"$CAPSULE_OUT\"; rm Capsule.toml"]`+"\n")
	staged := build(t, b, dir)
	if staged.After != nil || staged.Lost == nil || len(staged.Moved()) == 0 {
		t.Errorf("%v, %v, moved %v", staged.After, staged.Lost, staged.Moved())
	}
	if _, err := b.Publish(t.Context(), staged); !errors.Is(err, ErrMoved) {
		t.Errorf("got %v, want ErrMoved", err)
	}
}

// The state folder may be deleted at any time: that costs a build, and nothing else.
func TestStateDeletedDuringBuild(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, `build = ["sh", "-c", "[ -e once ] || { touch once; rm -rf target; }; cat src.bin > \"$CAPSULE_OUT\""]`+"\nignore = [\"once\"]\n")
	p, _ := publish(t, b, dir)
	if got, _ := os.ReadFile(p.Modules[0].Path); !bytes.Equal(got, variant("one")) {
		t.Errorf("published %q", got)
	}
}

// A build that cleans target each time is told what is wrong.
func TestBuildThatDeletesTheState(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, `build = ["sh", "-c", "rm -rf target; cat src.bin > \"$CAPSULE_OUT\""]`+"\n")
	f := failure(t, b, dir)
	if got := f.Findings[0]; f.Step != finding.StepStage || !strings.Contains(got.Message, "deleted while the build ran") || !strings.Contains(got.Hint, "cleaning target") {
		t.Errorf("got %v", f.Findings)
	}
}

// A staged build whose state folder is gone is built again, not failed.
func TestStateDeletedBeforePublication(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	staged := build(t, b, dir)
	if err := os.RemoveAll(filepath.Join(dir, "target")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Publish(t.Context(), staged); !errors.Is(err, ErrMoved) {
		t.Errorf("got %v, want ErrMoved", err)
	}
	publish(t, b, dir)
}

// Who waited for a lock whose file was deleted does not hold it together with somebody
// else; and what the other one published meanwhile is not built a second time.
func TestWhoWaitedLooksAgain(t *testing.T) {
	first, dir := New(Options{}), capsuleDir(t, copies)
	staged := build(t, first, dir)
	waits := make(chan struct{}, 1)
	second := New(Options{Say: func(_ string, f finding.Finding) {
		if f.Code == finding.WaitingForLock {
			waits <- struct{}{}
		}
	}})
	in := examine(t, second, dir)
	done := make(chan error)
	go func() {
		staged, err := second.Build(t.Context(), in, nil)
		staged.Discard()
		done <- err
	}()
	<-waits
	if _, err := first.Publish(t.Context(), staged); err != nil {
		t.Fatal(err)
	}
	var upToDate *UpToDate
	if err := <-done; !errors.As(err, &upToDate) || len(upToDate.Published.Modules) != 1 {
		t.Errorf("got %v, want UpToDate", err)
	}
}

func TestLockIsTheFileThatStandsThere(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	lock, err := b.lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	if lock.Lost() {
		t.Error("lost though nobody touched it")
	}
	if err := os.Remove(store.Path(dir, store.LockFile)); err != nil {
		t.Skipf("a file that is open cannot be deleted here: %v", err)
	}
	if !lock.Lost() {
		t.Error("not lost though it was deleted")
	}
	other, err := b.lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	if other.Lost() || !lock.Lost() {
		t.Error("the new file's lock is the one that counts")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
