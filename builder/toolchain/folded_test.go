package toolchain

import (
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/source"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// A debug module of a capsule on Astrid's SDK has several functions where its release has one. When they are folded its exports
// are of one function where those of the release are, which the kernel goes by.
func TestDebugModuleIsFolded(t *testing.T) {
	testkit.Long(t)
	kept, err := testkit.Cache("cargo-hello-sdk")
	testkit.Check(t, err)
	env := append(rustEnv(t), "CARGO_TARGET_DIR="+kept)
	dir := copyExample(t, "hello-sdk")
	if !testkit.HasSDK() {
		missingTool(t, "the Astrid SDK")
	}
	plan, err := For(t.Context(), request(t, dir, env))
	testkit.Check(t, err)
	release, debug := run(t, plan).sound(t), run(t, plan.Debug).sound(t)
	want := shared(t, release)
	if !slices.Equal(want, []string{"astrid-install", "astrid-upgrade", "run"}) {
		t.Errorf("in a release %q are one function", want)
	}
	if got := shared(t, debug); got != nil {
		t.Errorf("in a debug module %q are one function as the compiler leaves it: it does not show that they are folded", got)
	}
	if got := shared(t, source.Fold(debug)); !slices.Equal(got, want) {
		t.Errorf("in a folded debug module %q are one function, want %q", got, want)
	}
	if !plan.Debug.Fold || plan.Fold {
		t.Errorf("folded are debug %v, release %v", plan.Debug.Fold, plan.Fold)
	}
}

// shared are the exports of a core module whose function is that of another export, too; in their order.
func shared(t *testing.T, module []byte) (names []string) {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer r.Close(t.Context())
	m, err := r.CompileModule(t.Context(), module)
	testkit.Check(t, err)
	by := map[uint32][]string{}
	for name, function := range m.ExportedFunctions() {
		by[function.Index()] = append(by[function.Index()], name)
	}
	for _, list := range by {
		if len(list) > 1 {
			names = append(names, list...)
		}
	}
	slices.Sort(names)
	return names
}
