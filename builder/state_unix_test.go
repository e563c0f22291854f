//go:build unix

package builder

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// patience is far beyond what any of this takes; it ends a test that would hang.
const patience = 20 * time.Second

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func fifo(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
}

// What is strange in the state folder costs a build, and never holds one up.
func TestP8StrangeStateFolder(t *testing.T) {
	testkit.Long(t)
	state := func(names ...string) func(string) string {
		return func(dir string) string { return store.Path(dir, names...) }
	}
	for name, strange := range map[string]func(t *testing.T, dir string){
		"record is a FIFO":  func(t *testing.T, dir string) { fifo(t, state(store.RecordFile)(dir)) },
		"intent is a FIFO":  func(t *testing.T, dir string) { fifo(t, state(store.IntentFile)(dir)) },
		"record is huge":    func(t *testing.T, dir string) { check(t, os.Truncate(state(store.RecordFile)(dir), 8<<30)) },
		"record is no JSON": func(t *testing.T, dir string) { testkit.Write(t, state(store.RecordFile)(dir), "{") },
		"blob is a FIFO": func(t *testing.T, dir string) {
			modules := store.Read(dir).Modules
			check(t, os.Rename(state(store.RecordFile)(dir), state(store.IntentFile)(dir)))
			for _, m := range modules {
				fifo(t, store.BlobPath(dir, m.Hash))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := capsuleDir(t, copies)
			publish(t, New(Options{}), dir)
			strange(t, dir)
			b := New(Options{})
			in, err := b.Examine(patient(t), dir)
			if err != nil {
				t.Fatal(err)
			}
			staged, err := b.Build(patient(t), in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Publish(t.Context(), staged); err != nil {
				t.Fatal(err)
			}
			if in := examine(t, New(Options{}), dir); in.Current == nil {
				t.Error("not up to date after the build")
			}
		})
	}
}

// A file where the state folder should be: an examination says nothing, the build does.
func TestStateFolderIsAFile(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	testkit.Write(t, filepath.Join(dir, "target"), "a file")
	if f := failure(t, b, dir); f.Step != finding.StepStage || !strings.Contains(f.Error(), "target") {
		t.Errorf("got %v", f)
	}
}

// An intent that names a file which the manifest does not is nobody's of ours.
func TestIntentForAnotherFileIsDropped(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	publish(t, b, dir)
	r := store.Read(dir)
	r.Modules[0].File = "src.bin"
	check(t, writeIntent(dir, r))
	before, _ := os.ReadFile(filepath.Join(dir, "src.bin"))
	testkit.Write(t, filepath.Join(dir, "copy.wasm"), "meddled")
	examine(t, New(Options{}), dir)
	if after, _ := os.ReadFile(filepath.Join(dir, "src.bin")); !bytes.Equal(before, after) {
		t.Error("a source was replaced")
	}
	if _, err := os.Lstat(store.Path(dir, store.IntentFile)); !os.IsNotExist(err) {
		t.Errorf("the intent is still there: %v", err)
	}
}

// An intent that another process leaves behind while we hold the lock, or wait
// for it, keeps nobody waiting.
func TestP8IntentThatAppearsDuringABuild(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	publish(t, b, dir)
	testkit.Write(t, filepath.Join(dir, "src.bin"), string(variant("two")))
	in := examine(t, b, dir)
	staged, err := b.Build(t.Context(), in, nil)
	check(t, err)
	check(t, writeIntent(dir, store.Read(dir)))
	check(t, err)
	if _, err := b.Publish(t.Context(), staged); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "copy.wasm")); !bytes.Equal(got, variant("two")) {
		t.Errorf("published %q", got)
	}
	if in := examine(t, New(Options{}), dir); in.Current == nil {
		t.Error("not up to date after the build")
	}
}

// Files that are looked into on the way never hold an examination up.
func TestP8FilesThatAreNoFiles(t *testing.T) {
	for _, name := range []string{"package.json", "Makefile", "Cargo.toml", "Cargo.lock", "go.mod", ".cargo/config.toml", "asconfig.json",
		"build.zig", ".gitignore", ".git/index", ".git/HEAD", ".git/info/exclude"} {
		t.Run(name, func(t *testing.T) {
			dir := capsuleDir(t, "") // which toolchain?
			for _, folder := range []string{".git/info", ".git/objects", ".git/refs", ".cargo"} {
				check(t, os.MkdirAll(filepath.Join(dir, folder), 0o755))
			}
			if name != ".git/HEAD" {
				testkit.Write(t, filepath.Join(dir, ".git/HEAD"), "ref: refs/heads/main\n")
			}
			fifo(t, filepath.Join(dir, name))
			done := make(chan error, 1)
			go func() {
				_, err := New(Options{}).Examine(t.Context(), dir)
				done <- err
			}()
			select {
			case <-done: // whether it can be built is another question
			case <-time.After(patience):
				t.Fatal("the examination hangs")
			}
		})
	}
}
