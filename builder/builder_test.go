package builder

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Handle(Main)
	if len(os.Args) == 3 && os.Args[1] == rowArgument {
		os.Exit(row(os.Args[2]))
	}
	os.Exit(m.Run())
}

// empty is the smallest module: the header and nothing else.
var empty = []byte("\x00asm\x01\x00\x00\x00")

// section appends a custom section, so that modules differ.
func variant(name string) []byte {
	return append(bytes.Clone(empty), append([]byte{0, byte(len(name) + 1), byte(len(name))}, name...)...)
}

// capsuleDir writes a capsule whose build copies src.bin to where it is asked.
func capsuleDir(t *testing.T, settings string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a capsüle")
	testkit.Write(t, filepath.Join(dir, "Capsule.toml"), `[package]
name = "copy"
version = "0.1.0"

[[component]]
id = "main"
file = "copy.wasm"

[package.metadata.astrid-dev]
`+settings)
	testkit.Write(t, filepath.Join(dir, "src.bin"), string(variant("one")))
	return dir
}

const copies = `build = ["sh", "-c", "cat src.bin > \"$CAPSULE_OUT\""]` + "\n"

func examine(t *testing.T, b *Builder, dir string) *Inputs {
	t.Helper()
	if _, err := b.Recover(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	in, err := b.Examine(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// publish goes the whole way once and returns what was published and the inputs.
func publish(t *testing.T, b *Builder, dir string) (*Published, *Inputs) {
	t.Helper()
	in := examine(t, b, dir)
	staged, err := b.Build(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if changed := staged.Moved(); len(changed) > 0 {
		t.Fatalf("the build changed %v", changed)
	}
	p, err := b.Publish(t.Context(), staged)
	if err != nil {
		t.Fatal(err)
	}
	return p, staged.After
}

// failure builds and wants a Failure.
func failure(t *testing.T, b *Builder, dir string) *finding.Failure {
	t.Helper()
	staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
	var f *finding.Failure
	if !errors.As(err, &f) {
		staged.Discard()
		t.Fatalf("got %v, want a failure", err)
	}
	return f
}

func TestBuildPublishRecord(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	if in := examine(t, b, dir); in.Current != nil || in.Last != "" || in.Name != "copy" {
		t.Fatalf("before the first build: %+v", in)
	}
	p, in := publish(t, b, dir)
	m := p.Modules[0]
	if m.Path != filepath.Join(dir, "copy.wasm") || m.Kind != "core" || m.Size != int64(len(variant("one"))) {
		t.Errorf("published %+v", m)
	}
	for _, path := range []string{m.Path, m.Blob} {
		if got, _ := os.ReadFile(path); !bytes.Equal(got, variant("one")) {
			t.Errorf("%s holds %q", path, got)
		}
	}
	again := examine(t, New(Options{}), dir)
	if again.Key != in.Key || again.Current == nil || again.Current.Modules[0] != m || again.Last != in.SourceHash {
		t.Errorf("a new process does not know what is published: %+v", again)
	}
	if len(p.Findings) == 0 || !reflect.DeepEqual(again.Current.Findings, p.Findings) {
		t.Errorf("a new process knows the findings %v of what is published, want %v", again.Current.Findings, p.Findings)
	}
	if left, _ := os.ReadDir(store.Path(dir, store.WorkFolder)); len(left) > 0 {
		t.Errorf("left in the work folder: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".copy.wasm.*")); len(left) > 0 {
		t.Errorf("left beside the module: %v", left)
	}
}

func TestMeddledArtifactIsNotCurrent(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	publish(t, b, dir)
	testkit.Write(t, filepath.Join(dir, "copy.wasm"), string(variant("two"))) // the same size
	if in := examine(t, New(Options{}), dir); in.Current != nil {
		t.Error("a module that somebody else wrote counts as published")
	}
}

// A core module loads, and the kernel would not run it.
func TestStrictDoesNotBelieveWhatWasPublishedWithoutIt(t *testing.T) {
	dir := capsuleDir(t, copies)
	publish(t, New(Options{}), dir)
	strict := New(Options{Strict: true})
	if in := examine(t, strict, dir); in.Current != nil {
		t.Error("a module that the kernel refuses is up to date under strict")
	}
	if f := failure(t, strict, dir); f.Step != finding.StepSmoke {
		t.Errorf("failed at step %s: %v", f.Step, f)
	}
}

func TestLosingTheStateFolderCostsABuildOnly(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	publish(t, b, dir)
	if err := os.RemoveAll(filepath.Join(dir, "target")); err != nil {
		t.Fatal(err)
	}
	if in := examine(t, New(Options{}), dir); in.Current != nil {
		t.Error("current without a record")
	}
	publish(t, b, dir)
}

// P2: a failed build leaves the published module as it is.
func TestP2FailuresLeaveThePublishedModule(t *testing.T) {
	testkit.Long(t)
	for _, c := range []struct {
		name, settings, src string
		step                finding.Step
		says                string
	}{
		{"exit", `build = ["sh", "-c", "echo it broke >&2; exit 3"]`, "x", finding.StepBuild, ""},
		{"nothing written", `build = ["true"]`, "x", finding.StepCollect, ""},
		{"a FIFO", `build = ["sh", "-c", "mkfifo \"$CAPSULE_OUT\""]`, "x", finding.StepCollect, ""},
		{"3 GB", `build = ["sh", "-c", "truncate -s 3G \"$CAPSULE_OUT\""]`, "x", finding.StepCollect, ""},
		{"not wasm", copies, "just text", finding.StepSmoke, ""},
		{"truncated", copies, string(empty[:6]), finding.StepSmoke, ""},
		{"empty", copies, "", finding.StepSmoke, ""},
		{"timeout", `build = ["sleep", "60"]` + "\ntimeout = \"100ms\"", "x", finding.StepBuild, "longer than 100ms"},
		{"missing tool", `build = ["no-such-tool-here"]`, "x", finding.StepToolchain, "no-such-tool-here"},
		{"unknown key", `biuld = ["true"]`, "x", finding.StepManifest, "biuld"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, dir := New(Options{Grace: 100 * time.Millisecond}), capsuleDir(t, copies)
			publish(t, b, dir)
			manifest, _ := os.ReadFile(filepath.Join(dir, "Capsule.toml"))
			testkit.Write(t, filepath.Join(dir, "Capsule.toml"), strings.Replace(string(manifest), copies, c.settings+"\n", 1))
			testkit.Write(t, filepath.Join(dir, "src.bin"), c.src)
			f := failure(t, b, dir)
			if f.Step != c.step || !strings.Contains(f.Error(), c.says) {
				t.Errorf("got step %s, %v", f.Step, f)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "copy.wasm")); !bytes.Equal(got, variant("one")) {
				t.Errorf("the published module is %q", got)
			}
			if left, _ := os.ReadDir(store.Path(dir, store.WorkFolder)); len(left) > 0 {
				t.Errorf("left in the work folder: %v", left)
			}
		})
	}
}

func TestCancelledBuildLeavesNothing(t *testing.T) {
	b, dir := New(Options{Grace: 100 * time.Millisecond}), capsuleDir(t, `build = ["sh", "-c", "touch started; sleep 60"]`+"\nignore = [\"started\"]\n")
	ctx, cancel := context.WithCancel(t.Context())
	in := examine(t, b, dir)
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(dir, "started")); err == nil {
				cancel()
			}
		}
	}()
	if _, err := b.Build(ctx, in, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(store.Path(dir, store.WorkFolder)); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// P2: whatever instant a publication is cut short at, the next examination
// finds the old modules or all of the new ones.
func TestP2InterruptedPublicationIsCompleted(t *testing.T) {
	settings := `build = ["sh", "-c", "cat src.bin > \"$CAPSULE_OUT_DIR/copy.wasm\"; cat src.bin > \"$CAPSULE_OUT_DIR/second.wasm\""]` + "\n"
	b, dir := New(Options{}), capsuleDir(t, settings)
	manifest, _ := os.ReadFile(filepath.Join(dir, "Capsule.toml"))
	testkit.Write(t, filepath.Join(dir, "Capsule.toml"), strings.Replace(string(manifest), "[package.metadata", "[[component]]\nid = \"second\"\nfile = \"out/second.wasm\"\n\n[package.metadata", 1))
	publish(t, b, dir)
	testkit.Write(t, filepath.Join(dir, "src.bin"), string(variant("two")))

	in := examine(t, b, dir)
	staged, err := b.Build(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := staged.record(in)
	if err != nil {
		t.Fatal(err)
	}
	r.Version = store.Read(dir).Version
	for _, m := range staged.Modules {
		if err := os.Rename(m.Path, store.BlobPath(dir, m.Hash)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeIntent(dir, r); err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, filepath.Join(dir, r.Modules[0].File), string(variant("two"))) // and here the power goes
	staged.lock.Release()

	other := New(Options{})
	if p, err := other.Recover(t.Context(), dir); err != nil || p == nil || len(p.Modules) != 2 || p.SourceHash != in.SourceHash {
		t.Errorf("completed %+v, %v", p, err)
	}
	if p, err := other.Recover(t.Context(), dir); err != nil || p != nil {
		t.Errorf("and once more %+v, %v", p, err)
	}
	if in := examine(t, other, dir); in.Current == nil || len(in.Current.Modules) != 2 {
		t.Errorf("not completed: %+v", in.Current)
	}
	for _, file := range []string{"copy.wasm", "out/second.wasm"} {
		if got, _ := os.ReadFile(filepath.Join(dir, file)); !bytes.Equal(got, variant("two")) {
			t.Errorf("%s is %q", file, got)
		}
	}
}

func TestKeysDecide(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "shared.txt")
	testkit.Write(t, outside, "1")
	b, dir := New(Options{}), capsuleDir(t, copies+`inputs = ["`+outside+`"]`+"\n")
	before := examine(t, b, dir)
	if again := examine(t, b, dir); again.Key != before.Key || len(before.Changed(again)) != 0 {
		t.Error("nothing changed, and the key did")
	}
	if !slices.Contains(before.Outside, outside) {
		t.Errorf("%s is not watched: %v", outside, before.Outside)
	}
	testkit.Write(t, outside, "2")
	after := examine(t, b, dir)
	if after.Key == before.Key || after.SourceHash != before.SourceHash {
		t.Error("an outside input must change the key, and not the source hash")
	}
	if changed := before.Changed(after); len(changed) != 1 || changed[0] != outside {
		t.Errorf("changed: %v", changed)
	}
}

// A-B-A: the same bytes written again are seen, although every hash is equal.
func TestP1SameBytesAreAChange(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	before := examine(t, b, dir)
	path := filepath.Join(dir, "src.bin")
	if err := os.Chtimes(path, time.Now(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	after := examine(t, b, dir)
	if before.Key != after.Key || !slices.Equal(before.Changed(after), []string{"src.bin"}) {
		t.Errorf("changed: %v", before.Changed(after))
	}
}

func TestNoManifest(t *testing.T) {
	b := New(Options{})
	dir := t.TempDir()
	if _, err := b.Examine(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "Capsule.toml"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Examine(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a manifest that is a folder: %v", err)
	}
}

func TestSecondProcessWaitsAndSaysSo(t *testing.T) {
	dir := capsuleDir(t, copies)
	b := New(Options{})
	staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan finding.Finding, 1)
	other := New(Options{Say: func(_ string, f finding.Finding) { said <- f }})
	done := make(chan error)
	go func() {
		second, err := other.Build(context.Background(), examine(t, other, dir), nil)
		second.Discard()
		done <- err
	}()
	if f := <-said; f.Code != "waiting-for-lock" {
		t.Errorf("said %v", f)
	}
	staged.Discard()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What a reload changes against the artifact before is said once, in both forms.
func TestDeltaIsSaid(t *testing.T) {
	testkit.Long(t)
	b, dir := New(Options{}), capsuleDir(t, copies)
	publish(t, b, dir)
	// the same module with one exported memory
	withMemory := append(bytes.Clone(empty), 5, 3, 1, 0, 1, 7, 10, 1, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0)
	testkit.Write(t, filepath.Join(dir, "src.bin"), string(withMemory))
	p, _ := publish(t, b, dir)
	says := func(p *Published) bool {
		return slices.ContainsFunc(p.News, func(f finding.Finding) bool { return f.Code == "reload-delta" && strings.Contains(f.Message, "memory") })
	}
	if !says(p) || !strings.Contains(string(p.Delta), "memory") {
		t.Errorf("delta %s, news %v", p.Delta, p.News)
	}
	testkit.Write(t, filepath.Join(dir, "other.txt"), "no difference in the module")
	if p, _ = publish(t, b, dir); says(p) || p.Delta != nil {
		t.Errorf("delta %s, news %v", p.Delta, p.News)
	}
}
