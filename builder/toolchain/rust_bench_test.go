package toolchain

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// rustForm is a way to compile a crate: settings are added to the debug form's, or to none for a release.
type rustForm struct {
	name     string
	release  bool
	settings []string // of the profile
	flags    []string // of rustc
	env      []string
}

// rustForms are what was thought of for debug builds. The first two are what is used.
var rustForms = []rustForm{
	{name: "release, as the author wrote it", release: true},
	{name: "debug, as watch builds it"},
	{name: "all crates at opt-level 0", settings: []string{`opt-level=0`}},
	{name: "all crates at opt-level 1", settings: []string{`opt-level=1`}},
	{name: "dependencies at opt-level 0", settings: []string{`package."*".opt-level=0`}},
	{name: "dependencies at opt-level 3", settings: []string{`package."*".opt-level=3`}},
	{name: "one unit", settings: []string{oneUnit}},
	{name: "256 units", settings: []string{`codegen-units=256`}},
	{name: "not incremental", settings: []string{`incremental=false`}},
	{name: "no line tables", settings: []string{`debug=false`}, flags: []string{"-Cdebuginfo=none", "-Cstrip=debuginfo"}},
	{name: "procedural macros at opt-level 3", settings: []string{`build-override.opt-level=3`}},
	{name: "procedural macros with line tables", settings: []string{`build-override.debug="line-tables-only"`}},
	{name: "generic functions shared, `-Zshare-generics`", flags: []string{"-Zshare-generics=y"}, env: []string{"RUSTC_BOOTSTRAP=1"}},
	{name: "two threads, `-Zthreads=2`", flags: []string{"-Zthreads=2"}, env: []string{"RUSTC_BOOTSTRAP=1"}},
	{name: "linked without optimization, `wasm-ld -O0`", flags: []string{"-Clink-arg=-O0"}},
	{name: "linked with rust-lld", env: []string{"CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=rust-lld"}},
}

// BenchmarkRustForms edits a capsule on the SDK and compiles it in each form, in turns, and prints a table
// in Markdown: the times are medians of b.N edits, the processor's is that of cargo and all that it starts.
func BenchmarkRustForms(b *testing.B) {
	path := testkit.RustPath(os.Getenv("PATH"))
	if path == "" {
		testkit.Skip(b, "a Rust with wasm32-unknown-unknown is missing")
	}
	dir := filepath.Join(b.TempDir(), "capsule")
	testkit.Check(b, testkit.CopyExample("hello-sdk", dir))
	manifest, err := capsule.Load(dir)
	testkit.Check(b, err)
	recipe, err := For(b.Context(), Request{Manifest: manifest, Env: append(os.Environ(), "PATH="+path, "CARGO_TARGET_DIR="+b.TempDir())})
	testkit.Check(b, err)
	source := filepath.Join(dir, "src", "lib.rs")
	original, err := os.ReadFile(source)
	testkit.Check(b, err)
	var runs []*rustRuns
	for _, form := range rustForms {
		run := &rustRuns{form: form, argv: form.argv(recipe), env: form.environ(recipe, b.TempDir()), dir: dir}
		if run.cold, _, err = run.build(); err != nil {
			fmt.Printf("%s cannot be had here: %v\n", form.name, err)
			continue
		}
		runs = append(runs, run)
	}
	for n := 0; b.Loop(); n++ {
		edited := fmt.Appendf(slices.Clone(original), "\n#[unsafe(no_mangle)]\npub extern \"C\" fn edited() -> u32 {\n    %d\n}\n", n)
		testkit.Check(b, os.WriteFile(source, edited, 0o644))
		for _, run := range runs {
			wall, processor, err := run.build()
			testkit.Check(b, err)
			run.wall, run.processor = append(run.wall, wall), append(run.processor, processor)
		}
	}
	fmt.Printf("\n| form | edit, by the clock | processor | of the release | module | cold |\n|---|---:|---:|---:|---:|---:|\n")
	for _, run := range runs {
		fmt.Printf("| %s | %.0f ms | %.0f ms | %.2f | %.0f KB | %.1f s |\n", run.form.name, testkit.Median(run.wall).Seconds()*1000, testkit.Median(run.processor).Seconds()*1000,
			float64(testkit.Median(run.processor))/float64(testkit.Median(runs[0].processor)), float64(run.size())/1000, run.cold.Seconds())
	}
}

// rustRuns are the builds in one form.
type rustRuns struct {
	form            rustForm
	argv, env       []string
	dir             string
	cold            time.Duration
	wall, processor []time.Duration
}

func (r *rustRuns) build() (wall, processor time.Duration, err error) {
	cmd := exec.Command(r.argv[0], r.argv[1:]...)
	cmd.Dir, cmd.Env = r.dir, r.env
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("%w: %.400s", err, out)
	}
	return time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// size is that of the module that is there.
func (r *rustRuns) size() int64 {
	target, _ := environ(r.env).lookup("CARGO_TARGET_DIR")
	info, err := os.Stat(filepath.Join(target, cargo.UnknownTarget, "release", "hello_sdk.wasm"))
	if err != nil {
		return 0
	}
	return info.Size()
}

func (f rustForm) argv(recipe *Recipe) []string {
	if !f.release {
		recipe = recipe.Debug
	}
	argv := recipe.argv("")
	for _, setting := range f.settings {
		argv = append(argv, "--config", "profile.release."+setting)
	}
	return argv
}

func (f rustForm) environ(recipe *Recipe, target string) []string {
	env := recipe.env.with("CARGO_TARGET_DIR", target)
	flags, _ := env.lookup("CARGO_ENCODED_RUSTFLAGS")
	env = env.with("CARGO_ENCODED_RUSTFLAGS", strings.Join(append([]string{flags}, f.flags...), cargo.UnitSeparator))
	for _, variable := range f.env {
		name, value, _ := strings.Cut(variable, "=")
		env = env.with(name, value)
	}
	return env
}
