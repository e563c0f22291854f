package sbom

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Handle(proc.Main)
	os.Exit(m.Run())
}

// find is the component called name.
func find(b *Bill, name string) *Component {
	if i := slices.IndexFunc(b.Components, func(c Component) bool { return c.Name == name }); i >= 0 {
		return &b.Components[i]
	}
	return nil
}

// valid is the bill of s, which CycloneDX's own library finds valid.
func valid(t *testing.T, s Subject) *Bill {
	t.Helper()
	testkit.Needs(t, "attestation-python")
	s.Tool, s.Release = "astrid-dev", "1"
	b, err := Of(t.Context(), s)
	testkit.Check(t, err)
	data, err := json.Marshal(b)
	testkit.Check(t, err)
	path := filepath.Join(t.TempDir(), "bom.json")
	testkit.Write(t, path, string(data))
	if out, err := exec.Command("attestation-python", "testdata/check.py", path).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	again, err := Of(t.Context(), s)
	testkit.Check(t, err)
	if diff := cmp.Diff(b, again); diff != "" {
		t.Errorf("another bill of the same:\n%s", diff)
	}
	return b
}

// A crate's packages are those of its lock, with their checksums, and its module names its tools.
func TestCrate(t *testing.T) {
	testkit.Long(t)
	dir := filepath.Join(testkit.Root(), "examples", "hello-sdk")
	module := filepath.Join(testkit.Root(), "builder", "daemon", "testdata", "speaker", "speaker.wasm")
	b := valid(t, Subject{Name: "hello", Version: "0.1.0", Module: module, Dir: dir})
	lock := testkit.Read(t, filepath.Join(dir, "Cargo.lock"))
	// what is in the module, what only made it, and what is neither
	for name, scope := range map[string]string{"astrid-sdk": "", "serde_json": "", "astrid-sdk-macros": "excluded", "syn": "excluded", "libc": "none", "r-efi": "none"} {
		is := "none"
		if c := find(b, name); c != nil {
			is = c.Scope
		}
		if is != scope || !strings.Contains(lock, "\""+name+"\"") {
			t.Errorf("%s is %q, want %q", name, is, scope)
		}
	}
	sdk := find(b, "astrid-sdk")
	if sdk == nil || !strings.HasPrefix(sdk.PackageURL, "pkg:cargo/astrid-sdk@") || len(sdk.Hashes) != 1 || !strings.Contains(lock, sdk.Hashes[0].Content) {
		t.Errorf("the SDK is %+v", sdk)
	}
	if tool := find(b, "wit-component"); tool == nil || tool.Scope != "excluded" {
		t.Errorf("the tool that made the component is %+v", tool)
	}
	if len(b.Dependencies[0].On) != len(b.Components) {
		t.Errorf("%d of %d components are what the module is made of", len(b.Dependencies[0].On), len(b.Components))
	}
}

// Where cargo does not tell, all that the lock names is listed, and that nobody is sure.
func TestCrateWithoutCargo(t *testing.T) {
	testkit.Long(t)
	folder := t.TempDir()
	testkit.Tool(t, folder, "cargo", "exit 101")
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	module := filepath.Join(testkit.Root(), "builder", "daemon", "testdata", "speaker", "speaker.wasm")
	b := valid(t, Subject{Name: "hello", Version: "0.1.0", Module: module, Dir: filepath.Join(testkit.Root(), "examples", "hello-sdk")})
	if c := find(b, "r-efi"); c == nil || c.Scope != "optional" || !strings.Contains(jsonOf(t, b), "astrid-dev:unsure") {
		t.Errorf("%+v", c)
	}
}

func jsonOf(t *testing.T, b *Bill) string {
	data, err := json.Marshal(b)
	testkit.Check(t, err)
	return string(data)
}

// A Go program's modules are those that its linker wrote.
func TestGo(t *testing.T) {
	testkit.Long(t)
	module := filepath.Join(t.TempDir(), "x.wasm")
	cmd := exec.Command("go", "build", "-o", module, "./testdata/golang")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b := valid(t, Subject{Name: "x", Module: module})
	if c := find(b, "github.com/zeebo/blake3"); c == nil || c.PackageURL != "pkg:golang/github.com/zeebo/blake3@"+c.Version || c.Version == "" {
		t.Errorf("its dependency is %+v", c)
	}
	if c := find(b, "Go"); c == nil {
		t.Errorf("no Go in %+v", b.Components)
	}
}

func TestNoBill(t *testing.T) {
	crate := t.TempDir()
	testkit.Write(t, filepath.Join(crate, "Cargo.toml"), "[package]\nname = \"x\"\n")
	module, text := filepath.Join(crate, "x.wasm"), filepath.Join(crate, "x.txt")
	testkit.Write(t, module, string(testkit.Core()))
	testkit.Write(t, text, "no module")
	for name, s := range map[string]Subject{"no file": {Module: module + "x"}, "no module": {Module: text}, "no lock": {Module: module, Dir: crate}} {
		if b, err := Of(t.Context(), s); err == nil {
			t.Errorf("%s: %+v", name, b)
		}
	}
}
