package scaffold

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
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

// tools is what a build of each language needs in PATH.
var tools = map[string][]string{"sdk": {"cargo", "rustc"}, "go": {"go"}, "rust": {"cargo", "rustc"}, "assemblyscript": {"node"}, "js": {"node", "npm"}, "c": {"make", "clang", "wasm-ld"}}

func missing(t *testing.T, what string) {
	t.Helper()
	testkit.Skip(t, "%s is needed for this test; make toolchains installs it", what)
}

// TestScaffoldBuildsAtOnce builds and smoke-loads what is written, through the
// whole pipeline, in a folder whose path has blanks and letters outside ASCII.
func TestScaffoldBuildsAtOnce(t *testing.T) {
	for _, l := range languages {
		t.Run(l.Name, func(t *testing.T) {
			for _, tool := range tools[l.Name] {
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
			loadedAsSaid(t, l, dir, m)
		})
	}
}

// loadedAsSaid: what the template says of the runtime is what the sandbox says, and, where it
// promises something, what the runtime itself does.
func loadedAsSaid(t *testing.T, l language, dir string, m builder.StagedModule) {
	t.Helper()
	if m.Report.KernelReady != l.Ready {
		t.Errorf("the template says ready: %v; the sandbox: %v %v", l.Ready, m.Report.KernelReady, m.Report.KernelFindings)
	}
	if !l.Ready {
		return
	}
	program, err := daemon.Find("")
	if err != nil {
		testkit.Skip(t, "%v; .ci/astrid installs it", err)
	}
	manifest, err := capsule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	d := daemon.New(daemon.Options{Program: program, Env: os.Environ()})
	defer d.Close()
	answer, err := d.Install(t.Context(), daemon.Package{Source: pack.Source{Manifest: manifest, Module: m.Path}})
	if err != nil || !answer.Loaded {
		t.Errorf("%+v, %v", answer, err)
	}
}

// packages lends the new capsule what its preparation would fetch: what it put
// into the example, whose lock file is the same.
func packages(t *testing.T, l language, dir string) {
	t.Helper()
	installed, err := filepath.Abs(filepath.Join("..", "..", "examples", l.example, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(installed); err != nil {
		missing(t, strings.Join(l.prepare, " ")+" in examples/"+l.example)
	}
	if err := os.Symlink(installed, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
}

// environment is this process's, with a Rust in front that builds for wasm.
func environment(t *testing.T, lang string) []string {
	t.Helper()
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
