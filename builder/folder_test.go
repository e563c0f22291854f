package builder

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

func writeIntent(dir string, r *store.Record) error {
	data, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(store.Path(dir, store.IntentFile), data, 0o644)
	}
	return err
}

// fileOf makes the component of a capsule be published at file.
func fileOf(t *testing.T, dir, file string) {
	t.Helper()
	path := filepath.Join(dir, "Capsule.toml")
	manifest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, path, strings.Replace(string(manifest), "\nfile = \"copy.wasm\"", "\nfile = \""+file+"\"", 1))
}

func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	if out, err := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func hasLinks(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
}

// What stands at a published path and is not ours is left alone, before the build and after it.
func TestNothingOfTheAuthorsIsPublishedOver(t *testing.T) {
	const mine = "somebody's work"
	for name, c := range map[string]struct {
		content string
		make    func(t *testing.T, dir string)
		code    finding.Code // "" : it is replaced
	}{
		"a source":            {content: mine, code: "publish-refused"},
		"an empty file":       {content: "", code: "publish-refused"},
		"a module":            {content: string(variant("other"))},
		"a module in git":     {content: string(variant("other")), make: tracked, code: "publish-refused"},
		"a source in git":     {content: mine, make: tracked, code: "publish-refused"},
		"beside a repository": {content: string(variant("other")), make: func(t *testing.T, dir string) { gitIn(t, dir, "init", "-q") }},
		"a link to a source":  {make: linkTo("src.bin"), code: "publish-refused"},
		"a link out":          {make: linkTo("/etc/hostname"), code: "publish-refused"},
		"a link to nowhere":   {make: linkTo("../nowhere"), code: "publish-refused"},
		"a folder":            {make: func(t *testing.T, dir string) { check(t, os.Mkdir(filepath.Join(dir, "here.wasm"), 0o755)) }, code: "publish-refused"},
	} {
		t.Run(name, func(t *testing.T) {
			hasLinks(t)
			dir := capsuleDir(t, copies)
			fileOf(t, dir, "here.wasm")
			at := filepath.Join(dir, "here.wasm")
			if c.make == nil || c.content != "" {
				testkit.Write(t, at, c.content)
			}
			if c.make != nil {
				c.make(t, dir)
			}
			before, _ := os.Lstat(at)
			b := New(Options{})
			in := examine(t, b, dir)
			staged, err := b.Build(t.Context(), in, nil)
			if c.code == "" {
				check(t, err)
				_, err = b.Publish(t.Context(), staged)
				check(t, err)
				return
			}
			f, ok := err.(*finding.Failure)
			if !ok || f.Findings[0].Code != c.code || !strings.Contains(f.Findings[0].Message, "here.wasm") {
				t.Fatalf("got %v", err)
			}
			after, _ := os.Lstat(at)
			if content, _ := os.ReadFile(at); c.content != "" && string(content) != c.content || !os.SameFile(before, after) {
				t.Errorf("it was touched: %q", content)
			}
		})
	}
}

func tracked(t *testing.T, dir string) {
	gitIn(t, dir, "init", "-q")
	gitIn(t, dir, "add", "-A")
}

func linkTo(target string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { check(t, os.Symlink(target, filepath.Join(dir, "here.wasm"))) }
}

// A file that appears while the build runs is as safe as one that was there before.
func TestNothingIsPublishedOverWhatAppearsDuringTheBuild(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	in := examine(t, b, dir)
	staged, err := b.Build(t.Context(), in, nil)
	check(t, err)
	testkit.Write(t, filepath.Join(dir, "copy.wasm"), "written meanwhile")
	if _, err := b.Publish(t.Context(), staged); err == nil || !strings.Contains(err.Error(), "publish-refused") && !strings.Contains(err.Error(), "left as it is") {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "copy.wasm")); string(got) != "written meanwhile" {
		t.Errorf("it is %q", got)
	}
	if _, err := os.Lstat(store.Path(dir, store.IntentFile)); !os.IsNotExist(err) {
		t.Error("an intent is left")
	}
}

// What our record says we published there is ours, whatever was written over it.
func TestOwnPublishedPathIsTakenBack(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	publish(t, b, dir)
	testkit.Write(t, filepath.Join(dir, "copy.wasm"), "junk")
	publish(t, b, dir)
	if got, _ := os.ReadFile(filepath.Join(dir, "copy.wasm")); !bytes.HasPrefix(got, []byte("\x00asm")) {
		t.Errorf("it is %q", got)
	}
}

// A published path that a link leads out of the capsule is refused; a link inside it is followed.
func TestPublishedPathThroughALink(t *testing.T) {
	hasLinks(t)
	outside := t.TempDir()
	dir := capsuleDir(t, copies)
	fileOf(t, dir, "out/copy.wasm")
	check(t, os.Symlink(outside, filepath.Join(dir, "out")))
	if f := failure(t, New(Options{}), dir); f.Findings[0].Code != "component-file-escapes" {
		t.Errorf("got %v", f)
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Errorf("written outside: %v", left)
	}
	check(t, os.Remove(filepath.Join(dir, "out")))
	check(t, os.Mkdir(filepath.Join(dir, "real"), 0o755))
	check(t, os.Symlink("real", filepath.Join(dir, "out")))
	publish(t, New(Options{}), dir)
	if _, err := os.Stat(filepath.Join(dir, "real", "copy.wasm")); err != nil {
		t.Error(err)
	}
}

// Behind a state folder that is a link, or is somebody else's, nothing is written or deleted.
func TestForeignStateFolderIsLeftAlone(t *testing.T) {
	hasLinks(t)
	for name, link := range map[string]func(dir, other string) error{
		"the state folder is a link out": func(dir, other string) error {
			check(t, os.Mkdir(filepath.Join(dir, "target"), 0o755))
			return os.Symlink(other, filepath.Join(dir, "target", "astrid-dev"))
		},
		"target is a link out": func(dir, other string) error {
			check(t, os.Rename(filepath.Join(other, "work"), filepath.Join(other, "x")))
			check(t, os.Mkdir(filepath.Join(other, "astrid-dev"), 0o755))
			check(t, os.Rename(filepath.Join(other, "x"), filepath.Join(other, "astrid-dev", "work")))
			return os.Symlink(other, filepath.Join(dir, "target"))
		},
		"the state folder is a link inside": func(dir, other string) error {
			check(t, os.Mkdir(filepath.Join(dir, "target"), 0o755))
			check(t, os.Rename(other, filepath.Join(dir, "mine")))
			return os.Symlink("../mine", filepath.Join(dir, "target", "astrid-dev"))
		},
		"work is a link": func(dir, other string) error {
			check(t, os.MkdirAll(filepath.Join(dir, "target", "astrid-dev"), 0o755))
			return os.Symlink(filepath.Join(other, "work"), filepath.Join(dir, "target", "astrid-dev", "work"))
		},
		"it is a folder of somebody's": func(dir, other string) error {
			check(t, os.Mkdir(filepath.Join(dir, "target"), 0o755))
			testkit.Write(t, filepath.Join(other, "notes.txt"), "mine")
			return os.Rename(other, filepath.Join(dir, "target", "astrid-dev"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, other := capsuleDir(t, copies), filepath.Join(t.TempDir(), "other")
			check(t, os.MkdirAll(filepath.Join(other, "work"), 0o755))
			testkit.Write(t, filepath.Join(other, "work", "thesis.txt"), "precious")
			check(t, link(dir, other))
			f := failure(t, New(Options{}), dir)
			if f.Findings[0].Code != "state-folder-foreign" {
				t.Errorf("got %v", f)
			}
			for _, at := range []string{other, filepath.Join(other, "astrid-dev"), filepath.Join(dir, "mine"), filepath.Join(dir, "target", "astrid-dev")} {
				if got, err := os.ReadFile(filepath.Join(at, "work", "thesis.txt")); err == nil && string(got) == "precious" {
					return
				}
			}
			t.Error("the file behind it is gone")
		})
	}
}

// A note of ours that a build made a link is replaced, and not written through.
func TestStateIsNeverWrittenThroughALink(t *testing.T) {
	testkit.Long(t)
	hasLinks(t)
	for _, name := range []string{store.RecordFile, store.RunNote, store.IntentFile, ".gitignore", "CACHEDIR.TAG"} {
		t.Run(name, func(t *testing.T) {
			b, dir := New(Options{}), capsuleDir(t, copies)
			publish(t, b, dir)
			testkit.Write(t, filepath.Join(dir, "src.bin"), string(variant("two")))
			check(t, os.RemoveAll(store.Path(dir, name)))
			precious := filepath.Join(dir, "precious.txt")
			testkit.Write(t, precious, "precious")
			check(t, os.Symlink("../../precious.txt", store.Path(dir, name)))
			publish(t, b, dir)
			if got, _ := os.ReadFile(precious); string(got) != "precious" {
				t.Errorf("it is %q", got)
			}
		})
	}
}

// What a killed process left is swept by the next run, one with nothing to do included.
func TestLitterIsSwept(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	publish(t, b, dir)
	litter := []string{filepath.Join(dir, fsys.Temporary("copy.wasm")+".wasm"), store.Path(dir, fsys.Temporary(store.IntentFile)), store.Path(dir, fsys.Temporary(store.RunNote))}
	for _, path := range litter {
		testkit.Write(t, path, "half")
	}
	check(t, writeIntent(dir, store.Read(dir)))
	keep := filepath.Join(dir, ".copy.wasm.mine.wasm")
	testkit.Write(t, keep, "mine")
	if in := examine(t, New(Options{}), dir); in.Current == nil {
		t.Error("not up to date")
	}
	for _, path := range litter {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left", path)
		}
	}
	if _, err := os.Lstat(keep); err != nil {
		t.Error("a file of the author's was swept")
	}
}
