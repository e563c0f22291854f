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
	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
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
	"c": {"make", "clang", "wasm-ld"}, "zig": {"zig"}, "custom-command": {"go"},
}

// described is what the runtime is told of the tools of each template that has some.
var described = map[string][]string{"sdk": {"count_words", "greet"}, "js": {"title_case"}, "c": {"mask_digits"}, "zig": {"reverse_words"}}

func missing(t *testing.T, what string) {
	t.Helper()
	testkit.Skip(t, "%s is needed for this test; make toolchains installs it", what)
}

// TestTemplatesInTheRuntime builds and smoke-loads every example through the whole pipeline, in
// a folder whose path has blanks and letters outside ASCII: those that are templates as new
// capsules. Of each, check, the sandbox and the runtime itself must say the same: these are the
// rows of the agreement table that want a compiler.
func TestTemplatesInTheRuntime(t *testing.T) {
	program, noRuntime := daemon.Find("")
	d := daemon.New(daemon.Options{Program: program, Env: os.Environ()})
	defer d.Close()
	folders, err := os.ReadDir(filepath.Join("..", "..", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join("..", "..", "examples", folder.Name(), "Capsule.toml")); err != nil { // a workspace of several: TestScripts/test/workspace
			continue
		}
		t.Run(folder.Name(), func(t *testing.T) {
			testkit.Long(t)
			dir := filepath.Join(t.TempDir(), "new – capsulé")
			l := written(t, folder.Name(), dir)
			m := built(t, l, dir)
			if said := refused(t, dir, m); (said == "") != l.Ready {
				t.Errorf("the template says ready: %v; we say of it:\n%s", l.Ready, said)
			}
			if noRuntime != nil {
				testkit.Skip(t, "%v; .ci/astrid installs it", noRuntime)
			}
			loadedAsSaid(t, l, dir, m, d)
		})
	}
}

// written writes the capsule of an example into dir: the template where it is one.
func written(t *testing.T, example, dir string) language {
	t.Helper()
	i := slices.IndexFunc(languages, func(l language) bool { return l.example == example })
	if i < 0 { // an example of a build command, and no template
		if err := testkit.CopyExample(example, dir); err != nil {
			t.Fatal(err)
		}
		return language{Template: Template{Name: example, Ready: true}}
	}
	for path, text := range texts(t, languages[i].Name, "quick-fox") {
		testkit.Write(t, filepath.Join(dir, filepath.FromSlash(path)), text)
	}
	if languages[i].prepare != nil {
		packages(t, languages[i], dir)
	}
	return languages[i]
}

// staged is a build of the capsule in dir, where there is what its language needs.
func staged(t *testing.T, l language, dir string) *builder.Staged {
	t.Helper()
	if len(programs[l.Name]) == 0 {
		t.Fatal("programs has no line for it")
	}
	for _, tool := range programs[l.Name] {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
	b := builder.New(builder.Options{Env: environment(t, l.Name)})
	in, err := b.Examine(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	s, err := b.Build(t.Context(), in, &output)
	if err != nil {
		t.Fatalf("%v\n%s", err, output.String())
	}
	t.Cleanup(func() { s.Discard() })
	return s
}

// built is the only module of the capsule in dir, which loads and answers its handler.
func built(t *testing.T, l language, dir string) builder.StagedModule {
	t.Helper()
	staged := staged(t, l, dir)
	m := staged.Modules[0]
	if len(staged.Modules) != 1 || m.Report == nil || !m.Report.Loads || len(m.Report.Calls) != 1 || m.Report.Calls[0].Error != "" {
		t.Fatalf("%+v", m)
	}
	tested(t, l, staged)
	return m
}

// tested: the template's own tests pass, and nothing is wrong with the tools that its module
// describes.
func tested(t *testing.T, l language, staged *builder.Staged) {
	t.Helper()
	if found := staged.Modules[0].Report.ToolFindings; len(found) > 0 {
		t.Errorf("%v", found)
	}
	switch {
	case staged.Tests == nil:
		if l.Ready {
			t.Error("the template has no tests")
		}
	case staged.Tests.Failed():
		t.Errorf("%v", staged.Tests.Findings())
	}
}

// refused is what stands between a capsule and the runtime, by our own judgement.
func refused(t *testing.T, dir string, m builder.StagedModule) (said string) {
	t.Helper()
	results, err := check.CheckAll(t.Context(), []string{dir}, check.Options{Runtime: []*astrid.Release{astrid.Newest()}})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results)
	}
	for _, f := range append(append(results[0].Findings, m.Report.Findings...), m.Report.KernelFindings...) {
		if f.Severity == finding.Error {
			said += f.String() + "\n"
		}
	}
	if (said == "") != m.Report.KernelReady {
		t.Errorf("kernel-ready %v, and\n%s", m.Report.KernelReady, said)
	}
	return said
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
