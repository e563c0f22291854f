package tree

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

func TestDefaultLeavesOut(t *testing.T) {
	cases := map[string]struct {
		o           Options
		files, want []string
	}{
		"droppings": {
			files: []string{"main.go", ".main.go.swp", ".main.go.swx", ".swp", "main.go~", "4913", ".#main.go", "#main.go#", ".DS_Store", "d/.DS_Store",
				"main.go___jb_tmp___", "main.go___jb_old___", ".goutputstream-ABC", ".nfs0123456789abcdef01234567",
				"a.swp", "#", "#a", "a#", ".swift", ".swcrc", "49130", "x4913", ".nfs", ".DS_Store2", "jb_tmp"},
			want: []string{"main.go", "a.swp", "#", "#a", "a#", ".swift", ".swcrc", "49130", "x4913", ".nfs", ".DS_Store2", "jb_tmp"},
		},
		"folders named like droppings": {
			files: []string{"4913/a", "x~/a", "#x#/a", ".#x/a"},
			want:  []string{"4913/a", "x~/a", "#x#/a", ".#x/a"},
		},
		"a file named .git": {files: []string{"a", ".git", "d/.git", "d/.gitmodules"}, want: []string{"a", "d/.gitmodules"}},
		"nested capsules": {
			files: []string{"Capsule.toml", "a", "in/Capsule.toml", "in/a", "in/b/c", "d/in/Capsule.toml", "d/in/x", "d/a", "e/Capsule.toml/a", "f/capsule.toml"},
			want:  []string{"Capsule.toml", "a", "d/a", "e/Capsule.toml/a", "f/capsule.toml"},
		},
		"artifacts": {
			o:     Options{Artifacts: []string{"out/x.bin", "./y.bin", "d/../z.bin", "Capsule.toml", "folder", "w.wasm"}},
			files: []string{"Capsule.toml", "a", "out/x.bin", "out/x.bin2", "x.bin", "y.bin", "z.bin", "folder/a", "d/y.bin", ".x.bin.123.wasm"},
			want:  []string{"Capsule.toml", "a", "out/x.bin2", "x.bin", "folder/a", "d/y.bin"},
		},
		"ignore": {
			o:     Options{Ignore: []string{"gen/", "*.snap", "!keep.snap", "/top", "# comment", "", "Cargo.lock", "d/only"}},
			files: []string{"a", "gen/a", "d/gen/b", "x.snap", "d/x.snap", "keep.snap", "top", "d/top", "Cargo.lock", "d/only", "e/d/only", "gen2/gen"},
			want:  []string{"a", "keep.snap", "d/top", "e/d/only", "gen2/gen"},
		},
		"ignore everything": {
			o:     Options{Ignore: []string{"*"}},
			files: []string{"Capsule.toml", "a", "d/Capsule.toml2"},
			want:  []string{"Capsule.toml"},
		},
		"no repository": {files: []string{".gitignore", "a", "b"}, want: []string{".gitignore", "a", "b"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "node_modules")
			for _, f := range c.files {
				plant(t, root, f, "*")
			}
			wantPaths(t, sources(t, root, c.o), c.want...)
			checkSkipAgreesWithTake(t, root, mustDefault(t, root, c.o))
			want := oracle(t, root, func(p string) bool { return slices.Contains(c.want, p) })
			if got := mustTake(t, root, mustDefault(t, root, c.o)).Digest.String(); got != want {
				t.Errorf("digest %s, want %s", got, want)
			}
		})
	}
}

func TestManifestThatIsALinkOrFolderNestsNothing(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a/x", "", "a/Capsule.toml/y", "", "b/x", "")
	check(t, os.Symlink("x", root+"/b/Capsule.toml"))
	wantPaths(t, sources(t, root, Options{}), "a/x", "a/Capsule.toml/y", "b/x")
}

func TestSkipBelowANestedCapsule(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "in/Capsule.toml", "", "in/d/a", "", "b", "")
	r := mustDefault(t, root, Options{})
	for path, want := range map[string]bool{"": false, "/in": true, "/in/Capsule.toml": true, "/in/d": true, "/in/d/a": true, "/in/not/there": true, "/b": false, "/not/there": false, "x": false} {
		if got := r.Skip(root+path, path == "" || path == "/in" || path == "/in/d"); got != want {
			t.Errorf("Skip(root%s) = %v, want %v", path, got, want)
		}
	}
}

func TestAstridSkip(t *testing.T) {
	bound, unbound := Astrid().At("/x/target/caps"), Astrid()
	for _, c := range []struct {
		path           string
		dir            bool
		bound, unbound bool
	}{
		{"/x/target/caps", true, false, false},
		{"/x/target/caps/a/dist/b", false, true, false},
		{"/x/target/caps/dist", true, true, true},
		{"/x/target/caps/dist", false, false, false},
		{"/x/target/caps/a.wasm", false, true, true},
		{"/x/target/caps/a.wasm", true, false, false},
		{"/x/target/caps/.wasm", false, false, false},
		{"/x/target/capsule/dist", false, false, false},
		{"/elsewhere/dist/a", false, false, false},
	} {
		if got := bound.Skip(c.path, c.dir); got != c.bound {
			t.Errorf("bound: Skip(%q, %v) = %v", c.path, c.dir, got)
		}
		if got := unbound.Skip(c.path, c.dir); got != c.unbound {
			t.Errorf("unbound: Skip(%q, %v) = %v", c.path, c.dir, got)
		}
	}
	if !Astrid().At("/").Skip("/dist/a", false) {
		t.Error("below the root folder nothing is skipped")
	}
}

func TestGitTrackedAndLockFilesCount(t *testing.T) {
	root := t.TempDir()
	git(t, root, "init", "-q")
	plant(t, root, ".gitignore", "*.log\nCargo.lock\nbuild/\nvendor/\n", "a.log", "", "tracked.log", "", "Cargo.lock", "", "d/Cargo.lock", "",
		"build/tracked", "", "build/other", "", "build/Cargo.lock", "", "build/d/tracked", "", "vendor/a", "", "vendor/Cargo.lock", "", "Capsule.toml", "", "node_modules/tracked", "", "tracked.wasm", "")
	git(t, root, "add", "-f", "tracked.log", "build/tracked", "build/d/tracked", "node_modules/tracked", "tracked.wasm")
	want := []string{".gitignore", "tracked.log", "Cargo.lock", "d/Cargo.lock", "build/tracked", "build/d/tracked", "Capsule.toml"}
	wantPaths(t, sources(t, root, Options{}), want...)
	checkSkipAgreesWithTake(t, root, mustDefault(t, root, Options{}))
	// The manifest's own ignore is the capsule author's word, and stronger.
	wantPaths(t, sources(t, root, Options{Ignore: []string{"*.log", "build/"}}), ".gitignore", "Cargo.lock", "d/Cargo.lock", "Capsule.toml")
}

func TestGitPatternsAboveTheCapsule(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	root := top + "/caps/one"
	plant(t, top, ".gitignore", "*.a\n", "caps/.gitignore", "*.b\n!x.a\n/one/c\n", "caps/one/.gitignore", "!y.b\n", ".git/info/exclude", "*.d\n",
		"caps/one/f.a", "", "caps/one/x.a", "", "caps/one/f.b", "", "caps/one/y.b", "", "caps/one/c", "", "caps/one/f.d", "", "caps/one/d/c", "", "caps/one/main", "")
	wantPaths(t, sources(t, root, Options{}), ".gitignore", "x.a", "y.b", "d/c", "main")
	real, err := filepath.EvalSymlinks(top)
	check(t, err)
	wantPaths(t, mustDefault(t, root, Options{}).GitFiles(), real+"/.gitignore", real+"/caps/.gitignore", real+"/.git/info/exclude")

	link := filepath.Join(t.TempDir(), "link")
	check(t, os.Symlink(root, link))
	wantPaths(t, sources(t, link, Options{}), ".gitignore", "x.a", "y.b", "d/c", "main")
	checkSkipAgreesWithTake(t, link, mustDefault(t, link, Options{}))

	plant(t, top, "caps/.gitignore", "main\n") // new rules see new patterns
	wantPaths(t, sources(t, root, Options{}), ".gitignore", "c", "d/c", "f.b", "y.b")
	plant(t, root, ".gitignore", "c\n")
	wantPaths(t, sources(t, root, Options{}), ".gitignore", "f.b", "y.b")
}

func TestGitPatternThatIgnoresTheCapsuleHasNoSay(t *testing.T) {
	all := []string{"Capsule.toml", "main", "x.log", "d/one"}
	for patterns, want := range map[string][]string{
		"caps/":              all,
		"one":                all,
		"*":                  all,
		"*\n!one\n":          all, // caps is ignored by it
		"/*\n*.log":          {"Capsule.toml", "main", "d/one"},
		"caps\none\n*.log":   {"Capsule.toml", "main", "d/one"},
		"/caps/one/":         all,
		"caps/**":            all,
		"*\n!*/\n!main\n":    {"Capsule.toml", "main"}, // the folders are not ignored: a list of what counts
		"!caps/\n!caps/one":  all,
		"other\n*.log\none/": {"Capsule.toml", "main", "d/one"},
	} {
		t.Run(strings.ReplaceAll(patterns, "/", "|"), func(t *testing.T) {
			top := t.TempDir()
			git(t, top, "init", "-q")
			for _, where := range []string{".gitignore", ".git/info/exclude"} {
				os.Remove(top + "/.gitignore")
				plant(t, top, where, patterns)
				for _, f := range all {
					plant(t, top, "caps/one/"+f, "")
				}
				wantPaths(t, sources(t, top+"/caps/one", Options{}), want...)
				checkSkipAgreesWithTake(t, top+"/caps/one", mustDefault(t, top+"/caps/one", Options{}))
			}
		})
	}
}

func TestGitWorktreesSubmodulesAndRepositoriesWithin(t *testing.T) {
	base := t.TempDir()
	lib, top, tree := base+"/lib", base+"/top", base+"/tree"
	for _, repo := range []string{lib, top} {
		plant(t, repo, ".gitignore", "*.own\n", "a", repo)
		git(t, repo, "init", "-q")
		git(t, repo, "add", ".")
		git(t, repo, "commit", "-qm", "first")
	}
	git(t, top, "submodule", "--quiet", "add", lib, "sub")
	plant(t, top, ".gitignore", "*.outer\nsub\nclone\n", ".git/info/exclude", "*.info\n")
	git(t, top, "add", ".")
	git(t, top, "commit", "-qm", "second")
	git(t, top, "worktree", "add", "-q", "--detach", tree)
	git(t, base, "clone", "-q", lib, top+"/clone")
	git(t, base, "clone", "-q", lib, top+"/counted")
	for _, folder := range []string{top, tree, top + "/sub", top + "/clone", top + "/counted"} {
		plant(t, folder, "f.own", "", "f.outer", "", "f.info", "", "f", "")
	}

	t.Run("worktree", func(t *testing.T) { // its .git is a file, info/exclude is the main one's
		wantPaths(t, sources(t, tree, Options{}), ".gitignore", ".gitmodules", "a", "f", "f.own")
		files := mustDefault(t, tree, Options{}).GitFiles()
		real, err := filepath.EvalSymlinks(top)
		check(t, err)
		wantPaths(t, files, real+"/.git/info/exclude")
	})
	t.Run("submodule as root", func(t *testing.T) { // the outer patterns end at it
		wantPaths(t, sources(t, top+"/sub", Options{}), ".gitignore", "a", "f", "f.info", "f.outer")
	})
	t.Run("within", func(t *testing.T) { // tracked sub is a source although ignored, clone is not
		got := sources(t, top, Options{})
		var want []string
		for _, in := range []string{"sub/", "counted/"} {
			want = append(want, in+".gitignore", in+"a", in+"f", in+"f.info", in+"f.outer")
		}
		wantPaths(t, got, append(want, ".gitignore", ".gitmodules", "a", "f", "f.own")...)
		checkSkipAgreesWithTake(t, top, mustDefault(t, top, Options{}))
	})
}

// Each form of index must give what the tracked files give, and no error path.
func TestGitIndexForms(t *testing.T) {
	long := strings.Repeat("long/", 40)
	for name, setUp := range map[string]func(t *testing.T, top string){
		"2": func(t *testing.T, top string) { git(t, top, "update-index", "--index-version", "2") },
		"3": func(t *testing.T, top string) { git(t, top, "add", "-fN", "f"); git(t, top, "status") },
		"4": func(t *testing.T, top string) { git(t, top, "update-index", "--index-version", "4") },
		"split": func(t *testing.T, top string) {
			git(t, top, "update-index", "--split-index")
			git(t, top, "add", "-f", "f")
		},
		"sha256": func(t *testing.T, top string) {},
		"untracked cache": func(t *testing.T, top string) {
			git(t, top, "update-index", "--force-untracked-cache")
			git(t, top, "status")
		},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			format := "sha1"
			if name == "sha256" {
				format = "sha256"
			}
			git(t, top, "init", "-q", "--object-format="+format)
			plant(t, top, ".gitignore", "*\n", "a", "", "f", "", long+"a", "", long+"bb", "", "d/"+long+"c", "", "d/no", "", "z", "", "zz", "")
			git(t, top, "add", "-f", "a", long+"a", long+"bb", "d/"+long+"c", "f", "zz")
			setUp(t, top)
			r := mustDefault(t, top, Options{})
			wantPaths(t, pathsOf(mustTake(t, top, r)), "a", "f", long+"a", long+"bb", "d/"+long+"c", "zz")
			n := r.own.top.repo.index.load()
			if n.all || len(n.paths) != 6 && name != "split" {
				t.Errorf("read %d paths, all %v", len(n.paths), n.all)
			}
		})
	}
}

func TestGitSparseIndex(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	plant(t, top, "in/a", "", "out/a", "", "out/d/b", "", ".gitignore", "out/*\nin/*\n")
	git(t, top, "add", "-f", ".")
	git(t, top, "commit", "-qm", "all")
	git(t, top, "sparse-checkout", "set", "--cone", "--sparse-index", "in")
	plant(t, top, "in/new", "", "out/d/b", "made again by hand")
	r := mustDefault(t, top, Options{})
	wantPaths(t, pathsOf(mustTake(t, top, r)), ".gitignore", "in/a", "out/d/b")
	if n := r.own.top.repo.index.load(); !n.sparse || n.all {
		t.Errorf("sparse %v, all %v; the index was not sparse, or not understood", n.sparse, n.all)
	}
}

func TestGitUsersOwnFileHasNoSay(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	plant(t, top, "mine", "a\n", "a", "")
	git(t, top, "config", "core.excludesFile", top+"/mine")
	wantPaths(t, sources(t, top, Options{}), "a", "mine")
}

func TestIndexLock(t *testing.T) {
	base := t.TempDir()
	real, err := filepath.EvalSymlinks(base)
	check(t, err)
	top := base + "/top"
	plant(t, top, "caps/a", "")
	if got := mustDefault(t, top, Options{}).IndexLock(); got != "" {
		t.Errorf("outside a repository: %q", got)
	}
	git(t, top, "init", "-q")
	git(t, top, "add", ".")
	git(t, top, "commit", "-qm", "all")
	git(t, top, "worktree", "add", "-q", "--detach", base+"/tree")
	for root, want := range map[string]string{
		"/top/caps":  "/top/.git/index.lock",
		"/tree/caps": "/top/.git/worktrees/tree/index.lock",
	} {
		if got := mustDefault(t, base+root, Options{}).IndexLock(); got != real+want {
			t.Errorf("%s: %q, want %q", root, got, real+want)
		}
	}
}

// An index that cannot be read must not lose a tracked file.
func TestGitIndexThatIsBroken(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	plant(t, top, ".gitignore", "*.log\n", "a.log", "")
	git(t, top, "add", "-f", "a.log")
	whole, err := os.ReadFile(top + "/.git/index")
	check(t, err)
	for n := range len(whole) {
		check(t, os.WriteFile(top+"/.git/index", whole[:n], 0o644))
		wantPaths(t, sources(t, top, Options{}), ".gitignore", "a.log")
		broken := slices.Clone(whole)
		broken[n] ^= 0x41
		check(t, os.WriteFile(top+"/.git/index", broken, 0o644))
		mustTake(t, top, mustDefault(t, top, Options{})) // whatever it says, it is no panic and no error
	}
}

func TestCacheSeesANewIndex(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	plant(t, top, ".gitignore", "*.log\n", "a.log", "", "b.log", "")
	o := Options{Cache: new(Cache)}
	wantPaths(t, sources(t, top, o), ".gitignore")
	git(t, top, "add", "-f", "a.log")
	wantPaths(t, sources(t, top, o), ".gitignore", "a.log")
	first := mustDefault(t, top, o).own.top.repo.index.load()
	if second := mustDefault(t, top, o).own.top.repo.index.load(); second != first {
		t.Error("the index was read again although it had not changed")
	}
	plant(t, top, "a.log", "other")
	git(t, top, "add", "-f", "a.log")
	if third := mustDefault(t, top, o).own.top.repo.index.load(); third != first {
		t.Error("two indexes that track the same are held twice")
	}
	git(t, top, "add", "-f", "b.log")
	wantPaths(t, sources(t, top, o), ".gitignore", "a.log", "b.log")
	git(t, top, "rm", "-q", "--cached", "a.log")
	wantPaths(t, sources(t, top, o), ".gitignore", "b.log")
}

func TestGovernsWhatSkipLeavesOut(t *testing.T) {
	root := t.TempDir()
	git(t, root, "init", "-q")
	plant(t, root, "hidden/.gitignore", "*\n", "in/Capsule.toml", "", "in/d/.gitignore", "", "node_modules/.gitignore", "", ".gitignore", "lost/\n", "lost/d/.gitignore", "")
	r := mustDefault(t, root, Options{})
	if !r.Skip(root+"/hidden/.gitignore", false) {
		t.Error("hidden/.gitignore ignores itself, and is not skipped")
	}
	for path, want := range map[string]bool{
		".gitignore": true, "hidden/.gitignore": true, "in/Capsule.toml": true, "new/Capsule.toml": true, "new/.git": true,
		"in/d/.gitignore": false, "node_modules/.gitignore": false, "lost/.gitignore": false, "lost/d/.gitignore": false, "main.go": false,
	} {
		if got := r.Governs(root + "/" + path); got != want {
			t.Errorf("Governs(%q) = %v, want %v", path, got, want)
		}
	}
	if Astrid().At(root).Governs(root + "/.gitignore") {
		t.Error("nothing governs the Astrid rules")
	}
}

func TestDefaultOfNoFolder(t *testing.T) {
	if _, err := Default(t.TempDir()+"/none", Options{}); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("error %v, want one that names the folder", err)
	}
}

// A FIFO in place of a file of patterns must not be waited for.
func TestGitFilesThatAreNone(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	plant(t, top, "d/a", "", "real", "a\n", "e/a", "")
	check(t, os.RemoveAll(top+"/.git/info/exclude"))
	mkfifo(t, top+"/.git/info/exclude")
	mkfifo(t, top+"/.gitignore")
	check(t, os.Symlink("../real", top+"/d/.gitignore")) // git follows no link there
	wantPaths(t, sources(t, top, Options{}), "d/a", "e/a", "real")
	check(t, os.Remove(top+"/.gitignore")) // git itself would wait for the pipes
	check(t, os.Remove(top+"/.git/info/exclude"))
	checkSkipsAsGit(t, top)
}

// Files of patterns above many capsules are read once, and again when they are others.
func TestPatternsAreReadOnce(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	plant(t, top, ".gitignore", "*.log\n", "a/x.log", "", "b/x.log", "", "b/x.txt", "")
	o := Options{Cache: new(Cache)}
	lists := func(capsule string) *patterns { return mustDefault(t, top+"/"+capsule, o).own.top.lists.patterns }
	racy := lists("a")
	if now, info := time.Now(), fsys.Lstat(top+"/.gitignore"); !fileOf("", info).Settled(now) && lists("b") == racy {
		t.Error("what may change without a trace in its times was taken for the same")
	}
	for deadline := time.Now().Add(10 * time.Second); lists("a") != lists("b"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the patterns of one file are read for each capsule")
		}
	}
	wantPaths(t, sources(t, top+"/b", o), "x.txt")
	plant(t, top, ".gitignore", "*.txt\n")
	wantPaths(t, sources(t, top+"/b", o), "x.log")
}
