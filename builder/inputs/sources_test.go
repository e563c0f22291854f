package inputs

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// plantHuge makes a capsule of n sources whose times tell.
func plantHuge(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	manifest := "[package]\nname = \"c\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"c.wasm\"\n[package.metadata.astrid-dev]\nbuild = [\"true\"]\n"
	testkit.Write(t, filepath.Join(dir, tree.ManifestName), manifest)
	for i := range n {
		testkit.Write(t, filepath.Join(dir, "src", fmt.Sprintf("d%03d", i/100), fmt.Sprintf("f%05d.txt", i)), "content")
	}
	rest(dir)
	return dir
}

// rest waits until what was written shows in times.
func rest(dir string) {
	probe := filepath.Join(dir, "node_modules")
	_ = os.MkdirAll(probe, 0o755)
	probe = filepath.Join(probe, "probe")
	_ = os.WriteFile(probe, nil, 0o644)
	for !settled(probe) {
		runtime.Gosched()
	}
}

func (t *Taker) must(tb testing.TB, dir string, known Known) *Inputs {
	tb.Helper()
	in, err := t.Take(tb.Context(), dir, known)
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

// What an edit costs grows with the edit, not with the capsule: counted in files that are opened and looked at.
// CI holds it.
func TestAnEditIsAllThatIsRead(t *testing.T) {
	dir := plantHuge(t, 3000)
	taker, another := taker(), taker()
	first := taker.must(t, dir, Known{})
	if first.Sources.Cost.Opened != 3001 {
		t.Fatalf("the first look opened %d files", first.Sources.Cost.Opened)
	}
	if again := taker.must(t, dir, Known{}); again.Sources.Cost.Opened > 0 {
		testkit.Skip(t, "the file system of %s is none that is known to keep times", dir)
	}
	edited := filepath.Join(dir, "src", "d015", "f01500.txt")
	testkit.Write(t, edited, "another") // of the same size
	rest(dir)

	glanced := first.Glance([]string{edited})
	if glanced == nil || len(first.Changed(glanced)) != 1 {
		t.Fatal("a glance does not tell of another content of the same size")
	}
	now := taker.must(t, dir, Known{Since: first, Named: []string{edited}})
	if fresh := another.must(t, dir, Known{}); fresh.Key != now.Key || fresh.SourceHash == first.SourceHash {
		t.Errorf("key %s, of a look at everything %s", now.Key, fresh.Key)
	}
	if now.Sources.Cost.Looked != 1 {
		t.Errorf("the look at one file asked for the stat of %d", now.Sources.Cost.Looked)
	}
	after := taker.must(t, dir, Known{})
	if cost := after.Sources.Cost; cost.Opened != 0 || cost.Bytes != 0 {
		t.Errorf("the look after the build read %+v", cost)
	}
	if after.Key != now.Key || len(now.Changed(after)) != 0 {
		t.Error("the look after the build found something else")
	}
	taker.Forget([]string{dir})
	if all := taker.must(t, dir, Known{}); all.Sources.Cost.Opened != 3001 {
		t.Errorf("when somebody asks to try again %d files are read", all.Sources.Cost.Opened)
	}
}

// Where more than a known source may be concerned, events are not gone by.
func TestWhatEventsDoNotTell(t *testing.T) {
	for what, deed := range map[string]func(dir string) (named string){
		"a new source": func(dir string) string {
			testkit.Write(t, filepath.Join(dir, "src", "new.txt"), "new")
			return "src/new.txt"
		},
		"a source that is gone": func(dir string) string {
			_ = os.Remove(filepath.Join(dir, "src/d000/f00001.txt"))
			return "src/d000/f00001.txt"
		},
		"a folder that was moved": func(dir string) string {
			_ = os.Rename(filepath.Join(dir, "src/d000"), filepath.Join(dir, "src/d999"))
			return "src/d999"
		},
		"a folder that was moved away": func(dir string) string {
			_ = os.Rename(filepath.Join(dir, "src/d000"), filepath.Join(dir, "node_modules/d000"))
			return "src/d000"
		},
		"a source that became a link": func(dir string) string {
			_ = os.Remove(filepath.Join(dir, "src/d000/f00001.txt"))
			_ = os.Symlink("f00002.txt", filepath.Join(dir, "src/d000/f00001.txt"))
			return "src/d000/f00001.txt"
		},
		"the manifest": func(dir string) string {
			text, _ := os.ReadFile(filepath.Join(dir, tree.ManifestName))
			testkit.Write(t, filepath.Join(dir, tree.ManifestName), string(text)+"ignore = [\"d000\"]\n")
			return tree.ManifestName
		},
		"the capsule's folder": func(dir string) string { testkit.Write(t, filepath.Join(dir, "src", "new.txt"), "new"); return "." },
		"a capsule in it": func(dir string) string {
			testkit.Write(t, filepath.Join(dir, "src/d000/Capsule.toml"), "")
			return "src/d000/Capsule.toml"
		},
		"an event that was lost": func(dir string) string {
			testkit.Write(t, filepath.Join(dir, "src/d000/f00001.txt"), "lost")
			return ""
		},
	} {
		dir := plantHuge(t, 200)
		taker, another := taker(), taker()
		first := taker.must(t, dir, Known{})
		known := Known{Since: first, Named: []string{filepath.Join(dir, deed(dir))}}
		if what == "an event that was lost" {
			known = Known{} // the loop says so
		}
		rest(dir)
		now, want := taker.must(t, dir, known), another.must(t, dir, Known{})
		if now.SourceHash != want.SourceHash || now.SourceHash == first.SourceHash || now.Key != want.Key {
			t.Errorf("%s: source hash %s, of a look at everything %s, before %s", what, now.SourceHash, want.SourceHash, first.SourceHash)
		}
	}
}

// The first look of a process goes by what an earlier one kept, unless everything is to be read.
func TestTheFirstLookGoesByWhatWasKept(t *testing.T) {
	dir := plantHuge(t, 200)
	first := taker().must(t, dir, Known{})
	data := first.Sources.Keep("me")
	if data == nil {
		testkit.Skip(t, "the file system of %s is none that is known to keep times", dir)
	}
	later := func() *Taker {
		later := taker()
		later.options.Kept = func(string) *tree.KeptLook { return tree.Kept(data, "me") }
		return later
	}
	now := later().must(t, dir, Known{})
	if now.Sources.Cost.Opened != 0 || now.Key != first.Key {
		t.Errorf("the first look cost %+v, key %s, before %s", now.Sources.Cost, now.Key, first.Key)
	}
	asked := later()
	asked.Forget([]string{dir})
	if all := asked.must(t, dir, Known{}); all.Sources.Cost.Opened != 201 {
		t.Errorf("when somebody asks to try again %d files are read", all.Sources.Cost.Opened)
	}
	testkit.Write(t, filepath.Join(dir, "src", "d001", "f00100.txt"), "another")
	if now, want := later().must(t, dir, Known{}), taker().must(t, dir, Known{}); now.Key != want.Key || now.Key == first.Key {
		t.Errorf("after an edit that nobody watched key %s, of a look at everything %s, before %s", now.Key, want.Key, first.Key)
	}
}

// What was prepared is not made again by the first look, and whatever changed since is seen.
func TestTheFirstLookGoesByWhatWasPrepared(t *testing.T) {
	dir := plantHuge(t, 200)
	first := taker().must(t, dir, Known{})
	data := first.Sources.Keep("me")
	if data == nil {
		testkit.Skip(t, "the file system of %s is none that is known to keep times", dir)
	}
	asked := 0
	prepared := func() *Taker {
		later := taker()
		later.options.Kept = func(string) *tree.KeptLook {
			asked++
			return tree.Kept(data, "me")
		}
		later.Prepare(dir)
		later.Prepare(dir)
		return later
	}
	ahead := prepared()
	manifest := ahead.manifests[dir]
	now := ahead.must(t, dir, Known{})
	if asked != 1 || now.Manifest != manifest || now.Sources.Cost.Opened != 0 || now.Key != first.Key {
		t.Errorf("what was kept was read %d times, the manifest parsed again: %t, %+v, key %s, before %s", asked, now.Manifest != manifest, now.Sources.Cost, now.Key, first.Key)
	}
	for name, content := range map[string]string{
		"src/d001/f00100.txt": "another", ".gitignore": "*\n", "src/d000/new.txt": "",
		tree.ManifestName: "[package]\nname = \"c\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"c.wasm\"\n[package.metadata.astrid-dev]\nbuild = [\"false\"]\nignore = [\"src\"]\n",
	} {
		later := prepared()
		testkit.Write(t, filepath.Join(dir, filepath.FromSlash(name)), content)
		if now, want := later.must(t, dir, Known{}), taker().must(t, dir, Known{}); now.Key != want.Key || now.Key == first.Key {
			t.Errorf("%s changed after it was prepared: key %s, of a look at everything %s, before %s", name, now.Key, want.Key, first.Key)
		}
	}
	testkit.Check(t, os.Remove(filepath.Join(dir, tree.ManifestName)))
	later := prepared() // tells nobody
	if _, err := later.Take(t.Context(), dir, Known{}); !os.IsNotExist(err) {
		t.Errorf("without a manifest: %v", err)
	}
}
