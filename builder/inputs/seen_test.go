package inputs

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
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

// What an edit costs beside the look at everything does not grow with the capsule: a comparison of
// all files makes nothing, and a glance makes one list. CI holds these ratios, which no busy machine
// changes, and no times.
func TestAnEditOfAHugeCapsuleMakesNoMoreThanOneOfASmallOne(t *testing.T) {
	allocations := func(n int) (compare, glance float64) {
		before := huge(n)
		before.How, before.Governs = &toolchain.Recipe{}, func(string) bool { return false }
		before.Skip = func(string, bool) bool { return false }
		before.Reads = before.Skip
		before.Dir = t.TempDir()
		edited := filepath.Join(before.Dir, "edited")
		if err := os.WriteFile(edited, []byte("longer than it was"), 0o600); err != nil {
			t.Fatal(err)
		}
		before.Sources.Files[0] = tree.File{Path: "edited"} // before all others
		for !settled(edited) {                              // its times may not tell yet
			runtime.Gosched()
		}
		after := before.Glance([]string{edited})
		if after == nil || !slices.Equal(before.Changed(after), []string{"edited"}) {
			t.Fatalf("%d files: the glance does not tell", n)
		}
		return testing.AllocsPerRun(5, func() { before.Changed(after) }), testing.AllocsPerRun(5, func() { before.Glance([]string{edited}) })
	}
	smallCompare, smallGlance := allocations(glanceFrom)
	hugeCompare, hugeGlance := allocations(20 * glanceFrom)
	if hugeCompare > smallCompare || hugeGlance > smallGlance {
		t.Errorf("comparing: %v allocations, in a capsule 20 times as large %v; a glance: %v and %v", smallCompare, hugeCompare, smallGlance, hugeGlance)
	}
}

func settled(path string) bool {
	f, is := tree.Lstat(path)
	return is && f.Settled(time.Now())
}

// A glance says nothing where the named files do not prove that the content differs, or where
// something else than a known source may be concerned.
func TestAGlanceThatDoesNotTell(t *testing.T) {
	before := huge(glanceFrom)
	before.Dir = t.TempDir()
	before.How = &toolchain.Recipe{}
	before.Skip = func(path string, _ bool) bool { return strings.HasSuffix(path, "~") }
	before.Reads = func(path string, _ bool) bool { return filepath.Base(path) == "read" }
	before.Governs = func(path string) bool { return filepath.Base(path) == ".gitignore" }
	for i, name := range []string{"fresh", "gone", "longer", "same"} { // in their order
		before.Sources.Files[i] = tree.File{Path: name, Size: 4}
	}
	for name, content := range map[string]string{"same": "1234", "longer": "12345", "fresh": "123456", "new": "1", "dropping~": "1", "read": "1", ".gitignore": "1", tree.ManifestName: "1"} {
		if err := os.WriteFile(filepath.Join(before.Dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for !settled(filepath.Join(before.Dir, "same")) || !settled(filepath.Join(before.Dir, "longer")) {
		runtime.Gosched()
	}
	future := time.Now().Add(time.Hour)
	for _, c := range []struct {
		named []string
		tells bool
	}{
		{[]string{"longer"}, true},
		{[]string{"longer", "same", "dropping~", "gone~"}, true},
		{[]string{"same"}, false},
		{nil, false},
		{[]string{"longer", "gone"}, false},
		{[]string{"longer", "new"}, false},
		{[]string{"longer", "read"}, false},
		{[]string{"longer", ".gitignore"}, false},
		{[]string{"longer", tree.ManifestName}, false},
		{[]string{"longer", "../outside"}, false},
	} {
		var paths []string
		for _, name := range c.named {
			paths = append(paths, filepath.Join(before.Dir, name))
		}
		if seen := before.Glance(paths); (seen != nil) != c.tells {
			t.Errorf("%v: %v", c.named, seen)
		} else if seen != nil && (seen.Key != "" || seen.SourceHash != "" || seen.Sources.Digest != (tree.Digest{})) {
			t.Errorf("%v: a glance knows no hash of all files", c.named)
		}
	}
	if f, _ := tree.Lstat(filepath.Join(before.Dir, "longer")); f.Settled(time.Unix(0, f.Ctime)) || !f.Settled(future) {
		t.Error("a file that was written just now may be written again without its times telling")
	}
	before.Sources.Files = before.Sources.Files[:glanceFrom-1]
	if before.Glance([]string{filepath.Join(before.Dir, "longer")}) != nil {
		t.Error("a small capsule is looked at as a whole")
	}
}
