package tree

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// copiedTree is a tree with files of all sizes, and a look at it of which a copy was made.
func copiedTree(t *testing.T) (root string, s *Snapshot) {
	smallCopies(t)
	root = filepath.Join(t.TempDir(), "root")
	onTrusted(t, filepath.Dir(root))
	for i := range 10 * batchFiles {
		plant(t, root, fmt.Sprintf("d%d/f%04d", i/100, i), "content")
	}
	for i, size := range []int{0, blockSize - 40, blockSize, blockSize + 1, 3*blockSize - 17} {
		plant(t, root, fmt.Sprintf("d1/g%d", i), strings.Repeat("g", size))
	}
	rest(root)
	s = mustTake(t, root, Astrid())
	plant(t, root, s.Files[0].Path, "the first")
	rest(root)
	s = mustRetake(t, root, Astrid(), s)
	if s.memory.copy == nil || len(s.memory.spans) != len(s.Files) {
		testkit.Skip(t, "a file that is open cannot lose its name here")
	}
	return root, s
}

// From the second edit on nothing is opened but what was edited, wherever it lies, and whatever became of its size.
func TestAnEditOpensWhatWasEdited(t *testing.T) {
	root, s := copiedTree(t)
	for n, name := range []string{s.Files[0].Path, "d1/f0150", "d1/g0", "d1/g2", "d1/g4", "d1/f0150", s.Files[len(s.Files)-1].Path} {
		plant(t, root, name, strings.Repeat("edit", n))
		rest(root)
		named := s.Renew(context.Background(), Astrid().At(root), []string{name})
		now := mustRetake(t, root, Astrid(), s)
		for how, now := range map[string]*Snapshot{"named": named, "everything": now} {
			sameTree(t, now, root, Astrid(), name+", "+how)
			if now.Cost.Opened > 1 {
				t.Errorf("%s, %s: it cost %+v", name, how, now.Cost)
			}
		}
		s = now
	}
	check(t, os.Remove(filepath.Join(root, "d1/f0120")))
	plant(t, root, "d1/f0119a", "new")
	rest(root)
	now := mustRetake(t, root, Astrid(), s)
	sameTree(t, now, root, Astrid(), "one is gone, one is new")
	if now.Cost.Opened > 1 {
		t.Errorf("a new file cost %+v", now.Cost)
	}
}

// A copy that cannot be read or written, as on a full disk, costs that the files are read where they lie.
func TestACopyThatFails(t *testing.T) {
	root, s := copiedTree(t)
	check(t, s.memory.copy.file.Close())
	plant(t, root, s.Files[7].Path, "edited")
	rest(root)
	now := mustRetake(t, root, Astrid(), s)
	sameTree(t, now, root, Astrid(), "its copy is gone")
	if now.memory.copy != nil || now.Cost.Opened < 2 {
		t.Errorf("a copy that is gone is gone by: %+v", now.Cost)
	}
}

// A file that moved to another device, with the number and the times that it had, is read.
func TestAFileOfAnotherDeviceIsNotInTheCopy(t *testing.T) {
	_, s := copiedTree(t)
	f := s.Files[3]
	if c := s.runAt(s.Files, 3, 3); c == nil || len(c.files) < 2 {
		t.Fatal("there is no row of files that did not change")
	}
	files := append([]File(nil), s.Files...)
	files[3] = elsewhere(f, fsys.Info{ID: fsys.Identity{Dev: s.memory.dev + 1}}, s.memory.dev)
	if s.runAt(files, 3, 3) != nil {
		t.Error("it is taken from the copy")
	}
	if elsewhere(f, fsys.Info{ID: fsys.Identity{Dev: s.memory.dev}}, s.memory.dev) != f {
		t.Error("a file of the tree's own device is taken for another")
	}
}
