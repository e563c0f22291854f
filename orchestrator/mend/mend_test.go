package mend

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

const sound = "[package]\nname = \"sound\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"sound.wasm\"\n"

// crate is a capsule whose crate sets no target: that can be mended.
func crate(t *testing.T, root string) string {
	dir := filepath.Join(root, "crate")
	testkit.WriteAll(t, dir, map[string]string{
		tree.ManifestName: "[package]\nname = \"crate\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"crate.wasm\"\n",
		"Cargo.toml":      "[package]\nname = \"crate\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
		"src/lib.rs":      "",
	})
	return dir
}

func has(c Capsule, code finding.Code) bool {
	return slices.ContainsFunc(c.Findings, func(f finding.Finding) bool { return f.Code == code })
}

func TestFix(t *testing.T) {
	root := t.TempDir()
	testkit.Write(t, filepath.Join(root, "sound", tree.ManifestName), sound)
	dirs := []string{crate(t, root), filepath.Join(root, "sound")}
	before, err := Check(t.Context(), dirs, check.Options{})
	if err != nil || len(before) != 2 || !has(before[0], finding.RustNoWasmTarget) || before[0].Name != "crate" || before[0].Dir != dirs[0] {
		t.Fatalf("before: %+v, %v", before, err)
	}
	after, err := Fix(t.Context(), dirs, check.Options{})
	if err != nil || len(after) != 2 {
		t.Fatal(after, err)
	}
	if want := []string{".cargo/config.toml"}; !slices.Equal(after[0].Fixed, want) || has(after[0], finding.RustNoWasmTarget) {
		t.Errorf("mended %v, left %v", after[0].Fixed, after[0].Findings)
	}
	if len(after[1].Fixed) > 0 || after[1].Findings == nil {
		t.Errorf("the sound one: %+v", after[1])
	}
	if again, err := Fix(t.Context(), dirs, check.Options{}); err != nil || len(again[0].Fixed) > 0 {
		t.Errorf("a second time: %+v, %v", again, err)
	}
}

// What cannot be mended is told as before, and nobody says that it was.
func TestFixThatCannotWrite(t *testing.T) {
	root := t.TempDir()
	dir := crate(t, root)
	testkit.Write(t, filepath.Join(dir, ".cargo"), "a file where a folder is to be made")
	after, err := Fix(t.Context(), []string{dir}, check.Options{})
	if err != nil || !has(after[0], finding.RustNoWasmTarget) || len(after[0].Fixed) > 0 {
		t.Errorf("%+v, %v", after, err)
	}
}

func TestCheckOfWhatCannotBeRead(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	if list, err := Check(t.Context(), []string{gone}, check.Options{}); err != nil || finding.Count(list[0].Findings, finding.Error) == 0 {
		t.Errorf("%+v, %v", list, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fix(ctx, []string{gone}, check.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
