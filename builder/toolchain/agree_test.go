package toolchain

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Whether a crate is built for WebAssembly is one question with one answer: check and
// the build give it from the same files, whatever these say.
func TestCheckAndBuildAgreeOnTheTarget(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		env    []string
	}{
		"none":                  {"", nil},
		"canonical":             {"[build]\ntarget = \"wasm32-unknown-unknown\"\n", nil},
		"specification":         {"[build]\ntarget = \"my-thing.json\"\n", nil},
		"specification of wasm": {"[build]\ntarget = \"targets/wasm-thing.json\"\n", nil},
		"several":               {"[build]\ntarget = [\"x86_64-unknown-linux-gnu\", \"wasm32-wasip1\"]\n", nil},
		"two words":             {"[build]\ntarget = \"x86_64 wasm32-wasip1\"\n", nil},
		"another machine":       {"[build]\ntarget = \"x86_64-unknown-linux-gnu\"\n", nil},
		"environment":           {"[build]\ntarget = \"x86_64-unknown-linux-gnu\"\n", []string{"CARGO_BUILD_TARGET=wasm32-unknown-unknown"}},
		"broken":                {"[build]\ntarget = \n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for path, text := range map[string]string{
				"Capsule.toml":       "[package]\nname = \"x\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"x.wasm\"\n",
				"Cargo.toml":         "[package]\nname = \"x\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
				".cargo/config.toml": c.config,
			} {
				path = filepath.Join(dir, filepath.FromSlash(path))
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			env := append(os.Environ(), append([]string{"CARGO_HOME=" + dir, "CARGO_BUILD_TARGET="}, c.env...)...)
			is := func(f finding.Finding) bool { return f.Code == finding.RustNoWasmTarget }
			results, err := check.CheckAll(t.Context(), []string{dir}, check.Options{Env: env})
			if err != nil || results[0].Err != nil {
				t.Fatal(err, results)
			}
			checked := results[0].Findings
			m, err := capsule.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			_, err = For(t.Context(), Request{Manifest: m, Env: env})
			var problem *finding.Failure
			errors.As(err, &problem)
			if problem != nil && problem.Findings[0].Code == finding.ToolMissing {
				t.Skip("no cargo here")
			}
			built := problem != nil && slices.ContainsFunc(problem.Findings, is)
			if slices.ContainsFunc(checked, is) != built {
				t.Errorf("check says %v, the build says %v", checked, err)
			}
		})
	}
}
