package toolchain

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The SDK's WIT is where cargo says that the SDK lies; who has none has no WIT of it, and a
// cargo that cannot answer is an error, not a capsule without an SDK.
func TestContracts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the cargo here is a shell script")
	}
	dir := t.TempDir()
	wit := filepath.Join(dir, "sdk", "wit", "astrid-contracts.wit")
	testkit.Write(t, filepath.Join(dir, "Capsule.toml"), "[package]\nname = \"c\"\nversion = \"1.0.0\"\n\n[[component]]\nid = \"c\"\nfile = \"c.wasm\"\n")
	m, err := capsule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + filepath.Join(dir, "bin") + string(os.PathListSeparator) + os.Getenv("PATH")}
	ask := func() (string, error) { return Contracts(t.Context(), m, env) }
	if got, err := ask(); got != "" || err != nil {
		t.Errorf("no crate: %q, %v", got, err)
	}
	testkit.Write(t, filepath.Join(dir, "Cargo.toml"), "[package]\nname = \"c\"\nversion = \"1.0.0\"\n")
	says := func(script string) { testkit.Tool(t, filepath.Join(dir, "bin"), "cargo", script) }

	graph := `echo '{"packages":[{"name":"serde","manifest_path":"/x/Cargo.toml"},{"name":"astrid-sdk","manifest_path":"` + filepath.Join(dir, "sdk", "Cargo.toml") + `"}]}'`
	says(graph)
	if got, err := ask(); got != "" || err != nil {
		t.Errorf("an SDK without WIT: %q, %v", got, err)
	}
	testkit.Write(t, wit, "package astrid:contracts;\n")
	if got, err := ask(); got != wit || err != nil {
		t.Errorf("an SDK: %q, %v", got, err)
	}
	says("exit 101")
	if _, err := ask(); err == nil || !strings.Contains(err.Error(), "metadata") {
		t.Error(err)
	}
	says("echo nonsense")
	if _, err := ask(); err == nil || !strings.Contains(err.Error(), "reading what cargo metadata says") {
		t.Error(err)
	}
	env = []string{"PATH=" + t.TempDir()}
	if _, err := ask(); err == nil || !strings.Contains(err.Error(), "cargo") {
		t.Error(err)
	}
}
