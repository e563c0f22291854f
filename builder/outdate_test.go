package builder

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// makeCapsule is a capsule that make builds: src.bin, by way of build/copy, to
// build/copy.wasm. The rules say when they begin and wait to be let go.
func makeCapsule(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		testkit.Skip(t, "%v", err)
	}
	dir := capsuleDir(t, `build = ["make"]`+"\noutput = \"build/copy.wasm\"\nignore = [\"/build/\"]\n")
	testkit.Write(t, filepath.Join(dir, "Makefile"), `build/copy.wasm: build/copy
	cp build/copy build/linked
	$(call hold,link)
	cat build/linked > $@
build/copy: src.bin
	cp src.bin build/compiled
	$(call hold,compile)
	cat build/compiled > $@
hold = if [ -e build/hold-$1 ]; then touch build/held-$1; while [ -e build/hold-$1 ]; do sleep 0.01; done; fi
`)
	testkit.Write(t, filepath.Join(dir, "build", "note"), "a person's own")
	return dir
}

// editDuring builds and calls edit while the step called name is held.
func editDuring(t *testing.T, b *Builder, dir, name string, edit func()) {
	t.Helper()
	hold := filepath.Join(dir, "build", "hold-"+name)
	testkit.Write(t, hold, "")
	before := examine(t, b, dir)
	done := make(chan *Staged)
	go func() {
		staged, err := b.Build(t.Context(), before, io.Discard)
		if err != nil {
			t.Error(err)
		}
		done <- staged
	}()
	for { // until the step has begun
		if _, err := os.Stat(filepath.Join(dir, "build", "held-"+name)); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	edit()
	if err := os.Remove(hold); err != nil {
		t.Error(err)
	}
	(<-done).Discard()
	if len(before.Changed(examine(t, b, dir))) == 0 {
		t.Error("the edit was not seen")
	}
}

// A source that changes while make works on it is older than what make makes of
// its old content. The next build must not publish that.
func TestP1ProductOfAnOlderSource(t *testing.T) {
	testkit.Long(t)
	for _, step := range []string{"compile", "link"} {
		for how, edit := range map[string]func(src string){
			"written": func(src string) { testkit.Write(t, src, string(variant("new"))) },
			"an older file moved over it": func(src string) {
				testkit.Write(t, src+"~", string(variant("new")))
				old := time.Now().Add(-time.Hour)
				if err := os.Chtimes(src+"~", old, old); err != nil {
					t.Error(err)
				}
				if err := os.Rename(src+"~", src); err != nil {
					t.Error(err)
				}
			},
		} {
			t.Run(step+" "+how, func(t *testing.T) {
				b, dir := New(Options{}), makeCapsule(t)
				publish(t, b, dir)
				testkit.Write(t, filepath.Join(dir, "src.bin"), string(variant("two")))
				editDuring(t, b, dir, step, func() { edit(filepath.Join(dir, "src.bin")) })
				p, _ := publish(t, New(Options{}), dir) // another process: what it knows is on disk
				if got, _ := os.ReadFile(p.Modules[0].Path); !bytes.Equal(got, variant("new")) {
					t.Errorf("published %q", got)
				}
			})
		}
	}
}

// A killed process leaves no word of the run's end, or one cut short.
func TestP1ProductOfARunThatWasKilled(t *testing.T) {
	for name, cut := range map[string]func(text []byte) []byte{
		"no end":  func(text []byte) []byte { return text[:bytes.IndexByte(text, '\n')+1] },
		"nothing": func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			b, dir := New(Options{}), makeCapsule(t)
			editDuring(t, b, dir, "link", func() { testkit.Write(t, filepath.Join(dir, "src.bin"), string(variant("new"))) })
			run, err := os.ReadFile(store.Path(dir, store.RunNote))
			if err != nil {
				t.Fatal(err)
			}
			testkit.Write(t, store.Path(dir, store.RunNote), string(cut(run)))
			publish(t, b, dir)
			if got, _ := os.ReadFile(filepath.Join(dir, "copy.wasm")); !bytes.Equal(got, variant("new")) {
				t.Errorf("published %q", got)
			}
		})
	}
}

// A source may come with any time: what make made of other content is made anew.
func TestP1SourceWithAnotherTime(t *testing.T) {
	testkit.Long(t)
	for how, edit := range map[string]func(t *testing.T, dir string){
		"an older file moved over it": func(t *testing.T, dir string) { older(t, dir, time.Now().AddDate(-20, 0, 0)) },
		"one of the epoch":            func(t *testing.T, dir string) { older(t, dir, time.Unix(100, 0)) },
		"products of the future": func(t *testing.T, dir string) {
			for _, name := range []string{"build/copy", "build/copy.wasm"} {
				later := time.Now().Add(time.Hour)
				if err := os.Chtimes(filepath.Join(dir, name), later, later); err != nil {
					t.Fatal(err)
				}
			}
			testkit.Write(t, filepath.Join(dir, "src.bin"), string(variant("new")))
		},
		"a product that nobody remembers": func(t *testing.T, dir string) {
			older(t, dir, time.Now().AddDate(-1, 0, 0))
			if err := os.RemoveAll(filepath.Join(dir, "target")); err != nil {
				t.Fatal(err)
			}
		},
		"its time taken back after a run that was killed": func(t *testing.T, dir string) {
			testkit.Write(t, filepath.Join(dir, "src.bin"), string(variant("new")))
			in := examine(t, New(Options{}), dir)
			noteSeen(in)
			store.Note(dir, store.RunNote, []byte("1\n"))
			old := time.Now().AddDate(-2, 0, 0)
			if err := os.Chtimes(filepath.Join(dir, "src.bin"), old, old); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(how, func(t *testing.T) {
			b, dir := New(Options{}), makeCapsule(t)
			publish(t, b, dir)
			edit(t, dir)
			publish(t, New(Options{}), dir)
			if got, _ := os.ReadFile(filepath.Join(dir, "copy.wasm")); !bytes.Equal(got, variant("new")) {
				t.Errorf("published %q", got)
			}
		})
	}
}

// older moves other content with the time at over the source.
func older(t *testing.T, dir string, at time.Time) {
	t.Helper()
	src := filepath.Join(dir, "src.bin")
	testkit.Write(t, src+"~", string(variant("new")))
	if err := os.Chtimes(src+"~", at, at); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(src+"~", src); err != nil {
		t.Fatal(err)
	}
}
