package verify

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// sound fails unless every capsule passed.
func sound(t *testing.T, r *report.Report) {
	t.Helper()
	for _, c := range r.Capsules {
		if c.Verdict != report.Passed {
			t.Errorf("%s: %s %+v", c.Dir, c.Verdict, c.Steps)
		}
	}
	if len(r.Capsules) == 0 {
		t.Error("nothing was verified")
	}
}

func TestInputsOutsideAreCopied(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t) // no repository, no workspace: each capsule is copied by itself
	script := `cat ../shared/a.txt ../shared/deep/b.txt ../one.txt ../wit/x.wit > /dev/null; case $PWD in ` + root[:len(root)-len("a checkout")] + `*) exit 9;; esac; `
	capsuleAt(t, filepath.Join(root, "first"), "first", script+wasm, `inputs = ["../shared", "../one.txt", "../wit/*.wit"]`)
	capsuleAt(t, filepath.Join(root, "second"), "second", script+wasm, `inputs = ["../shared/a.txt", "../shared", "../one.txt", "../wit/*.wit"]`)
	for _, name := range []string{"shared/a.txt", "shared/deep/b.txt", "one.txt", "wit/x.wit"} {
		testkit.Write(t, filepath.Join(root, name), name)
	}
	sound(t, verified(t, root, Config{Jobs: 2, Repro: true}))
}

func TestABuildThatChangesAnInputOutsideIsNamed(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "one"), "one", `echo more >> ../shared/a.txt; `+wasm, `inputs = ["../shared"]`)
	testkit.Write(t, filepath.Join(root, "shared", "a.txt"), "a")
	before := state(t, root)
	r := verified(t, root, Config{})
	want := []string{"build-changes-input " + filepath.Join(root, "shared", "a.txt")}
	if diff := cmp.Diff(want, errorsOf(r.Capsules[0].Step(report.StepNoMutation))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, state(t, root)); diff != "" {
		t.Errorf("the tree was changed:\n%s", diff)
	}
}

func TestSourceHashIsTheOriginals(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	root := testkit.Folder(t)
	dir := filepath.Join(root, "one")
	capsuleAt(t, dir, "one", wasm)
	testkit.Write(t, filepath.Join(root, ".gitignore"), "*.log\n")
	testkit.Write(t, filepath.Join(dir, "tracked.log"), "x")
	testkit.Git(t, root, "init", "-q")
	testkit.Git(t, root, "add", "-f", "one/tracked.log")
	commit(t, root)
	testkit.Write(t, filepath.Join(dir, "noise.log"), "x")
	testkit.Write(t, filepath.Join(root, ".git", "info", "exclude"), "excluded\n")
	testkit.Write(t, filepath.Join(dir, "excluded"), "x")
	worktree := filepath.Join(filepath.Dir(root), "work tree")
	testkit.Git(t, root, "worktree", "add", "-q", "-b", "topic", worktree)
	testkit.Write(t, filepath.Join(worktree, "one", "noise.log"), "x")
	for _, top := range []string{root, worktree} {
		want, err := builder.New(builder.Options{}).SourceHash(t.Context(), filepath.Join(top, "one"))
		if err != nil {
			t.Fatal(err)
		}
		if c := verified(t, top, Config{}).Capsules[0]; c.SourceHash != want {
			t.Errorf("%s: %s, want %s", top, c.SourceHash, want)
		}
	}
}

func TestGitWorksInABuildAndWritesNothingBack(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "one"), "one", `test "$(git describe --tags --always)" = v7; git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m mine; git config --get remote.origin.url && exit 5; `+wasm)
	commit(t, root)
	testkit.Git(t, root, "tag", "v7")
	testkit.Git(t, root, "remote", "add", "origin", "https://user:secret@example.org/x")
	before := state(t, root)
	sound(t, verified(t, root, Config{}))
	if diff := cmp.Diff(before, state(t, root)); diff != "" {
		t.Errorf("the repository was changed:\n%s", diff)
	}
}

func TestPackagesAreCopiedForWhoIsVerified(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	root := testkit.Folder(t)
	for _, name := range []string{"a", "b"} {
		dir := filepath.Join(root, name)
		capsuleAt(t, dir, name, `cat node_modules/tool/index.js ../node_modules/shared/index.js node_modules/lib/lib.js > /dev/null; echo x > node_modules/.cache; `+wasm)
		testkit.Write(t, filepath.Join(dir, "node_modules", "tool", "index.js"), "1")
		testkit.Link(t, "../../lib", filepath.Join(dir, "node_modules", "lib"))
	}
	testkit.Write(t, filepath.Join(root, "node_modules", "shared", "index.js"), "1")
	testkit.Write(t, filepath.Join(root, "lib", "lib.js"), "1")
	testkit.Write(t, filepath.Join(root, ".gitignore"), "node_modules\n")
	commit(t, root)
	before := state(t, root)
	sound(t, verified(t, root, Config{}))
	testkit.Write(t, filepath.Join(root, "a", "new"), "x")
	before[filepath.Join(root, "a", "new")] = state(t, root)[filepath.Join(root, "a", "new")]
	before[filepath.Join(root, "a")] = state(t, root)[filepath.Join(root, "a")]
	r := verified(t, root, Config{ChangedSince: "HEAD"})
	if sound(t, r); len(r.Capsules) != 1 {
		t.Errorf("%v", dirsOf(r))
	}
	if diff := cmp.Diff(before, state(t, root)); diff != "" {
		t.Errorf("the tree was changed:\n%s", diff)
	}
}

func TestUnreadableSourceIsNamed(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	capsuleAt(t, root, "one", wasm, `ignore = ["left-out"]`)
	r := newRun(Config{Dirs: []string{root}})
	defer func() { r.copies.Remove() }()
	results, err := check.CheckAll(t.Context(), r.Dirs, check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	j := r.jobs[0]
	j.checked(results[0])
	if err := r.copy(t.Context()); err != nil {
		t.Fatal(err)
	}
	// root may read everything, so the refusals are made by hand
	r.copies.First.Unreadable = append(r.copies.First.Unreadable, &fs.PathError{Op: "open", Path: filepath.Join(root, "left-out"), Err: fs.ErrPermission})
	if _, ok := r.examined(t.Context(), r.builder(nil), j); !ok {
		t.Errorf("what is no source does not matter: %+v", j.capsule)
	}
	r.copies.First.Unreadable = append(r.copies.First.Unreadable, &fs.PathError{Op: "open", Path: filepath.Join(root, "secret"), Err: fs.ErrPermission})
	if _, ok := r.examined(t.Context(), r.builder(nil), j); ok || !strings.HasSuffix(strings.Join(errorsOf(j.capsule.Step(report.StepBuild)), ""), "secret") {
		t.Errorf("%+v", j.capsule)
	}
}

func TestTempIsAbsolute(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "one"), "one", wasm)
	t.Chdir(t.TempDir())
	if err := os.Mkdir("here", 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", "here")
	r, err := Run(t.Context(), Config{Dirs: []string{filepath.Join(root, "one")}})
	if err != nil || r.Summary.Passed != 1 {
		t.Errorf("%+v, %v", r.Capsules, err)
	}
}
