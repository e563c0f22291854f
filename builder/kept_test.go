package builder

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// settle waits until the sources of in show each further change in their times.
func settle(t *testing.T, in *Inputs) {
	t.Helper()
	for _, f := range in.Sources.Files {
		for !f.Settled(time.Now()) && f.Ctime != 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// The process after one that gave a verdict opens no source that did not change; one that verifies opens all.
func TestTheNextProcessReadsWhatChanged(t *testing.T) {
	dir := capsuleDir(t, copies)
	b := New(Options{})
	_, in := publish(t, b, dir)
	settle(t, in)
	in = examine(t, b, dir)
	b.NoteCauses(t.Context(), in)
	if in.Sources.Keep("me") == nil {
		testkit.Skip(t, "the file system of %s is none that is known to keep times", dir)
	}
	now := examine(t, New(Options{}), dir)
	if now.Sources.Cost.Opened != 0 || now.Key != in.Key || now.Current == nil {
		t.Errorf("it cost %+v; key %s, before %s", now.Sources.Cost, now.Key, in.Key)
	}
	if all := examine(t, New(Options{Verify: true}), dir); all.Sources.Cost.Opened != len(all.Sources.Files) {
		t.Errorf("verify opened %d files", all.Sources.Cost.Opened)
	}
	testkit.Write(t, filepath.Join(dir, "new.txt"), "new")
	if now, want := examine(t, New(Options{}), dir), examine(t, New(Options{Verify: true}), dir); now.SourceHash != want.SourceHash {
		t.Errorf("source hash %s, of a look at everything %s", now.SourceHash, want.SourceHash)
	}
}

// The look at a huge capsule is kept when the process ends, and not with each verdict.
func TestAHugeLookIsKeptAtTheEnd(t *testing.T) {
	testkit.Long(t)
	dir := capsuleDir(t, copies)
	for i := range keptAtOnce {
		testkit.Write(t, filepath.Join(dir, "many", fmt.Sprintf("%d.txt", i)), "content")
	}
	b := New(Options{})
	_, in := publish(t, b, dir)
	if in.Sources.Keep("me") == nil {
		testkit.Skip(t, "the file system of %s is none that is known to keep times", dir)
	}
	b.NoteCauses(t.Context(), in)
	if _, err := store.ReadNote(dir, store.LookNote, lookLimit); err == nil {
		t.Error("it was kept with the verdict")
	}
	b.Close()
	if data, err := store.ReadNote(dir, store.LookNote, lookLimit); err != nil || len(data) < keptAtOnce {
		t.Errorf("%d bytes were kept at the end: %v", len(data), err)
	}
}

// Who only looks makes no folder.
func TestNothingIsKeptOfACapsuleThatWasNeverBuilt(t *testing.T) {
	dir := capsuleDir(t, copies)
	b := New(Options{})
	b.NoteCauses(t.Context(), examine(t, b, dir))
	if store.Made(dir) {
		t.Errorf("%s was made", store.Path(dir))
	}
	if (&tree.Snapshot{}).Keep("me") != nil {
		t.Error("a snapshot of a test's own making was kept")
	}
}
