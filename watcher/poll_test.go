package watcher

import (
	"hash/maphash"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// A file whose times are too young to tell counts as changed at the next look.
func TestSum(t *testing.T) {
	seed, now := maphash.MakeSeed(), time.Now()
	at := func(d time.Duration) int64 { return now.Add(d).UnixNano() }
	old := fsys.Info{Kind: fsys.File, Size: 3, Mtime: at(-time.Hour), Ctime: at(-time.Hour)}
	changedTimes, changedSize := old, old
	changedTimes.Ctime++
	changedSize.Size++
	for _, other := range []fsys.Info{changedTimes, changedSize} {
		if sumOf(old, seed, now) == sumOf(other, seed, now) {
			t.Errorf("%+v and %+v have one sum", old, other)
		}
	}
	for _, c := range []struct {
		age    time.Duration
		unsure bool
	}{{0, true}, {-young / 2, true}, {young / 2, true}, {-2 * young, false}, {time.Hour, false}} {
		file := fsys.Info{Kind: fsys.File, Mtime: at(c.age), Ctime: at(-time.Hour)}
		if got := sumOf(file, seed, now) == unsure; got != c.unsure {
			t.Errorf("written %s from now: unsure is %v", c.age, got)
		}
	}
	folder := fsys.Info{Kind: fsys.Folder, ID: fsys.Identity{Dev: 1, Ino: 2}, Mtime: at(0)}
	later := folder
	later.Mtime, later.Size = at(time.Second), 4096
	if sumOf(folder, seed, now) != sumOf(later, seed, now) {
		t.Error("a folder differs because something in it does")
	}
}

func TestDifferences(t *testing.T) {
	a := []entry{{"a", 1}, {"b", 2}, {"d", unsure}, {"e", 5}}
	b := []entry{{"b", 3}, {"c", 4}, {"d", unsure}, {"e", 5}}
	want := []difference{{"a", fsnotify.Remove}, {"b", fsnotify.Write}, {"c", fsnotify.Create}, {"d", fsnotify.Write}}
	if got := differences(a, b); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Sweeps take a tenth of the time at most.
func TestSweepsStretch(t *testing.T) {
	l := newLoop(Config{Poll: true}, nil)
	begun := time.Now()
	l.sweep = sweep{begun: begun, spent: time.Millisecond}
	l.endSweep()
	if got := l.sweep.next.Sub(begun); got != DefaultPollInterval {
		t.Errorf("a short sweep is followed after %s", got)
	}
	l.sweep = sweep{begun: begun, spent: time.Second}
	l.endSweep()
	if got := l.sweep.next.Sub(begun); got != 10*time.Second {
		t.Errorf("a sweep of 1 s is followed after %s", got)
	}
}

// A root that is made between the look at its name and the watch on it is found.
func TestMadeWhileWatched(t *testing.T) {
	root := filepath.Join(folderOf(t), "r")
	l := newLoop(Config{seams: seams{fileSystem: func(string) (string, bool, error) {
		return "ext4", true, os.MkdirAll(root, 0o755)
	}}}, nil)
	l.open()
	defer l.close()
	l.apply(t.Context(), Plan{Roots: []string{root}})
	if l.folders[root] == nil {
		t.Error("the root is not watched")
	}
}

// The system knows a watch by its folder: a walk that meets one under a second
// name, because it was renamed, must not take it for watched.
func TestRenamedWhileWalked(t *testing.T) {
	root := folderOf(t)
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	mkdir(t, filepath.Join(a, "sub"))
	l := newLoop(Config{}, nil)
	l.open()
	defer l.close()
	l.apply(t.Context(), Plan{Roots: []string{root}})
	must(t, os.Rename(a, b))
	for _, target := range l.targets { // as if b were found before any event
		l.enter(t.Context(), target, b, true)
	}
	list := l.notify.watcher.WatchList()
	for path, watched := range map[string]bool{a: false, filepath.Join(a, "sub"): false, b: true, filepath.Join(b, "sub"): true} {
		if slices.Contains(list, path) != watched {
			t.Errorf("%q is watched: %v", path, !watched)
		}
	}
}
