package inputs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// What is written of a run's inputs is read as it was, whatever names and times are like, and a
// note that is cut anywhere is none.
func TestSeenIsReadAsItWasWritten(t *testing.T) {
	seen := Seen{Recipe: "0123",
		Sources: []tree.File{{Path: "a b\nc", Size: 1 << 40, Ino: 1<<64 - 1, Mtime: -1, Ctime: 1 << 62, Exec: true}, {Path: "\xff\x00", Size: 0}},
		Others:  []tree.File{{Path: "/outside", Size: tree.Absent}}}
	data, err := seen.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var read Seen
	if err := read.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(seen, read); diff != "" {
		t.Error(diff)
	}
	for n := range data {
		if err := new(Seen).UnmarshalBinary(data[:n]); err == nil {
			t.Errorf("a note cut at byte %d of %d is read", n, len(data))
		}
	}
	if err := new(Seen).UnmarshalBinary([]byte(`{"recipe":"an older release's"}`)); err == nil {
		t.Error("another format is read")
	}
}

func FuzzSeen(f *testing.F) {
	data, _ := Seen{Recipe: "r", Sources: []tree.File{{Path: "p", Size: 3}}}.MarshalBinary()
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var seen Seen
		if seen.UnmarshalBinary(data) != nil {
			return
		}
		again, _ := seen.MarshalBinary()
		var other Seen
		if err := other.UnmarshalBinary(again); err != nil || !slices.Equal(seen.Sources, other.Sources) || !slices.Equal(seen.Others, other.Others) {
			t.Errorf("%v: %+v is read as %+v", err, seen, other)
		}
	})
}

// huge are inputs of n sources.
func huge(n int) *Inputs {
	files := make([]tree.File, n)
	for i := range files {
		files[i] = tree.File{Path: fmt.Sprintf("src/part%02d/d%04d/file%05d.go", i/5000, i/100, i), Size: rand.Int64N(1 << 20), Ino: rand.Uint64(), Mtime: rand.Int64(), Ctime: rand.Int64()}
	}
	return &Inputs{Dir: "/capsule", Recipe: "r", Sources: &tree.Snapshot{Files: files}, Others: &tree.Snapshot{}}
}

// What an edit of one of 90,000 files costs beside the look at all of them: the two lists are
// compared, and the inputs of the run are noted.
func BenchmarkHugeEdit(b *testing.B) {
	before := huge(90_000)
	after := *before
	after.Sources = &tree.Snapshot{Files: slices.Clone(before.Sources.Files)}
	after.Sources.Files[45_000].Size++
	b.Run("Changed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if changed := before.Changed(&after); len(changed) != 1 {
				b.Fatal(changed)
			}
		}
	})
	b.Run("Seen", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			data, _ := before.Seen().MarshalBinary()
			var seen Seen
			if err := seen.UnmarshalBinary(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
