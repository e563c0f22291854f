package tree

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// keptTree is a tree of a few files in a repository, the rules for it, and a look at it.
func keptTree(t *testing.T) (root string, rules func(o Options) *Rules, s *Snapshot) {
	need(t, "git")
	top := t.TempDir()
	onTrusted(t, top)
	root = filepath.Join(top, "root")
	git(t, top, "init", "-q")
	plant(t, root, "Capsule.toml", "", "src/a", "a", "src/deep/b", "b", "src/.gitignore", "*.log\n", "src/x.log", "left out", "c.out", "c")
	rest(root)
	var cache Cache
	rules = func(o Options) *Rules {
		o.Cache = &cache
		return mustDefault(t, root, o)
	}
	return root, rules, mustTake(t, root, rules(Options{}))
}

// A later process that goes by what was kept reads nothing where nothing changed, and finds what changed since.
func TestKeptIsGoneBy(t *testing.T) {
	root, rules, s := keptTree(t)
	look := func() *Snapshot {
		t.Helper()
		kept := Kept(s.Keep("me"), "me").By(rules(Options{}))
		if kept == nil || !kept.IsKept() {
			t.Fatal("it was not kept")
		}
		return mustRetake(t, root, rules(Options{}), kept)
	}
	still := look()
	sameTree(t, still, root, rules(Options{}), "nothing")
	if still.Cost.Opened != 0 || !still.IsKept() {
		t.Errorf("a look at what did not change cost %+v, and is kept already: %v", still.Cost, still.IsKept())
	}
	was, err := os.Lstat(root + "/src/a")
	check(t, err)
	plant(t, root, "src/a", "A")
	restore(root+"/src/a", was)
	rest(root)
	now := look()
	sameTree(t, now, root, rules(Options{}), "another content of the same size and mtime")
	if now.Digest == s.Digest || now.IsKept() {
		t.Error("a change was not seen, or is taken for what was kept")
	}
	if _, differs := Kept(s.Keep("me"), "me").By(rules(Options{})).Differs(s.Index("src/a"), root+"/src/a"); differs {
		t.Error("a sum that nobody has says that a file differs")
	}
	plant(t, root, "src/new", "new")
	sameTree(t, look(), root, rules(Options{}), "a new file")
}

// A file that could have been written once more in the tick of its look is read again by the next process too.
func TestKeptKnowsWhatIsRacilyClean(t *testing.T) {
	root, rules, s := keptTree(t)
	at := s.Index("src/a")
	s.memory.sums[at] = 0
	kept := Kept(s.Keep("me"), "me").By(rules(Options{}))
	if now := mustRetake(t, root, rules(Options{}), kept); now.Cost.Opened == 0 {
		t.Error("it was not read again")
	}
}

// What is damaged, of another program or by other rules is not gone by.
func TestKeptIsRefused(t *testing.T) {
	root, rules, s := keptTree(t)
	data := s.Keep("me")
	if Kept(data, "me").By(rules(Options{})) == nil {
		t.Fatal("what is whole was refused")
	}
	for i := range data {
		broken := append([]byte(nil), data...)
		broken[i] ^= 0x10
		if Kept(broken, "me").By(rules(Options{})) != nil || Kept(data[:i], "me").By(rules(Options{})) != nil {
			t.Fatalf("byte %d of %d may be another, or the end", i, len(data))
		}
	}
	if Kept(data, "another").By(rules(Options{})) != nil {
		t.Error("what another program kept was believed")
	}
	if Kept(data, "me").By(Astrid().At(root)) != nil || Kept(data, "me").By(rules(Options{Ignore: []string{"c.*"}})) != nil || Kept(data, "me").By(rules(Options{Artifacts: []string{"c.out"}})) != nil {
		t.Error("other rules left out the same")
	}
	git(t, root, "add", "-f", "src/x.log")
	if Kept(data, "me").By(rules(Options{})) != nil {
		t.Error("another file is tracked now, and nobody saw it")
	}
	git(t, root, "rm", "-q", "--cached", "src/x.log")
	if Kept(data, "me").By(rules(Options{})) == nil {
		t.Error("it is as it was, and was refused")
	}
	plant(t, filepath.Dir(root), ".gitignore", "*.out\n")
	if Kept(data, "me").By(rules(Options{})) != nil {
		t.Error("another .gitignore above, and nobody saw it")
	}
}

// What hangs on more than is kept, or on times that tell nothing, is not kept.
func TestNothingIsKept(t *testing.T) {
	root, rules, s := keptTree(t)
	if mustTake(t, root, Astrid()).Keep("me") != nil {
		t.Error("a look by the runtime's own rules was kept")
	}
	dev := s.memory.dev
	s.memory.dev = 0
	if s.Keep("me") != nil {
		t.Error("a look where times tell nothing was kept")
	}
	s.memory.dev = dev
	git(t, root, "init", "-q", "src")
	if mustTake(t, root, rules(Options{})).Keep("me") != nil {
		t.Error("another repository lies in it, whose index may change")
	}
}

// What a kept look costs to read grows with its files by their bytes alone: nothing is made for each of them.
func TestAKeptLookMakesNothingForEachFile(t *testing.T) {
	made := func(count int) float64 {
		root := filepath.Join(t.TempDir(), "root")
		onTrusted(t, filepath.Dir(root))
		for i := range count {
			plant(t, root, fmt.Sprintf("f%04d", i), "content")
		}
		rest(root)
		rules := mustDefault(t, root, Options{})
		data := mustTake(t, root, rules).Keep("me")
		return testing.AllocsPerRun(10, func() {
			if Kept(data, "me").By(rules) == nil {
				t.Fatal("it was not kept")
			}
		})
	}
	if few, many := made(20), made(2000); many > few+2 {
		t.Errorf("a look at 2000 files makes %v things, one at 20 makes %v", many, few)
	}
}

// A thousand capsules of one repository, whose first looks ask at the same time, read its index once.
func TestManyReadAnIndexOnce(t *testing.T) {
	root, rules, _ := keptTree(t)
	git(t, root, "add", "c.out")
	file := rules(Options{}).own.top.repo.index.path
	stat, err := statPath(file)
	check(t, err)
	var cache Cache
	got := make([]*names, 50)
	var asking sync.WaitGroup
	for i := range got {
		asking.Go(func() { got[i] = cache.read(file, stat) })
	}
	asking.Wait()
	for _, n := range got {
		if n != got[0] {
			t.Fatal("it was read more than once")
		}
	}
	git(t, root, "add", "src/a")
	stat, err = statPath(file)
	check(t, err)
	if n := cache.read(file, stat); n == got[0] || !n.tracks("root/src/a") {
		t.Error("another index was not read")
	}
}
