package tree

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// age lets what was written to show each further change in its times.
func age() { time.Sleep(fresh + 5*time.Millisecond) }

// folders lists what Folders hands out.
func folders(t testing.TB, root string, known *Outline) (list []string) {
	t.Helper()
	check(t, Folders(context.Background(), root, func(path string) bool { return IgnoredFolder(filepath.Base(path)) }, known,
		func(e Entry) { list = append(list, e.Path) }))
	return list
}

func find(t testing.TB, root string, known *Outline) Found {
	t.Helper()
	found, err := Find(context.Background(), Search{Roots: []string{root}, Known: known})
	check(t, err)
	return found
}

func TestASearchGoesByTheOneBefore(t *testing.T) {
	root := testkit.Folder(t)
	plant(t, root, "a/b/Capsule.toml", "", "a/c/", "", "node_modules/m/", "", "l/", "", "r/.git/", "")
	check(t, os.Symlink("../a/b", root+"/l/link"))
	age()
	first := find(t, root, &Outline{})
	if first.Outline.dev == 0 {
		testkit.Skip(t, "the file system of TMPDIR is none whose times are relied on")
	}
	for path, want := range map[string]bool{"": true, "/a": true, "/a/b": true, "/a/c": true, "/l": false, "/r": false, "/node_modules": false} {
		if _, is := first.Outline.folders[root+path]; is != want {
			t.Errorf("%q is in the outline: %t, want %t", path, is, want)
		}
	}
	// What the outline says and the disk does not shows that the disk was not read.
	lie := first.Outline.folders[root+"/a"]
	lie.folders = []string{"c"}
	first.Outline.folders[root+"/a"] = lie
	if second := find(t, root, first.Outline); len(second.Capsules) != 0 {
		t.Errorf("a folder that did not change was read again: %q", second.Capsules)
	}
	if got := folders(t, root, first.Outline); reflect.DeepEqual(got, folders(t, root, nil)) {
		t.Errorf("a folder that did not change was read again: %q", got)
	}
}

// A later process searches as one that searched before, and a damaged file tells nothing.
func TestAnOutlineIsKept(t *testing.T) {
	root := testkit.Folder(t)
	plant(t, root, "a/b/Capsule.toml", "", "a/c/", "", "é\xff/", "")
	age()
	first := find(t, root, &Outline{}).Outline
	if first.dev == 0 {
		testkit.Skip(t, "the file system of TMPDIR is none whose times are relied on")
	}
	data := first.Keep()
	kept := KeptOutline(data)
	if kept.dev != first.dev || !reflect.DeepEqual(kept.folders, first.folders) {
		t.Fatalf("kept %+v, want %+v", kept, first)
	}
	if !first.News() || kept.News() {
		t.Errorf("what was read is news: %t; what was kept is: %t", first.News(), kept.News())
	}
	second := find(t, root, kept).Outline
	if second.News() {
		t.Error("a search that found nothing new has news")
	}
	if !find(t, root, first).Outline.News() {
		t.Error("the second search of a process lost the news of the first")
	}
	plant(t, root, "a/d/", "")
	age()
	if !find(t, root, second).Outline.News() {
		t.Error("a new folder is no news")
	}
	for n := range data {
		bad := bytes.Clone(data)
		bad[n] ^= 1
		if len(KeptOutline(bad).folders) > 0 || len(KeptOutline(data[:n]).folders) > 0 {
			t.Fatalf("byte %d is another one, or missing, and the rest is believed", n)
		}
	}
	first.dev++
	for path, f := range first.folders {
		f.stat.id.Dev++
		first.folders[path] = f
	}
	if got := find(t, root, first); !reflect.DeepEqual(got.Capsules, []string{root + "/a/b"}) || got.Outline.dev != kept.dev {
		t.Errorf("by an outline of another device %+v was found", got)
	}
}

// What is made in a folder once a watch was placed makes no event that anybody waits for, unless it is found here.
func TestFoldersLooksAfterItHandedOut(t *testing.T) {
	root := testkit.Folder(t)
	plant(t, root, "d/e/", "")
	age()
	known := find(t, root, &Outline{}).Outline
	var list []string
	check(t, Folders(context.Background(), root, func(string) bool { return false }, known, func(e Entry) {
		if list = append(list, e.Path); e.Path == "d" {
			plant(t, root, "d/late/", "")
		}
	}))
	if want := []string{"", "d", "d/e", "d/late"}; !reflect.DeepEqual(list, want) {
		t.Errorf("handed out %q, want %q", list, want)
	}
}

// Whatever happened since, a search and a walk that go by an outline find what others find.
func TestOutlineAgreesWithTheDisk(t *testing.T) {
	dice := testkit.Dice(t)
	root := testkit.Folder(t)
	known := find(t, root, &Outline{}).Outline
	any := func() string {
		list := folders(t, root, nil)
		return filepath.Join(root, list[dice.IntN(len(list))])
	}
	name := func() string {
		return []string{"a", "b", "c", "node_modules", ".git", ManifestName, "link"}[dice.IntN(7)]
	}
	for round := range 300 {
		for range 1 + dice.IntN(3) {
			path := filepath.Join(any(), name())
			switch dice.IntN(6) {
			case 0, 1:
				_ = os.Mkdir(path, 0o755)
			case 2:
				_ = os.WriteFile(path, nil, 0o644)
			case 3:
				_ = os.Rename(any(), path)
			case 4:
				_ = os.Symlink(any(), path)
			case 5:
				_ = os.RemoveAll(path)
			}
		}
		if dice.IntN(4) == 0 {
			age()
		}
		if dice.IntN(2) == 0 && known.dev != 0 {
			known = KeptOutline(known.Keep())
		}
		want, got := find(t, root, nil), find(t, root, known)
		known, want.Outline, got.Outline = got.Outline, nil, nil
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: found %+v, want %+v", round, got, want)
		}
		if got, want := folders(t, root, known), folders(t, root, nil); !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: walked %q, want %q", round, got, want)
		}
	}
}

// A folder that was written to just now may be written to again within the same time stamp.
func TestAFreshFolderIsInNoOutline(t *testing.T) {
	written := time.Unix(1_000_000_000, 1)
	i := fsys.Info{Kind: fsys.Folder, ID: fsys.Identity{Dev: 1, Ino: 2}, Ctime: written.UnixNano()}
	o := &Outline{dev: 1}
	for after, want := range map[time.Duration]bool{0: false, fresh - 1: false, fresh: true, -time.Hour: false} {
		if is := o.tells(i, written.Add(after)); is != want {
			t.Errorf("a folder written %s before it was read is in the outline: %t, want %t", after, is, want)
		}
	}
	if (&Outline{dev: 3}).tells(i, written.Add(time.Hour)) {
		t.Error("a folder on another device is in the outline")
	}
}
