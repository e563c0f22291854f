package verify

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// family is a repository of capsules with inputs outside their folders.
func family(t *testing.T) string {
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "alone"), "alone", wasm)
	capsuleAt(t, filepath.Join(root, "alone", "inner"), "inner", wasm)
	capsuleAt(t, filepath.Join(root, "shares"), "shares", `test -f ../shared/a.txt; `+wasm, `inputs = ["../shared", "../wit/**/*.wit"]`)
	testkit.Write(t, filepath.Join(root, "shared", "a.txt"), "a")
	testkit.Write(t, filepath.Join(root, "wit", "deep", "a.wit"), "package a:b;")
	// go.work and Cargo.lock steer these two, whatever they are built with
	testkit.Write(t, filepath.Join(root, "go", "go.work"), "go 1.25\n\nuse ./capsule\n")
	testkit.Write(t, filepath.Join(root, "go", "capsule", "Capsule.toml"), "[package]\nname = \"of-go\"\nversion = \"0.1.0\"\n\n[[component]]\nid = \"a\"\nfile = \"a.wasm\"\n")
	testkit.Write(t, filepath.Join(root, "go", "capsule", "go.mod"), "module example.org/capsule\n\ngo 1.25\n")
	testkit.Write(t, filepath.Join(root, "go", "capsule", "main.go"), "package main\n\nfunc main() {}\n")
	testkit.Write(t, filepath.Join(root, "rust", "Cargo.toml"), "[workspace]\nmembers = [\"capsule\"]\n")
	testkit.Write(t, filepath.Join(root, "rust", "Cargo.lock"), "version = 3\n")
	testkit.Write(t, filepath.Join(root, "rust", "text.txt"), "text")
	testkit.Write(t, filepath.Join(root, "rust", "capsule", "Capsule.toml"), "[package]\nname = \"of-rust\"\nversion = \"0.1.0\"\n")
	testkit.Write(t, filepath.Join(root, "rust", "capsule", "Cargo.toml"), "[package]\nname = \"of-rust\"\nversion = \"0.1.0\"\n")
	testkit.Write(t, filepath.Join(root, "rust", "capsule", "src", "lib.rs"), `const T: &str = include_str!("../../text.txt");`)
	testkit.Write(t, filepath.Join(root, ".gitignore"), "*.log\n")
	testkit.Write(t, filepath.Join(root, "README.md"), "# capsules")
	commit(t, root)
	return root
}

func TestChangedSinceTakesWhatAChangeTouches(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "sh", "git", "go")
	root := family(t)
	for _, tt := range []struct {
		path string
		want []string
	}{
		{"README.md", nil},
		{"alone/new.txt", []string{"alone"}},
		{"alone/inner/new.txt", []string{"alone/inner"}},
		{"alone/noise.log", nil},
		{"alone/target/x", nil},
		{"shared/a.txt", []string{"shares"}},
		{"shared/new/b.txt", []string{"shares"}},
		{"wit/deep/a.wit", []string{"shares"}},
		{"go/go.work", []string{"go/capsule"}},
		{"go/capsule/main.go", []string{"go/capsule"}},
		{"rust/Cargo.lock", []string{"rust/capsule"}},
		{"rust/rust-toolchain.toml", []string{"rust/capsule"}},
		{"rust/.cargo/config.toml", []string{"rust/capsule"}},
		{"rust/text.txt", []string{"rust/capsule"}},
		{".tool-versions", []string{"alone", "alone/inner", "go/capsule", "rust/capsule", "shares"}},
	} {
		for _, committed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s committed %v", tt.path, committed), func(t *testing.T) {
				branch := testkit.Folder(t)
				if err := os.CopyFS(branch, os.DirFS(root)); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(branch, filepath.FromSlash(tt.path))
				old, _ := os.ReadFile(path)
				testkit.Write(t, path, string(old)+"\n")
				if committed {
					testkit.Git(t, branch, "checkout", "-q", "-b", "topic")
					commit(t, branch)
				}
				got := selection(t, branch, "main")
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// selection is what a run would verify, without the builds.
func selection(t *testing.T, root, ref string) (dirs []string) {
	t.Helper()
	all, err := tree.Find(t.Context(), tree.Search{Roots: []string{root}, Nested: true})
	found := all.Capsules
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(Config{Dirs: found, ChangedSince: ref})
	defer func() { r.copies.Remove() }()
	if err := errors.Join(r.copy(t.Context()), r.examine(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, j := range r.jobs {
		dirs = append(dirs, j.capsule.Dir)
	}
	slices.Sort(dirs)
	return dirs
}

func TestChangedSinceSeesARemovedSource(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "a"), "a", wasm)
	capsuleAt(t, filepath.Join(root, "b"), "b", wasm)
	testkit.Write(t, filepath.Join(root, "a", "extra.txt"), "x")
	commit(t, root)
	if err := os.Remove(filepath.Join(root, "a", "extra.txt")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a"}, dirsOf(verified(t, root, Config{ChangedSince: "HEAD"}))); diff != "" {
		t.Error(diff)
	}
}

func TestChangedFilesAreThoseOfOtherContent(t *testing.T) {
	testkit.Needs(t, "git")
	root := testkit.Folder(t)
	in := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	for _, name := range []string{"same", "edited", "binary", "gone", "moved", "runs", "to\tbe edited\n"} {
		testkit.Write(t, in(name), "one\x00\n")
	}
	testkit.Write(t, in("edited"), "one\n")
	testkit.Write(t, in("emptied"), "one\n")
	commit(t, root)
	index, err := os.ReadFile(in(".git/index"))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, in("edited"), "two\n")
	testkit.Write(t, in("binary"), "two\x00\n")
	testkit.Write(t, in("to\tbe edited\n"), "two\x00\n")
	testkit.Write(t, in("emptied"), "")
	testkit.Write(t, in("new and empty"), "")
	for _, err := range []error{
		os.Chtimes(in("same"), time.Time{}, time.Unix(1e9, 0)),
		os.Remove(in("gone")),
		os.Rename(in("moved"), in("moved away")),
		os.Chmod(in("runs"), 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := workspace.Changes(t.Context(), []string{root}, "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	var want []string
	for _, name := range []string{"binary", "edited", "emptied", "gone", "moved", "moved away", "new and empty", "runs", "to\tbe edited\n"} {
		want = append(want, in(name))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if now, err := os.ReadFile(in(".git/index")); err != nil || string(now) != string(index) {
		t.Error("git's index was written", err)
	}
}

func TestChangedSinceLooksAtTheMergeBase(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "a"), "a", wasm)
	capsuleAt(t, filepath.Join(root, "b"), "b", wasm)
	commit(t, root)
	testkit.Git(t, root, "branch", "-M", "main")
	testkit.Git(t, root, "checkout", "-q", "-b", "topic")
	testkit.Write(t, filepath.Join(root, "a", "x"), "x")
	commit(t, root)
	testkit.Git(t, root, "checkout", "-q", "main")
	testkit.Write(t, filepath.Join(root, "b", "x"), "x") // later on main: not the topic's doing
	commit(t, root)
	testkit.Git(t, root, "checkout", "-q", "topic")
	if diff := cmp.Diff([]string{"a"}, dirsOf(verified(t, root, Config{ChangedSince: "main"}))); diff != "" {
		t.Error(diff)
	}
}

func TestChangedSinceWithoutAMergeBaseIsTheCallersFault(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "a"), "a", wasm)
	commit(t, root)
	testkit.Git(t, root, "checkout", "-q", "--orphan", "other")
	testkit.Write(t, filepath.Join(root, "a", "other"), "x")
	commit(t, root)
	for _, ref := range []string{"main~0", "no-such-ref", "--output=x"} {
		_, err := runIn(t, root, Config{ChangedSince: ref})
		var setup *usage.Error
		if !errors.As(err, &setup) || !strings.Contains(setup.Hint, "fetch-depth: 0") {
			t.Errorf("%s: %v", ref, err)
		}
	}
	outside := testkit.Folder(t)
	capsuleAt(t, filepath.Join(outside, "a"), "a", wasm)
	var setup *usage.Error
	if _, err := runIn(t, outside, Config{ChangedSince: "main"}); !errors.As(err, &setup) {
		t.Errorf("outside a repository: %v", err)
	}
}

func TestChangedArtifactCountsWhenArtifactsAreChecked(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "a"), "a", wasm)
	testkit.Write(t, filepath.Join(root, "a", "a.wasm"), "one")
	commit(t, root)
	testkit.Write(t, filepath.Join(root, "a", "a.wasm"), "two")
	if got := dirsOf(verified(t, root, Config{ChangedSince: "HEAD"})); len(got) != 0 {
		t.Errorf("an artifact is no source: %v", got)
	}
	r := verified(t, root, Config{ChangedSince: "HEAD", CheckArtifact: true})
	if r.Summary.Failed != 1 {
		t.Errorf("%+v", r.Summary)
	}
}

func TestShardsShareEveryCapsuleOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var list []string
		times := map[string]time.Duration{}
		total, longest := time.Duration(0), time.Duration(0)
		for i := range random.IntN(60) {
			name := fmt.Sprintf("capsule-%03d", i)
			list = append(list, name)
			times[name] = time.Duration(random.IntN(20_000)+1) * time.Millisecond
			total, longest = total+times[name], max(longest, times[name])
		}
		count := random.IntN(8) + 1
		var all []string
		for i := range count {
			shuffled := slices.Clone(list)
			random.Shuffle(len(shuffled), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
			mine := Shard{i + 1, count}.of(shuffled, times)
			load := time.Duration(0)
			for _, name := range mine {
				load += times[name]
			}
			if bound := total/time.Duration(count) + longest; load > bound {
				t.Errorf("shard %d of %d takes %s, more than %s", i+1, count, load, bound)
			}
			all = append(all, mine...)
		}
		slices.Sort(all)
		if diff := cmp.Diff(list, all); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestShardWithoutTimesIsEven(t *testing.T) {
	list := []string{"a", "b", "c", "d", "e", "f", "g"}
	for i := range 3 {
		if n := len(Shard{i + 1, 3}.of(list, nil)); n < 2 || n > 3 {
			t.Errorf("shard %d has %d", i+1, n)
		}
	}
	// one known time is the guess for the rest
	got := Shard{1, 2}.of(list, map[string]time.Duration{"a": time.Hour})
	if len(got) != 4 && len(got) != 3 {
		t.Errorf("%v", got)
	}
}

func TestParseShard(t *testing.T) {
	if s, err := ParseShard("2/5"); err != nil || s != (Shard{2, 5}) || s.String() != "2/5" {
		t.Errorf("%v, %v", s, err)
	}
	for _, s := range []string{"", "1", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "1/ 2"} {
		if _, err := ParseShard(s); !errors.Is(err, ErrShard) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// Hooks of git run with variables that name their own repository.
func TestAHooksVariablesDoNotLeadElsewhere(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	other, root := testkit.Folder(t), testkit.Folder(t)
	testkit.Write(t, filepath.Join(other, "file"), "x")
	commit(t, other)
	capsuleAt(t, filepath.Join(root, "one"), "one", `git rev-parse --git-dir >&2; git ls-files --error-unmatch build.sh; `+wasm)
	commit(t, root)
	t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other, ".git", "index"))
	if c := found(t, verified(t, root, Config{}), "one"); c.Verdict != report.Passed {
		t.Errorf("%+v", c.Steps)
	}
	if r := verified(t, root, Config{ChangedSince: "HEAD"}); len(r.Capsules) != 0 {
		t.Errorf("nothing changed, yet %v was verified", dirsOf(r))
	}
}

// The ref is one of the repository that is verified, not of a submodule in it.
func TestChangedSinceAsksTheSuperproject(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	library, root := testkit.Folder(t), testkit.Folder(t)
	capsuleAt(t, filepath.Join(library, "inner"), "inner", wasm)
	commit(t, library)
	capsuleAt(t, filepath.Join(root, "own"), "own", wasm)
	commit(t, root)
	testkit.Git(t, root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "sub")
	commit(t, root)
	testkit.Git(t, root, "branch", "base")
	if r := verified(t, root, Config{ChangedSince: "base"}); len(r.Capsules) != 0 {
		t.Errorf("nothing changed, yet %v was verified", dirsOf(r))
	}
	testkit.Write(t, filepath.Join(root, "sub", "inner", "more"), "x")
	testkit.Git(t, filepath.Join(root, "sub"), "add", "-A")
	testkit.Git(t, filepath.Join(root, "sub"), "commit", "-q", "-m", "more")
	commit(t, root)
	if r := verified(t, root, Config{ChangedSince: "base"}); !slices.Equal(dirsOf(r), []string{"sub/inner"}) || r.Summary.Passed != 1 {
		t.Errorf("%v was verified: %+v", dirsOf(r), r.Summary)
	}
}
