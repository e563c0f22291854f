package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// walked lists what Walk delivers, folders with a slash at their end.
func walked(t testing.TB, root string, r *Rules) []string {
	t.Helper()
	var seen []string
	check(t, Walk(context.Background(), root, r, func(e Entry) error {
		path := e.Path
		if e.Dir {
			path += "/"
		}
		seen = append(seen, path)
		return nil
	}))
	return seen
}

func TestWalkOrder(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a/b/c", "", "a/b-/c", "", "a-b", "", "a.txt", "", "empty/", "", "x.wasm", "", "dist/a", "")
	check(t, os.Symlink("a", root+"/link"))
	mkfifo(t, root+"/pipe")
	want := "[/ a/ a/b/ a/b/c a/b-/ a/b-/c a-b a.txt empty/]"
	if got := fmt.Sprint(walked(t, root, Astrid())); got != want {
		t.Errorf("walked %s, want %s", got, want)
	}
}

func TestWalkHandsOutAFolderBeforeItIsRead(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "d/", "")
	found := false
	check(t, Walk(context.Background(), root, Astrid(), func(e Entry) error {
		if e.Path == "d" {
			plant(t, root, "d/late", "")
		}
		found = found || e.Path == "d/late"
		return nil
	}))
	if !found {
		t.Error("what was made in a folder after it was handed out is missing")
	}
}

func TestWalkStops(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a/x", "", "b/x", "", "c", "")
	var seen []string
	check(t, Walk(context.Background(), root, Astrid(), func(e Entry) error {
		seen = append(seen, e.Path)
		if e.Path == "a" {
			return fs.SkipDir
		}
		return nil
	}))
	wantPaths(t, seen, "", "a", "b", "b/x", "c")

	stop := errors.New("stop")
	if err := Walk(context.Background(), root, Astrid(), func(e Entry) error { return stop }); err != stop {
		t.Errorf("error %v, want fn's own", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err := Walk(ctx, root, Astrid(), func(e Entry) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if err := Walk(context.Background(), root+"/none", Astrid(), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
}

func TestWalkLeavesOutWhatVanishes(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a", "", "d/x", "", "e/x", "")
	check(t, Walk(context.Background(), root, Astrid(), func(e Entry) error {
		if e.Path == "a" {
			check(t, os.RemoveAll(root+"/d"))
		}
		return nil
	}))
}

func TestWalkWithFunc(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a/x", "", "b/x", "", "b/y.wasm", "", "dist/a", "")
	r := Func(func(path string, dir bool) bool {
		if !strings.HasPrefix(path, root+"/") {
			t.Errorf("asked for %q", path)
		}
		return dir && path == root+"/a"
	})
	if got, want := fmt.Sprint(walked(t, root, r)), "[/ b/ b/x b/y.wasm dist/ dist/a]"; got != want {
		t.Errorf("walked %s, want %s", got, want)
	}
}

func TestWalkBelowTheRulesRoot(t *testing.T) {
	root := t.TempDir()
	git(t, root, "init", "-q")
	plant(t, root, ".gitignore", "/d/e/x\n*.log\nout/\n", "d/e/x", "", "d/e/y", "", "d/e/.gitignore", "y2\n", "d/e/y2", "", "d/e/f/a.log", "", "d/e/f/a", "",
		"out/a", "", "in/Capsule.toml", "", "in/d/a", "")
	r := mustDefault(t, root, Options{})
	for folder, want := range map[string]string{
		"/d/e":  "[/ .gitignore f/ f/a y]",
		"/d":    "[/ e/ e/.gitignore e/f/ e/f/a e/y]",
		"/out":  "[]",
		"/in":   "[]",
		"/in/d": "[]",
	} {
		if got := fmt.Sprint(walked(t, root+folder, r)); got != want {
			t.Errorf("%s: walked %s, want %s", folder, got, want)
		}
	}
	if err := Walk(context.Background(), filepath.Dir(root), r, nil); err == nil || !strings.Contains(err.Error(), root) {
		t.Errorf("a walk above the rules' root: %v, want an error that names it", err)
	}
	if _, err := Take(context.Background(), root+"/d", r); err == nil {
		t.Error("Take with another root's rules succeeded")
	}
}

// All kinds of names that the default rules know, at random: Walk, Take and Skip agree.
func TestWalkTakeAndSkipAgree(t *testing.T) {
	names := []string{"a", "b.go", "Capsule.toml", "x.wasm", ".wasm", "node_modules", "dist", ".git", "a~", "4913", ".x.swp",
		"Cargo.lock", "out", "gen", "x.log", ".gitignore", "k"}
	var grow func(rnd *rand.Rand, folder string, depth int)
	grow = func(rnd *rand.Rand, folder string, depth int) {
		for range rnd.IntN(7) {
			name := names[rnd.IntN(len(names))]
			path := folder + "/" + name
			if _, err := os.Lstat(path); err == nil {
				continue
			}
			if rnd.IntN(3) == 0 && depth < 4 {
				check(t, os.Mkdir(path, 0o755))
				grow(rnd, path, depth+1)
				continue
			}
			check(t, os.WriteFile(path, []byte("*.log\ngen/\n"), 0o644))
		}
	}
	for seed := range uint64(testkit.Rounds(40, 150)) {
		top := t.TempDir()
		check(t, os.MkdirAll(top+"/.git", 0o755))
		check(t, os.WriteFile(top+"/.git/HEAD", nil, 0o644)) // all that makes a repository here
		root := top + "/dist/k"
		check(t, os.MkdirAll(root, 0o755))
		grow(rand.New(rand.NewPCG(seed, 5)), root, 0)
		r := mustDefault(t, root, Options{Ignore: []string{"k/", "/b.go"}, Artifacts: []string{"out", "a/out"}})
		checkSkipAgreesWithTake(t, root, r)
		var files []string
		for _, p := range walked(t, root, r) {
			if !strings.HasSuffix(p, "/") {
				files = append(files, p)
			} else if r.Skip(root+"/"+strings.TrimSuffix(p, "/"), true) {
				t.Errorf("Walk delivers %q, Skip leaves it out", p)
			}
		}
		if got, want := fmt.Sprintf("%q", files), fmt.Sprintf("%q", pathsOf(mustTake(t, root, r))); got != want {
			t.Errorf("seed %d: Walk %s, Take %s", seed, got, want)
		}
	}
}

func TestSkipConcurrently(t *testing.T) {
	root := t.TempDir()
	git(t, root, "init", "-q")
	plant(t, root, ".gitignore", "*.log\n", "d/e/a.log", "", "d/e/f/.gitignore", "!a.log\n", "d/e/f/a.log", "")
	git(t, root, "add", "-f", "d/e/a.log")
	r := mustDefault(t, root, Options{})
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for _, path := range []string{"d/e/a.log", "d/e/f/a.log", "d/e/f"} {
				if r.Skip(root+"/"+path, path == "d/e/f") {
					t.Errorf("%s is skipped", path)
				}
			}
			if !r.Skip(root+"/d/b.log", false) {
				t.Error("d/b.log is not skipped")
			}
		})
	}
	running.Wait()
}

func TestFindCapsules(t *testing.T) {
	base := t.TempDir()
	root := base + "/target"
	plant(t, root, "Capsule.toml", "", "b/Capsule.toml", "", "b/in/Capsule.toml", "", "a/src/x", "", "a-b/Capsule.toml", "",
		"node_modules/x/Capsule.toml", "", "b/dist/Capsule.toml", "", "folder/Capsule.toml/x", "", ".hidden/Capsule.toml", "", "new\nline/Capsule.toml", "")
	plant(t, base, "other/Capsule.toml", "")
	check(t, os.Symlink(base+"/other", root+"/linked"))
	check(t, os.MkdirAll(root+"/c", 0o755))
	check(t, os.Symlink("../b/Capsule.toml", root+"/c/Capsule.toml"))
	want := []string{root, root + "/.hidden", root + "/a-b", root + "/b", root + "/b/in", root + "/new\nline"}
	for _, roots := range [][]string{{root}, {root, root}, {root, root + "/b"}, {root + "/b/../"}} {
		found, err := findCapsules(context.Background(), roots)
		check(t, err)
		if fmt.Sprint(found) != fmt.Sprint(want) {
			t.Errorf("%q: found %q, want %q", roots, found, want)
		}
	}
	found, err := findCapsules(context.Background(), []string{root + "/linked", root + "/none"})
	var partial *PartialError
	if !errors.As(err, &partial) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none") {
		t.Errorf("error %v, want a PartialError that names the missing root", err)
	}
	wantPaths(t, found, root+"/linked") // a root may be a link
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := findCapsules(ctx, []string{root}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if found, err := findCapsules(context.Background(), nil); err != nil || len(found) != 0 {
		t.Errorf("no roots: %q, %v", found, err)
	}
}
