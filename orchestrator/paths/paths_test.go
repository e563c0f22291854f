package paths

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

const manifest = "[package]\nname = \"x\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"x.wasm\"\n"

// refused reports whether err says all of words.
func refused(err error, words ...string) bool {
	return err != nil && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(err.Error(), w) })
}

func TestAbsolute(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Absolute(nil); err != nil || !slices.Equal(got, []string{here}) {
		t.Errorf("nothing is %v, %v", got, err)
	}
	if got, err := Absolute([]string{"b", "a", "./b"}); err != nil || !slices.Equal(got, []string{filepath.Join(here, "a"), filepath.Join(here, "b")}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := Absolute([]string{"a", ""}); !refused(err, "empty path") {
		t.Errorf("an empty path: %v", err)
	}
	if got := Short(filepath.Join(here, "a")); got != "a" {
		t.Errorf("short: %s", got)
	}
}

func TestExisting(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteAll(t, dir, map[string]string{"c/" + tree.ManifestName: manifest, "file": ""})
	for given, want := range map[string]string{"c": "c", "c/" + tree.ManifestName: "c"} {
		if got, err := Existing([]string{filepath.Join(dir, given)}); err != nil || !slices.Equal(got, []string{filepath.Join(dir, want)}) {
			t.Errorf("%s: %v, %v", given, got, err)
		}
	}
	if _, err := Existing([]string{filepath.Join(dir, "gone")}); !refused(err, "gone", "no such folder") {
		t.Errorf("got %v", err)
	}
	if _, err := Existing([]string{filepath.Join(dir, "file")}); !refused(err, "is a file") {
		t.Errorf("got %v", err)
	}
}

func TestWatchable(t *testing.T) {
	dir := t.TempDir()
	there, later := filepath.Join(dir, "there"), filepath.Join(dir, "later")
	testkit.Write(t, filepath.Join(there, tree.ManifestName), manifest)
	roots, missing, err := Watchable([]string{there, later})
	if err != nil || len(roots) != 2 || !slices.Equal(missing, []string{later}) {
		t.Errorf("%v, %v, %v", roots, missing, err)
	}
	if _, _, err := Watchable([]string{filepath.Join(later, "deeper")}); !refused(err, "none to make it in") {
		t.Errorf("got %v", err)
	}
}

// None at all is refused, and the truest reason is given.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	real := filepath.Join(dir, "real")
	testkit.Write(t, filepath.Join(real, tree.ManifestName), manifest)
	if f, err := Find(t.Context(), []string{dir}, false); err != nil || !slices.Equal(f.Dirs, []string{real}) {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := Find(t.Context(), []string{t.TempDir()}, false); !refused(err, "no capsule found", tree.ManifestName) {
		t.Errorf("an empty folder: %v", err)
	}
	linked := t.TempDir()
	if err := os.Symlink(real, filepath.Join(linked, "link")); err != nil {
		testkit.Skip(t, "no links here: %v", err)
	}
	if _, err := Find(t.Context(), []string{linked}, false); !refused(err, "is a link to a capsule") {
		t.Errorf("a link: %v", err)
	}
	if f, err := Find(t.Context(), []string{linked, dir}, false); err != nil || len(f.Linked) > 0 {
		t.Errorf("a link to one that was found: %+v, %v", f, err)
	}
	around := t.TempDir()
	testkit.Git(t, around, "init", "-q")
	testkit.Write(t, filepath.Join(around, "inner", tree.ManifestName), manifest)
	testkit.Git(t, filepath.Join(around, "inner"), "init", "-q")
	if _, err := Find(t.Context(), []string{around}, false); !refused(err, "another repository") {
		t.Errorf("another repository: %v", err)
	}
	if f, err := Find(t.Context(), []string{around}, true); err != nil || len(f.Dirs) != 1 {
		t.Errorf("nested: %+v, %v", f, err)
	}
}

func TestModules(t *testing.T) {
	dir := t.TempDir()
	c := filepath.Join(dir, "c")
	testkit.Write(t, filepath.Join(c, tree.ManifestName), manifest)
	if _, _, err := Modules(c); !refused(err, "x.wasm", "not built yet") {
		t.Errorf("before a build: %v", err)
	}
	module := filepath.Join(c, "x.wasm")
	testkit.Write(t, module, "m")
	for _, given := range []string{c, filepath.Join(c, tree.ManifestName)} {
		if files, m, err := Modules(given); err != nil || m == nil || !slices.Equal(files, []string{module}) {
			t.Errorf("%s: %v %v", given, files, err)
		}
	}
	if files, m, err := Modules(module); err != nil || m != nil || !slices.Equal(files, []string{module}) {
		t.Errorf("a file: %v %v %v", files, m, err)
	}
	if _, _, err := Modules(filepath.Join(dir, "gone")); !refused(err, "no such file") {
		t.Errorf("got %v", err)
	}
	if _, _, err := Modules(dir); !refused(err, "holds no "+tree.ManifestName) {
		t.Errorf("got %v", err)
	}
	testkit.Write(t, filepath.Join(c, tree.ManifestName), "[package]\nname = \"x\"\nversion = \"0.1.0\"\n")
	if _, _, err := Modules(c); !refused(err, "no component") {
		t.Errorf("got %v", err)
	}
}

// What a chosen capsule takes is chosen too, also round and round, and no other; whose manifest cannot
// be read takes nothing.
func TestChosen(t *testing.T) {
	top := t.TempDir()
	write := func(name, inputs string) string {
		dir := filepath.Join(top, name)
		testkit.Write(t, filepath.Join(dir, tree.ManifestName), "[package]\nname = \""+name+"\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"m.wasm\"\n[package.metadata.astrid-dev]\ninputs = ["+inputs+"]\n")
		return dir
	}
	a, b, c, d := write("a", `"../b/m.wasm"`), write("b", `"../c/*.wasm"`), write("c", `"../a/*.wasm"`), write("d", `"../a/m.wasm"`)
	odd := filepath.Join(top, "odd")
	testkit.Write(t, filepath.Join(odd, tree.ManifestName), "[[")
	all := []string{a, b, c, d, odd}
	for pattern, want := range map[string][]string{"a": {a, b, c}, "c": {a, b, c}, "d": {a, b, c, d}, "odd": {odd}, "*": all, "nothing": nil} {
		if got := Chosen([]string{pattern}, []string{top}, all); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", pattern, got, want)
		}
	}
	if got := Chosen(nil, []string{top}, all); !slices.Equal(got, all) {
		t.Errorf("without a pattern: %v", got)
	}
}
