package tools_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The capsules around one are those that hear it, and those that hear them, and no others.
func TestAround(t *testing.T) {
	dir := t.TempDir()
	write := func(name, publish, subscribe string) {
		testkit.Write(t, filepath.Join(dir, name, "Capsule.toml"), fmt.Sprintf(`[package]
name = "%s"
version = "0.1.0"
[[component]]
id = "a"
file = "a.wasm"
[publish]
"tool.v1.execute.*.result" = "opaque"
%s
[subscribe]
"tool.v1.execute.%s" = "opaque"
%s
`, name, publish, name, subscribe))
	}
	write("asker", `"store.v1.request.*" = "opaque"`+"\n"+`"tool.v1.execute.sum" = "opaque"`, "")
	write("store", `"disk.v1.write" = "opaque"`, `"store.v1.*.get" = "opaque"`)
	write("disk", "", `"disk.v1.*" = "opaque"`)
	write("sum", "", "")
	write("loud", `"loud.v1.said" = "opaque"`, "")
	write("quiet", "", `"tool.v1.execute.*" = "opaque"`) // hears every call of a tool
	testkit.Write(t, filepath.Join(dir, "broken", "Capsule.toml"), "[")
	testkit.Write(t, filepath.Join(dir, "file"), "")
	for name, want := range map[string][]string{"asker": {"disk", "quiet", "store", "sum"}, "store": {"disk"}, "disk": nil, "loud": nil} {
		m, err := capsule.Load(filepath.Join(dir, name))
		testkit.Check(t, err)
		var got []string
		for _, other := range tools.Around(m) {
			got = append(got, other.Package.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
