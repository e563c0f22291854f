package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestTakeEqualsTheEcosystemsDigest(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 5<<16) // 5 MB
	deep := strings.Repeat("d/", 60)
	cases := map[string][]string{
		"empty":             {},
		"empty folders":     {"a/b/c/", "", "d/", ""},
		"order":             {"a/b", "1", "a-b", "2", "a.txt", "3", "a/b.c/d", "4", "a/b-/d", "5", "A", "6"},
		"empty files":       {"a", "", "b", "", "c/d", ""},
		"extensions":        {".wasm", "1", "x.WASM", "2", "a.wasm", "3", "..wasm", "4", "wasm", "5", "a.wasm.txt", "6", "a..wasm", "7", "d.wasm/x", "8"},
		"ignored names":     {"node_modules/a", "1", "x/target/a", "2", "x/dist/a", "3", ".git/a", "4", "x/targets/a", "5", ".github/a", "6"},
		"files named so":    {"dist", "1", "x/target", "2", "x/node_modules", "3", "y/.git", "4"},
		"newlines":          {"a\nb", "1", "a\nb.d/\n", "2", "\t ", "3", "-", "4"},
		"text":              {"é", "1", "日本/語", "2", "\u0301", "3"},
		"not text":          {"a\xffb", "1", "\xf0\x9f\x80", "2", "\xf0\x9f\x80x", "3", "\xe2\x82/\xed\xa0\x80", "4", "\xff\xfe", "5", "\xc0\xaf", "6", "\xf4\x90\x80\x80", "7"},
		"raw order decides": {"\xff", "1", "\uffff", "2", "\U0001F600", "3", "\xf5/a", "4"},
		"big":               {"a", "1", "big", big, "big2", big[:256<<10], "big3", big[:256<<10-20], "c", "3"},
		"deep":              {deep + "f", "1", deep + "g/h", "2"},
		"like droppings":    {"a~", "1", ".x.swp", "2", "4913", "3", ".#l", "4", "#s#", "5", ".DS_Store", "6"},
		"nested capsule":    {"Capsule.toml", "1", "in/Capsule.toml", "2", "in/main.go", "3", ".gitignore", "*"},
	}
	for name, files := range cases {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "target", "dist") // names above the root, and its own, do not count
			check(t, os.MkdirAll(root, 0o755))
			plant(t, root, files...)
			if got, want := mustTake(t, root, Astrid()).Digest.String(), oracle(t, root, nil); got != want {
				t.Errorf("digest %s, want %s", got, want)
			}
		})
	}
}

// Sizes around every way in which a file's end can fall on a block's.
func TestTakeAtBlockEnds(t *testing.T) {
	root := t.TempDir()
	step := testkit.Rounds(4, 1) // a plain run takes one distance in four, other ones each time
	for i, before := range []int{0, 100, blockSize / 2} {
		for d := -40 + rand.IntN(step); d <= 40; d += step {
			for _, blocks := range []int{1, 2} {
				size := blocks*blockSize - before + d
				name := fmt.Sprintf("%d/%d-%d", i, blocks, d+100)
				plant(t, root, name+"/a", strings.Repeat("a", before), name+"/b", strings.Repeat("b", size), name+"/c", "")
			}
		}
	}
	if got, want := mustTake(t, root, Astrid()).Digest.String(), oracle(t, root, nil); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// The digest of the empty tree, written down so that the oracle is not alone.
func TestTakeEmpty(t *testing.T) {
	const want = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
	if got := mustTake(t, t.TempDir(), Astrid()).Digest.String(); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestTakeLeavesOutLinksAndSpecialFiles(t *testing.T) {
	root, other := t.TempDir(), t.TempDir()
	plant(t, root, "a", "1", "d/b", "2")
	plant(t, other, "x", "1")
	want := mustTake(t, root, Astrid()).Digest
	check(t, os.Symlink("a", root+"/link"))
	check(t, os.Symlink(other, root+"/folder"))
	check(t, os.Symlink("nowhere", root+"/dangling"))
	mkfifo(t, root+"/pipe")
	mkfifo(t, root+"/d/pipe")
	if got := mustTake(t, root, Astrid()).Digest; got != want {
		t.Errorf("digest %s with links and pipes, %s without", got, want)
	}
	if err := os.Link(root+"/a", root+"/hard"); err != nil {
		t.Fatal(err)
	}
	wantPaths(t, pathsOf(mustTake(t, root, Astrid())), "a", "d/b", "hard")
}

func TestTakeOfLinkedRoot(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a", "1", "d/b", "2")
	link := filepath.Join(t.TempDir(), "link")
	check(t, os.Symlink(root, link))
	want := mustTake(t, root, Astrid()).Digest
	for _, spelled := range []string{link, link + "/", root + "/d/..", root + "//"} {
		if got := mustTake(t, spelled, Astrid()).Digest; got != want {
			t.Errorf("%q: digest %s, want %s", spelled, got, want)
		}
		if got := mustTake(t, spelled, mustDefault(t, spelled, Options{})).Digest; got != want {
			t.Errorf("%q: default digest %s, want %s", spelled, got, want)
		}
	}
	t.Chdir(root)
	if got := mustTake(t, ".", Astrid()).Digest; got != want {
		t.Errorf("relative: digest %s, want %s", got, want)
	}
}

func TestTakeOfNoFolder(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "file", "1")
	if _, err := Take(context.Background(), root+"/none", Astrid()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing root: %v, want fs.ErrNotExist", err)
	}
	var pe *fs.PathError
	if _, err := Take(context.Background(), root+"/file", Astrid()); !errors.As(err, &pe) || pe.Path != root+"/file" {
		t.Errorf("a file as root: %v, want an error that names it", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Take(ctx, root, Astrid()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, want context.Canceled", err)
	}
}

func TestTakeCountsBytesAndStats(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a", "123", "b/c", "45")
	s := mustTake(t, root, Astrid())
	if s.Bytes != 5 {
		t.Errorf("Bytes %d, want 5", s.Bytes)
	}
	for _, f := range s.Files {
		info, err := os.Lstat(filepath.Join(root, f.Path))
		check(t, err)
		if f.Size != info.Size() || f.Mtime != info.ModTime().UnixNano() {
			t.Errorf("%+v, but the file has %d bytes, mtime %d", f, info.Size(), info.ModTime().UnixNano())
		}
	}
}

// Any tree, also of the strangest names, has the oracle's digest, by the
// default rules too, since it has nothing that those leave out.
func TestTakeRandomTrees(t *testing.T) {
	for seed := range uint64(testkit.Rounds(15, 60)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { checkRandomTree(t, seed) })
	}
}

func FuzzTake(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkRandomTree(t, seed) })
}

func checkRandomTree(t *testing.T, seed uint64) {
	root := t.TempDir()
	growTree(t, rand.New(rand.NewPCG(seed, 1)), root, 0)
	want := oracle(t, root, nil)
	if got := mustTake(t, root, Astrid()).Digest.String(); got != want {
		t.Errorf("astrid digest %s, want %s", got, want)
	}
	if got := mustTake(t, root, mustDefault(t, root, Options{})).Digest.String(); got != want {
		t.Errorf("default digest %s, want %s", got, want)
	}
}

// growTree fills folder with files, folders, links and pipes of random names.
func growTree(t testing.TB, rnd *rand.Rand, folder string, depth int) {
	t.Helper()
	pieces := []string{"a", "b", "-", ".", "a.", "wasm", ".wasm", "WASM", "dist", "target", "é", "\xff", "\xe2\x82", "\n", " ", "\U0001F600", "\xf0\x9f\x98", "0"}
	for range rnd.IntN(9) {
		var name string
		for range 1 + rnd.IntN(3) {
			name += pieces[rnd.IntN(len(pieces))]
		}
		path := folder + "/" + name
		if _, err := os.Lstat(path); err == nil || isDropping(name) {
			continue
		}
		switch k := rnd.IntN(20); {
		case k == 0:
			check(t, os.Symlink(pieces[rnd.IntN(4)], path))
		case k == 1:
			mkfifo(t, path)
		case k < 8 && depth < 5:
			check(t, os.Mkdir(path, 0o755))
			growTree(t, rnd, path, depth+1)
		default:
			size := rnd.IntN(3000)
			if rnd.IntN(20) == 0 {
				size = rnd.IntN(3 * blockSize)
			}
			content := make([]byte, size)
			for i := range content {
				content[i] = byte(rnd.Uint32())
			}
			check(t, os.WriteFile(path, content, 0o644))
		}
	}
}

func TestLossyEqualsItsDefinition(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	bytes := "a/\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff"
	for range 100_000 {
		s := make([]byte, rnd.IntN(9))
		for i := range s {
			s[i] = bytes[rnd.IntN(len(bytes))]
		}
		if got, want := lossy(string(s)), text(string(s)); got != want {
			t.Fatalf("lossy(%q) = %q, want %q", s, got, want)
		}
	}
}

// What Rust 1.63's String::from_utf8_lossy says.
func TestLossyEqualsRust(t *testing.T) {
	const bad = "\uFFFD"
	for in, want := range map[string]string{
		"a\xf0\x9f\x80b\xff":   "a" + bad + "b" + bad,
		"\xe2\x82c":            bad + "c",
		"\xed\xa0\x80":         bad + bad + bad,
		"\xf0\x9f\x80\xf0\x9f": bad + bad,
		"\xef\xbf\xbd":         bad,
	} {
		if got := lossy(in); got != want {
			t.Errorf("lossy(%q) = %q, want %q", in, got, want)
		}
	}
}

// A large file, sparse on the disk, must not cost its size in memory.
func TestTakeStreams(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "huge", "x")
	check(t, os.Truncate(root+"/huge", 64<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	mustTake(t, root, Astrid())
	runtime.ReadMemStats(&after)
	const limit = 16 << 20 // eight times what the pipeline holds
	if used := after.TotalAlloc - before.TotalAlloc; used > limit {
		t.Errorf("allocated %d bytes, limit %d", used, limit)
	}
}

func TestDiff(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "same", "1", "changed", "1", "gone", "1", "d/touched", "1")
	a := mustTake(t, root, Astrid())
	check(t, os.Remove(root+"/gone"))
	plant(t, root, "changed", "22", "new", "1")
	info, err := os.Stat(root + "/d/touched")
	check(t, err)
	check(t, os.Chtimes(root+"/d/touched", info.ModTime(), info.ModTime().Add(1)))
	b := mustTake(t, root, Astrid())
	want := "[changed d/touched gone new]"
	if got := fmt.Sprint(a.Diff(b)); got != want {
		t.Errorf("Diff = %s, want %s", got, want)
	}
	if got := fmt.Sprint(b.Diff(a)); got != want {
		t.Errorf("the other way: Diff = %s, want %s", got, want)
	}
	if got := a.Diff(a); got != nil {
		t.Errorf("Diff with itself = %q", got)
	}
	if got := (*Snapshot)(nil).Diff(a); len(got) != 4 {
		t.Errorf("Diff of nothing = %q", got)
	}
}

func TestDigestText(t *testing.T) {
	d := mustTake(t, t.TempDir(), Astrid()).Digest
	for _, want := range []Digest{d, {}} {
		text, err := want.MarshalText()
		check(t, err)
		got := Digest{1}
		check(t, got.UnmarshalText(text))
		if got != want {
			t.Errorf("%q read as %s", text, got)
		}
	}
	for _, bad := range []string{"af", "zz" + d.String()[2:], d.String() + "00"} {
		if err := new(Digest).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was read without an error", bad)
		}
	}
	if d.IsZero() || !(Digest{}).IsZero() {
		t.Error("IsZero is wrong")
	}
}
