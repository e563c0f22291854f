package tree

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// onTrusted skips where no look goes by times.
func onTrusted(t testing.TB, root string) {
	t.Helper()
	if trusted(root) == 0 {
		testkit.Skip(t, "the file system of %s is none that is known to keep times", root)
	}
}

// rest waits until every change so far shows in times.
func rest(root string) {
	probe := filepath.Join(filepath.Dir(root), "probe")
	if os.WriteFile(probe, nil, 0o644) != nil {
		return
	}
	for {
		if f, is := Lstat(probe); !is || f.Settled(time.Now()) {
			return
		}
		runtime.Gosched()
	}
}

func mustRetake(t testing.TB, root string, r *Rules, old *Snapshot) *Snapshot {
	t.Helper()
	s, err := Retake(context.Background(), root, r, old)
	check(t, err)
	return s
}

// sameTree fails unless got is what a look that reads everything gives.
func sameTree(t testing.TB, got *Snapshot, root string, r *Rules, after string) {
	t.Helper()
	want := mustTake(t, root, r)
	if got.Digest != want.Digest || !slices.Equal(got.Files, want.Files) || !slices.Equal(got.Links, want.Links) || got.Bytes != want.Bytes {
		t.Fatalf("after %s\n got %s %v %v\nwant %s %v %v", after, got.Digest, got.Files, got.Links, want.Digest, want.Files, want.Links)
	}
}

// shortMarks sets marks so close that small trees have some.
func shortMarks(t testing.TB) {
	old := markEvery
	markEvery = 1
	t.Cleanup(func() { markEvery = old })
}

// smallCopies has small trees copied, too.
func smallCopies(t testing.TB) {
	old := copyFrom
	copyFrom = 1
	t.Cleanup(func() { copyFrom = old })
}

// scribbler does to a tree what people and tools do.
type scribbler struct {
	t    testing.TB
	root string
	rnd  *rand.Rand
}

func (s scribbler) path() string {
	folders := []string{"", "a/", "a/b/", "a-b/", "deep/er/", "out/"}
	return filepath.Join(s.root, folders[s.rnd.IntN(len(folders))], fmt.Sprintf("f%02d.txt", s.rnd.IntN(40)))
}

// content is often of the same size as others.
func (s scribbler) content() []byte {
	return []byte(strings.Repeat(string(rune('a'+s.rnd.IntN(3))), 1+s.rnd.IntN(2)*s.rnd.IntN(3000)))
}

func (s scribbler) write(path string, content []byte) {
	_ = os.MkdirAll(filepath.Dir(path), 0o755)
	_ = os.WriteFile(path, content, 0o644)
}

// another is a file beside that will replace one.
func (s scribbler) another(path string) string {
	name := filepath.Join(filepath.Dir(s.root), "another")
	size := 1
	if i, err := os.Lstat(path); err == nil {
		size = int(i.Size())
	}
	check(s.t, os.WriteFile(name, []byte(strings.Repeat(string(rune('a'+s.rnd.IntN(3))), size)), 0o644))
	return name
}

// restore gives path the times that was had.
func restore(path string, was os.FileInfo) {
	if was != nil {
		_ = os.Chtimes(path, was.ModTime(), was.ModTime())
	}
}

// deeds are what is done, by name. Each may come to nothing.
func (s scribbler) deeds() map[string]func() {
	return map[string]func(){
		"a write in place": func() { s.write(s.path(), s.content()) },
		"the same size and mtime (cp -p)": func() {
			path := s.path()
			was, _ := os.Lstat(path)
			other := s.another(path)
			data, err := os.ReadFile(other)
			check(s.t, err)
			if was != nil && was.Mode().IsRegular() {
				_ = os.WriteFile(path, data, 0o644)
				restore(path, was)
			}
		},
		"another file of equal size and mtime moved over (mv, tar)": func() {
			path := s.path()
			if was, err := os.Lstat(path); err == nil && was.Mode().IsRegular() {
				other := s.another(path)
				restore(other, was)
				check(s.t, os.Rename(other, path))
			}
		},
		"two files that change places": func() {
			a, b, c := s.path(), s.path(), filepath.Join(filepath.Dir(s.root), "third")
			if a != b && os.Rename(a, c) == nil {
				_ = os.Rename(b, a)
				_ = os.MkdirAll(filepath.Dir(b), 0o755)
				check(s.t, os.Rename(c, b))
			}
		},
		"a folder that is moved away and back": func() {
			c := filepath.Join(filepath.Dir(s.root), "moved")
			if os.Rename(s.root+"/a", c) == nil {
				if s.rnd.IntN(2) == 0 {
					_ = os.WriteFile(c+"/f01.txt", s.content(), 0o644)
				}
				check(s.t, os.Rename(c, s.root+"/a"))
			}
		},
		"two folders that change places": func() {
			a, b, c := s.root+"/a", s.root+"/a-b", filepath.Join(filepath.Dir(s.root), "moved")
			if os.Rename(a, c) == nil {
				_ = os.Rename(b, a)
				check(s.t, os.Rename(c, b))
			}
		},
		"a folder that becomes a link to the like": func() {
			c := filepath.Join(filepath.Dir(s.root), fmt.Sprintf("linked%d", s.rnd.IntN(1<<30)))
			if i, err := os.Lstat(s.root + "/deep"); err == nil && i.IsDir() {
				check(s.t, os.Rename(s.root+"/deep", c))
				check(s.t, os.Symlink(c, s.root+"/deep"))
			} else {
				_ = os.Remove(s.root + "/deep")
			}
		},
		"a file that becomes a link, or none": func() {
			path := s.path()
			_ = os.Remove(path)
			if s.rnd.IntN(2) == 0 {
				_ = os.Symlink("f01.txt", path)
			}
		},
		"a mode":  func() { _ = os.Chmod(s.path(), []os.FileMode{0o644, 0o755}[s.rnd.IntN(2)]) },
		"a touch": func() { now := time.Now(); _ = os.Chtimes(s.path(), now, now) },
		"a log":   func() { s.write(s.path()+".log", s.content()) },
		"a capsule of its own": func() {
			if path := s.root + "/a/b/Capsule.toml"; os.Remove(path) != nil {
				s.write(path, nil)
			}
		},
		"a rule of git": func() {
			s.write(s.root+[]string{"", "/a", "/out"}[s.rnd.IntN(3)]+"/.gitignore", [][]byte{[]byte("*.log\n"), []byte("f0*\n"), []byte(".gitignore\nf1*\n")}[s.rnd.IntN(3)])
		},
		"a rule of git above": func() {
			s.write(filepath.Dir(s.root)+"/.gitignore", [][]byte{nil, []byte("/root/a/f2*\n")}[s.rnd.IntN(2)])
		},
		"git add": func() {
			cmd := exec.Command("git", "add", "-f", s.path())
			cmd.Dir = s.root
			_ = cmd.Run()
		},
		"a published module": func() {
			check(s.t, os.WriteFile(s.root+"/.tmp.wasm", s.content(), 0o644))
			check(s.t, os.Rename(s.root+"/.tmp.wasm", s.root+"/c.wasm"))
		},
	}
}

// A look that goes by an earlier one finds what a look that reads everything finds, whatever was
// done in between: at once after the earlier look, within one tick of the system's clock, too.
func TestRetakeIsTake(t *testing.T) {
	need(t, "git")
	shortMarks(t)
	smallCopies(t)
	for seed := range uint64(testkit.Rounds(2, 40)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { playRetake(t, testkit.Dice(t)) })
	}
}

func playRetake(t *testing.T, rnd *rand.Rand) {
	top := t.TempDir()
	root := filepath.Join(top, "root")
	onTrusted(t, top)
	git(t, top, "init", "-q")
	s := scribbler{t, root, rnd}
	for range 120 {
		s.write(s.path(), s.content())
	}
	var cache Cache
	rules := []func() *Rules{Astrid, func() *Rules { return mustDefault(t, root, Options{Cache: &cache, Artifacts: []string{"c.wasm"}}) }}[rnd.IntN(2)]
	deeds := s.deeds()
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range deeds {
			if !yield(name) {
				return
			}
		}
	})
	old := mustTake(t, root, rules())
	if rnd.IntN(3) == 0 { // a file of several blocks among the others
		plant(t, root, "a/large", strings.Repeat("large", blockSize/2))
	}
	for range 40 {
		var done []string
		if rnd.IntN(2) == 0 { // the next look is another process's
			if kept := Kept(old.Keep("program"), "program").By(rules()); kept != nil {
				old = kept
			}
		}
		if rnd.IntN(3) == 0 {
			rest(root)
		}
		for range rnd.IntN(3) {
			name := names[rnd.IntN(len(names))]
			deeds[name]()
			done = append(done, name)
		}
		now := mustRetake(t, root, rules(), old)
		sameTree(t, now, root, rules(), strings.Join(done, ", then "))
		old = now
	}
}

// What a look costs: nothing is read where nothing changed, and from the last mark on where a file did.
func TestRetakeReadsWhatChanged(t *testing.T) {
	shortMarks(t)
	root := filepath.Join(t.TempDir(), "root")
	onTrusted(t, filepath.Dir(root))
	for i := range 20 * batchFiles {
		plant(t, root, fmt.Sprintf("d%d/f%04d", i/100, i), "content")
	}
	rest(root)
	old := mustTake(t, root, Astrid())
	if old.Cost.Opened != 20*batchFiles || len(old.memory.marks) < 10 {
		t.Fatalf("the first look cost %+v and left %d marks", old.Cost, len(old.memory.marks))
	}
	still := mustRetake(t, root, Astrid(), old)
	if still.Cost.Opened != 0 || still.Cost.Bytes != 0 || still.Digest != old.Digest {
		t.Errorf("a look at what did not change cost %+v", still.Cost)
	}
	last := old.Files[len(old.Files)-1].Path
	plant(t, root, last, "another")
	rest(root)
	for how, look := range map[string]func() *Snapshot{
		"everything": func() *Snapshot { return mustRetake(t, root, Astrid(), still) },
		"named":      func() *Snapshot { return still.Renew(context.Background(), Astrid().At(root), []string{last}) },
	} {
		now := look()
		sameTree(t, now, root, Astrid(), how)
		if now.Cost.Opened > 2*batchFiles {
			t.Errorf("%s: an edit of the last file cost %+v", how, now.Cost)
		}
		if how == "named" && now.Cost.Looked != 1 {
			t.Errorf("a look at one file asked for the stat of %d", now.Cost.Looked)
		}
	}
	if now := still.Renew(context.Background(), Astrid().At(root), []string{old.Files[0].Path}); now.Cost.Opened != 0 || now.Digest != old.Digest {
		t.Errorf("an event of what did not change cost %+v", now.Cost)
	}
}

// A file that was written shortly before a look is read again by the next one, whatever is named.
func TestRacilyCleanFilesAreReadAgain(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	onTrusted(t, filepath.Dir(root))
	plant(t, root, "a", "old", "b", "old", "c", "old")
	rest(root)
	tried := false
	for n := 0; n < 200 && !tried; n++ {
		plant(t, root, "b", "one")
		old := mustTake(t, root, Astrid())
		at := old.Index("b")
		tried = !old.Files[at].Settled(time.Now()) // else it took longer than a tick
		if !tried {
			continue
		}
		if old.memory.sums[at] != 0 || old.memory.sums[0] == 0 {
			t.Fatalf("sums %v: want none of b alone", old.memory.sums)
		}
		was, err := os.Lstat(root + "/b")
		check(t, err)
		plant(t, root, "b", "two") // where the clock ticks slowly its times are the same
		restore(root+"/b", was)
		for how, now := range map[string]*Snapshot{
			"nothing named": old.Renew(context.Background(), Astrid().At(root), nil),
			"everything":    mustRetake(t, root, Astrid(), old),
		} {
			sameTree(t, now, root, Astrid(), how)
			if now.Cost.Opened == 0 {
				t.Errorf("%s: it was not read again", how)
			}
		}
	}
	if !tried {
		testkit.Skip(t, "this machine takes longer than %s for each look", fresh)
	}
}

// Times ahead of the clock, as after it was set back, and times of whole seconds tell nothing.
func TestTimesThatTellNothing(t *testing.T) {
	now := time.Unix(1000, 5)
	for ctime, tells := range map[time.Time]bool{
		time.Unix(2000, 1):     false,
		time.Unix(1000, 4):     false,
		time.Unix(999, 1):      true,
		time.Unix(999, 0):      false,
		time.Unix(997, 0):      true,
		now.Add(-fresh):        true,
		now.Add(-fresh + 1000): false,
	} {
		if f := (File{Ctime: ctime.UnixNano()}); f.Settled(now) != tells {
			t.Errorf("%v tells %v", ctime, !tells)
		}
	}
	if (File{}).Settled(now) {
		t.Error("no ctime tells")
	}
}

// What a look at named files cannot tell is left to one at everything.
func TestRenewThatDoesNotTell(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	onTrusted(t, filepath.Dir(root))
	plant(t, root, "a", "old", "b", "old")
	rest(root)
	old := mustTake(t, root, Astrid())
	check(t, os.Remove(root+"/b"))
	for what, now := range map[string]*Snapshot{
		"no memory":       (&Snapshot{Files: old.Files}).Renew(context.Background(), Astrid().At(root), []string{"a"}),
		"a new file":      old.Renew(context.Background(), Astrid().At(root), []string{"c"}),
		"a file gone":     old.Renew(context.Background(), Astrid().At(root), []string{"b"}),
		"other rules":     old.Renew(context.Background(), mustDefault(t, root, Options{}), []string{"a"}),
		"a folder":        old.Renew(context.Background(), Astrid().At(root), []string{""}),
		"another's rules": old.Renew(context.Background(), Astrid().At(filepath.Dir(root)), []string{"a"}),
	} {
		if now != nil {
			t.Errorf("%s: it tells", what)
		}
	}
}

// Differs is a proof: of another size, or another content, of a file whose times tell.
func TestDiffers(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	onTrusted(t, filepath.Dir(root))
	plant(t, root, "a", "old")
	rest(root)
	old := mustTake(t, root, Astrid())
	for content, want := range map[string]bool{"old": false, "new": true, "longer": true, "": true} {
		plant(t, root, "a", content)
		rest(root)
		if now, differs := old.Differs(0, root+"/a"); differs != want || now.Size != int64(len(content)) {
			t.Errorf("%q differs: %v, want %v; %+v", content, differs, want, now)
		}
	}
	check(t, os.Remove(root+"/a"))
	if _, differs := old.Differs(0, root+"/a"); differs {
		t.Error("what is not there differs")
	}
}

// A .gitignore that git ignores is no source; it says which files are, all the same.
func TestPatternsInNoSource(t *testing.T) {
	need(t, "git")
	for what, deed := range map[string]func(root string){
		"other patterns":  func(root string) { plant(t, root, "a/.gitignore", ".gitignore\ny*\n") },
		"a new file":      func(root string) { plant(t, root, "c/.gitignore", ".gitignore\nx*\n") },
		"another rule":    func(root string) { plant(t, root, "../.gitignore", "y*\n") },
		"a repository":    func(root string) { git(t, root+"/c", "init", "-q") },
		"a file is added": func(root string) { git(t, root, "add", "-f", "a/b/x1") },
	} {
		top := t.TempDir()
		root := top + "/root"
		onTrusted(t, top)
		git(t, top, "init", "-q")
		plant(t, root, "a/.gitignore", ".gitignore\nx*\n", "a/b/x1", "", "a/b/y1", "", "c/d/x1", "", "c/d/y1", "", "e", "")
		rest(root)
		var cache Cache
		rules := func() *Rules { return mustDefault(t, root, Options{Cache: &cache}) }
		old := mustTake(t, root, rules())
		if _, same := old.sameFolders(root, rules(), new(Cost)); !same {
			t.Fatalf("%s: folders are read again though nothing changed", what)
		}
		deed(root)
		for range 2 { // within a tick, and later
			sameTree(t, mustRetake(t, root, rules(), old), root, rules(), what)
			rest(root)
		}
	}
}
