package compile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

func TestMain(m *testing.M) {
	testkit.Handle(proc.Main)
	os.Exit(m.Run())
}

// capsuleOf is a capsule whose build is a script of sh, with more settings below it.
func capsuleOf(t *testing.T, script, settings string) *Build {
	t.Helper()
	testkit.Needs(t, "sh")
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, tree.ManifestName), fmt.Sprintf(`[package]
name = "x"
version = "0.1.0"
[[component]]
id = "main"
file = "x.wasm"
[package.metadata.astrid-dev]
build = ["sh", "-c", %q]
%s
`, script, settings))
	testkit.Write(t, filepath.Join(dir, "src"), string(testkit.Core()))
	return buildOf(t, dir)
}

// buildOf is the build of the capsule in dir, about to begin.
func buildOf(t *testing.T, dir string) *Build {
	t.Helper()
	m, err := capsule.Load(dir)
	testkit.Check(t, err)
	recipe, err := toolchain.For(t.Context(), toolchain.Request{Manifest: m, Env: os.Environ()})
	testkit.Check(t, err)
	work := t.TempDir()
	for _, name := range []string{"out", "tmp"} {
		testkit.Check(t, os.Mkdir(filepath.Join(work, name), 0o755))
	}
	return &Build{Manifest: m, Recipe: recipe, Work: work, Timeout: time.Minute, Output: &bytes.Buffer{}, Say: func(finding.Finding) {},
		Began: func() func() { return func() {} }}
}

func failed(t *testing.T, err error) *finding.Failure {
	t.Helper()
	var f *finding.Failure
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a failure", err)
	}
	return f
}

func TestDo(t *testing.T) {
	var began, ended int
	b := capsuleOf(t, `echo heard; cat src > "$CAPSULE_OUT"; echo "x: src /not/there" > "$CAPSULE_OUT_DIR/x.d"`, "")
	b.Began = func() func() { began++; return func() { ended++ } }
	made, err := b.Do(t.Context())
	testkit.Check(t, err)
	if len(made.Modules) != 1 || !made.Ran || made.Took <= 0 || began != 1 || ended != 1 {
		t.Fatalf("made %+v, began %d times and ended %d", made, began, ended)
	}
	testkit.Check(t, made.OnDisk())
	m := made.Modules[0]
	if hash, err := tree.HashFile(m.Path); err != nil || hash != m.Hash || m.Size != int64(len(testkit.Core())) || m.Found || filepath.Dir(m.Path) != b.Work {
		t.Errorf("module %+v, its hash is %s, %v", m, hash, err)
	}
	if live := b.Output.(*bytes.Buffer).String(); !strings.Contains(live, "heard") {
		t.Errorf("said live: %q", live)
	}
	if want := []string{filepath.Join(b.Manifest.Dir, "src")}; !slices.Equal(made.Told, want) {
		t.Errorf("told %v, want %v", made.Told, want)
	}
}

func TestDoFails(t *testing.T) {
	for name, c := range map[string]struct {
		script, settings string
		step             finding.Step
		code             finding.Code
		exit             int
		tail             string
	}{
		"it fails":                {script: "echo why; exit 3", step: finding.StepBuild, exit: 3, tail: "why"},
		"it takes too long":       {script: "sleep 60", settings: `timeout = "1s"`, step: finding.StepBuild, code: finding.BuildTimeout},
		"it writes nothing":       {script: "echo done", step: finding.StepCollect, tail: "done"},
		"it writes a folder":      {script: `mkdir dist; mkdir dist/x.wasm`, settings: `output = "dist/x.wasm"`, step: finding.StepCollect},
		"it leaves an older one":  {script: "true", settings: `output = "old.wasm"`, step: finding.StepCollect, code: finding.OutputLeftAlone},
		"what it makes is huge":   {script: fmt.Sprintf(`dd if=/dev/null of="$CAPSULE_OUT" bs=1 seek=%d`, smoke.MaxFile+1), step: finding.StepCollect, code: finding.OutputTooLarge},
		"it publishes itself":     {script: "cat src > x.wasm", step: finding.StepCollect, code: finding.BuildWrotePublished},
		"what it makes is a link": {script: `ln -s /dev/zero "$CAPSULE_OUT"`, step: finding.StepCollect},
	} {
		t.Run(name, func(t *testing.T) {
			b := capsuleOf(t, c.script, c.settings)
			testkit.Write(t, filepath.Join(b.Manifest.Dir, "old.wasm"), string(testkit.Core()))
			before, err := os.Stat(filepath.Join(b.Manifest.Dir, "old.wasm"))
			testkit.Check(t, err)
			if b.Manifest.Dev.Timeout > 0 {
				b.Timeout = b.Manifest.Dev.Timeout
			}
			made, err := b.Do(t.Context())
			f := failed(t, err)
			if f.Step != c.step || c.exit > 0 && f.ExitCode != c.exit || !strings.Contains(f.Tail, c.tail) || len(made.Modules) > 0 {
				t.Errorf("failed with %+v, made %+v", f, made)
			}
			if c.code != "" && (len(f.Findings) == 0 || f.Findings[0].Code != c.code || f.Findings[0].Hint == "") {
				t.Errorf("found %v, want %s", f.Findings, c.code)
			}
			if after, err := os.Stat(filepath.Join(b.Manifest.Dir, "old.wasm")); err != nil || !after.ModTime().Equal(before.ModTime()) {
				t.Errorf("what it left alone has another time: %v", err)
			}
		})
	}
}

// A run that fails has told of what it read before.
func TestFailedRunTells(t *testing.T) {
	made, err := capsuleOf(t, `echo "x: src" > "$CAPSULE_OUT_DIR/x.d"; exit 1`, "").Do(t.Context())
	if failed(t, err); made.Ran || len(made.Told) != 1 {
		t.Errorf("ran %v, told %v", made.Ran, made.Told)
	}
}

func TestCommandThatIsNotThere(t *testing.T) {
	b := capsuleOf(t, "true", "")
	b.Manifest.Dev.Build = []string{"./gone"}
	recipe, err := toolchain.For(t.Context(), toolchain.Request{Manifest: b.Manifest, Env: os.Environ()})
	if err != nil {
		failed(t, err) // the toolchain says so before anything runs
		return
	}
	b.Recipe = recipe
	_, err = b.Do(t.Context())
	if f := failed(t, err); f.Step != finding.StepToolchain || f.Findings[0].Code != finding.BuildCommand || f.Findings[0].Hint == "" {
		t.Errorf("got %+v", f)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := capsuleOf(t, "sleep 60", "")
	b.Grace = time.Millisecond
	b.Began = func() func() { cancel(); return func() {} }
	if _, err := b.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// The disk's refusal is told apart from the capsule's faults.
func TestDiskRefuses(t *testing.T) {
	b := capsuleOf(t, `mkdir dist; cat src > dist/x.wasm`, `output = "dist/x.wasm"`)
	testkit.Check(t, os.RemoveAll(b.Work))
	_, err := b.Do(t.Context())
	var disk *DiskError
	if !errors.As(err, &disk) || disk.Dir != b.Manifest.Dir || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// Of several components, one that stands where it is published and that no build makes was put
// there by its author.
func TestFound(t *testing.T) {
	b := capsuleOf(t, `cat src > "$CAPSULE_OUT_DIR/x.wasm"`, "[[component]]\nid = \"other\"\nfile = \"theirs.wasm\"\n")
	testkit.Write(t, filepath.Join(b.Manifest.Dir, "theirs.wasm"), string(testkit.Core()))
	made, err := b.Do(t.Context())
	testkit.Check(t, err)
	if len(made.Modules) != 2 || made.Modules[0].Found || !made.Modules[1].Found {
		t.Errorf("made %+v", made.Modules)
	}
}

func TestDeclaredHash(t *testing.T) {
	b := capsuleOf(t, `cat src > "$CAPSULE_OUT"`, "")
	b.Manifest.Components[0].Hash = strings.Repeat("ab", 32)
	made, err := b.Do(t.Context())
	testkit.Check(t, err)
	if len(made.Findings) != 1 || made.Findings[0].Code != finding.DeclaredHashDiffers || !strings.Contains(made.Findings[0].Hint, made.Modules[0].Hash) {
		t.Errorf("found %v", made.Findings)
	}
}

func TestWrapFault(t *testing.T) {
	there := filepath.Join(t.TempDir(), "x.wasm")
	testkit.Write(t, there, "x")
	for name, c := range map[string]struct {
		wrapped string
		result  proc.Result
		err     error
		want    finding.Code
		says    string
	}{
		"made":        {wrapped: there},
		"not started": {wrapped: there, err: errors.New("no such"), want: finding.WrapFailed, says: "starting"},
		"too long":    {wrapped: there, result: proc.Result{TimedOut: true}, want: finding.BuildTimeout, says: "longer than 1m"},
		"failed":      {wrapped: there, result: proc.Result{ExitCode: 2}, want: finding.WrapFailed, says: "could not make"},
		"no file":     {wrapped: there + ".gone", want: finding.WrapFailed, says: "wrote no component"},
	} {
		f := wrapFault("w", c.wrapped, c.result, c.err, time.Minute)
		if (f == nil) != (c.want == "") || f != nil && (f.Code != c.want || !strings.Contains(f.Message, c.says) || f.Hint == "") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// at gives a file a time and returns it as the disk has it.
func at(t *testing.T, path string, when time.Time) time.Time {
	t.Helper()
	testkit.Check(t, os.Chtimes(path, when, when))
	return modTime(t, path)
}

func modTime(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	testkit.Check(t, err)
	return info.ModTime()
}

// Only what a build may have made gets another time, and only when it is not older than the
// oldest input that is another one.
func TestOutdateProducts(t *testing.T) {
	b := capsuleOf(t, "true", "")
	dir, changed := b.Manifest.Dir, time.Now().Add(-time.Hour)
	kept := []string{"src", "x.wasm", "generated/input.txt", "inner/Capsule.toml", "inner/kept.txt", ".git/kept", "node_modules/p/kept", "build/cache/CACHEDIR.TAG", "build/cache/kept"}
	products := []string{"build/made", "target/made", "dist/made"}
	was := map[string]time.Time{}
	for _, name := range append(slices.Clone(kept), products...) {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			testkit.Write(t, path, "x")
		}
		was[name] = at(t, path, changed.Add(time.Minute))
	}
	testkit.Write(t, filepath.Join(dir, "build/older"), "x")
	older := at(t, filepath.Join(dir, "build/older"), changed.Add(-time.Minute))
	b.Stale = Stale{Changed: changed, Inputs: []string{filepath.Join(dir, tree.ManifestName), filepath.Join(dir, "src"), filepath.Join(dir, "generated/input.txt")}}
	b.made.Aged = map[string]int64{}
	b.outdateProducts(changed)
	for _, name := range kept {
		if !modTime(t, filepath.Join(dir, name)).Equal(was[name]) {
			t.Errorf("%s has another time", name)
		}
	}
	for _, name := range products {
		path := filepath.Join(dir, name)
		if !modTime(t, path).Before(changed) {
			t.Errorf("%s kept its time", name)
		}
		if b.made.Aged[path] == 0 {
			t.Errorf("nobody is told that %s was made to look old", name)
		}
	}
	if !modTime(t, filepath.Join(dir, "build/older")).Equal(older) || len(b.made.Aged) != len(products) {
		t.Errorf("made to look old: %v", b.made.Aged)
	}
}

// Cargo judges a crate by the time of its note of what it read. That is made old; what is
// compiled keeps its time, and so does what cargo fetched.
func TestOutdateCargo(t *testing.T) {
	b := capsuleOf(t, "true", "")
	target := filepath.Join(b.Manifest.Dir, "crate", "target")
	testkit.Write(t, filepath.Join(target, ".rustc_info.json"), "{}")
	testkit.Write(t, filepath.Join(target, "CACHEDIR.TAG"), "")
	notes := []string{"release/.fingerprint/a-1/dep-lib-a", "wasm32/release/.fingerprint/a-1/dep-lib-a", "release/build/a-1/output"}
	kept := []string{"release/deps/a.rlib", "wasm32/release/a.wasm", "release/.fingerprint/get-it-1/dep-lib-get_it", "release/build/get-it-2/output"}
	for note, source := range map[string]string{"a-1": "src/lib.rs", "get_it-1": "/home/me/.cargo/registry/src/index-1/get-it-1.0.0/src/lib.rs"} {
		testkit.Write(t, filepath.Join(target, "release", "deps", note+".d"), "/t/"+note+".d: "+source+" /x\n")
	}
	for _, name := range append(slices.Clone(notes), kept...) {
		testkit.Write(t, filepath.Join(target, name), "")
	}
	source := time.Now().AddDate(-1, 0, 0)
	b.Stale = Stale{Changed: source, Inputs: []string{filepath.Join(b.Manifest.Dir, "crate", "src", "lib.rs")}}
	b.made.Aged = map[string]int64{}
	b.outdate()()
	for i, name := range append(slices.Clone(notes), kept...) {
		if older := modTime(t, filepath.Join(target, name)).Before(source); older != (i < len(notes)) {
			t.Errorf("%s: older than the source: %v", name, older)
		}
	}
}

// A crate is a fetched one only when every note of it says so.
func TestFetchedCrates(t *testing.T) {
	b := capsuleOf(t, "true", "")
	target := filepath.Join(b.Manifest.Dir, "target")
	for name, source := range map[string]string{
		"release/deps/ours-1.d":       "src/lib.rs",
		"release/deps/theirs-1.d":     "/h/.cargo/registry/src/i/theirs-1/src/lib.rs",
		"release/deps/git_one-1.d":    "/h/.cargo/git/checkouts/git-one/src/lib.rs",
		"release/deps/both-1.d":       "src/lib.rs",
		"release/build/both-2/b.d":    "/h/.cargo/registry/src/i/both/build.rs",
		"release/build/windows-1/b.d": `C:\h\.cargo\registry\src\i\windows\build.rs`,
	} {
		testkit.Write(t, filepath.Join(target, name), name+": "+source+" /x\n")
	}
	want := map[string]bool{"ours": false, "theirs": true, "git_one": true, "both": false, "windows": true}
	f, err := fsys.OpenRoot(target)
	testkit.Check(t, err)
	defer f.Close()
	got := fetchedCrates(f, "release/")
	for name, is := range want {
		if got[name] != is {
			t.Errorf("%s is fetched: %v", name, got[name])
		}
	}
}
