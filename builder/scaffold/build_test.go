package scaffold

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Handle(builder.Main)
	os.Exit(m.Run())
}

// programs is what a build of each language needs in PATH.
var programs = map[string][]string{
	"sdk": {"cargo", "rustc"}, "go": {"go"}, "rust": {"cargo", "rustc"}, "assemblyscript": {"node"}, "js": {"node", "npm"},
	"c": {"make", "clang", "wasm-ld"}, "zig": {"zig"},
}

// described is what the runtime is told of the tools of each template that has some.
var described = map[string][]string{"sdk": {"count_words", "greet"}, "js": {"title_case"}, "c": {"mask_digits"}, "zig": {"reverse_words"}}

func missing(t *testing.T, what string) {
	t.Helper()
	testkit.Skip(t, "%s is needed for this test; make toolchains installs it", what)
}

// TestScaffoldBuildsAtOnce builds and smoke-loads what is written, through the
// whole pipeline, in a folder whose path has blanks and letters outside ASCII.
func TestScaffoldBuildsAtOnce(t *testing.T) {
	program, noRuntime := daemon.Find("")
	d := daemon.New(daemon.Options{Program: program, Env: os.Environ()})
	defer d.Close()
	for _, l := range languages {
		t.Run(l.Name, func(t *testing.T) {
			if len(programs[l.Name]) == 0 {
				t.Fatal("programs has no line for it")
			}
			for _, tool := range programs[l.Name] {
				if _, err := exec.LookPath(tool); err != nil {
					missing(t, tool)
				}
			}
			dir := filepath.Join(t.TempDir(), "new – capsulé")
			for path, text := range texts(t, l.Name, "quick-fox") {
				to := filepath.Join(dir, filepath.FromSlash(path))
				if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if l.prepare != nil {
				packages(t, l, dir)
			}
			b := builder.New(builder.Options{Env: environment(t, l.Name)})
			in, err := b.Examine(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			var output bytes.Buffer
			staged, err := b.Build(t.Context(), in, &output)
			if err != nil {
				t.Fatalf("%v\n%s", err, output.String())
			}
			defer staged.Discard()
			m := staged.Modules[0]
			if len(staged.Modules) != 1 || m.File != "quick_fox.wasm" || m.Report == nil || !m.Report.Loads || len(m.Report.Calls) != 1 || m.Report.Calls[0].Error != "" {
				t.Errorf("%+v", m)
			}
			if m.Report.KernelReady != l.Ready {
				t.Errorf("the template says ready: %v; the sandbox: %v %v", l.Ready, m.Report.KernelReady, m.Report.KernelFindings)
			}
			if noRuntime != nil {
				testkit.Skip(t, "%v; .ci/astrid installs it", noRuntime)
			}
			loadedAsSaid(t, l, dir, m, d)
		})
	}
}

// loadedAsSaid: what the template says of the runtime is what the runtime itself does.
func loadedAsSaid(t *testing.T, l language, dir string, m builder.StagedModule, d *daemon.Daemon) {
	t.Helper()
	manifest, err := capsule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := d.Install(t.Context(), daemon.Package{Source: pack.Source{Manifest: manifest, Module: m.Path}})
	if err != nil {
		t.Fatal(err)
	}
	if !l.Ready {
		readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
		if first := "Astrid's runtime does not load this capsule: " + l.Why + ".\n"; err != nil || !strings.HasPrefix(string(readme), "# quick-fox\n\n"+first) {
			t.Errorf("the README does not begin with\n%s%s %v", first, readme, err)
		}
		if answer.Loaded || len(answer.Findings) != 1 || !strings.Contains(answer.Findings[0].Message, "failed to parse WebAssembly module") {
			t.Errorf("%+v", answer)
		}
		return
	}
	var tools []string
	for _, tool := range answer.Tools {
		if tool.Description == "" {
			t.Errorf("%s has no description", tool.Name)
		}
		tools = append(tools, tool.Name)
	}
	slices.Sort(tools)
	if !answer.Loaded || !slices.Equal(tools, described[l.Name]) {
		t.Errorf("%+v", answer)
	}
}

// packages lends the new capsule what its preparation would fetch: the example has the same
// lock file.
func packages(t *testing.T, l language, dir string) {
	t.Helper()
	installed, err := testkit.NodeModules(filepath.Join("..", "..", "examples", l.example))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(installed, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
}

// environment is this process's, with a Rust in front that builds for wasm.
func environment(t *testing.T, lang string) []string {
	t.Helper()
	if lang == "zig" {
		kept, err := testkit.ZigCache()
		if err != nil {
			t.Fatal(err)
		}
		return append(os.Environ(), "ZIG_GLOBAL_CACHE_DIR="+kept)
	}
	if lang != "rust" && lang != "sdk" {
		return nil
	}
	if lang == "sdk" { // ninety crates, compiled once a machine
		kept, err := testkit.Cache("cargo-hello-sdk")
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("CARGO_TARGET_DIR", kept)
	}
	path := os.Getenv("PATH")
	for _, first := range []string{"", "/usr/bin" + string(os.PathListSeparator)} { // a distribution's, behind rustup's
		t.Setenv("PATH", first+path)
		out, err := exec.Command("rustc", "--print", "sysroot").Output()
		if _, missing := os.Stat(filepath.Join(strings.TrimSpace(string(out)), "lib", "rustlib", "wasm32-unknown-unknown")); err == nil && missing == nil {
			return os.Environ()
		}
	}
	missing(t, "a Rust with wasm32-unknown-unknown")
	return nil
}
