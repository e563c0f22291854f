package toolchain

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

const wasmMain = "//go:build wasip1\n\npackage main\n\n%s\n\nfunc main() {}\n"

// TestGoOutside asks for what a capsule is built from outside its folder.
func TestGoOutside(t *testing.T) {
	testkit.Long(t)
	env := needs(t, "go")
	const lib = "package lib\n\nimport _ \"embed\"\n\n//go:embed data/text.txt\nvar T string\n"
	for name, c := range map[string]struct {
		files map[string]string // below the folder that holds cap
		env   []string
		want  []string
	}{
		"alone": {map[string]string{"cap/go.mod": "module cap\n\ngo 1.24\n", "cap/main.go": strings.Replace(wasmMain, "%s", "", 1)}, nil,
			[]string{"cap/*.go", "cap/go.mod", "cap/go.sum", "cap/vendor/modules.txt"}},
		"embedded and generated": {map[string]string{
			"cap/go.mod":          "module cap\n\ngo 1.24\n",
			"cap/main.go":         strings.Replace(wasmMain, "%s", "import (\n\t\"embed\"\n\t_ \"cap/gen\"\n)\n\n//go:embed dist engine.wasm\nvar F embed.FS\n", 1),
			"cap/dist/index.html": "x", "cap/engine.wasm": "w", "cap/gen/gen.go": "package gen\n",
		}, nil, []string{"cap/*.go", "cap/dist", "cap/engine.wasm", "cap/gen/*.go", "cap/go.mod", "cap/go.sum", "cap/vendor/modules.txt"}},
		"replace": {map[string]string{
			"cap/go.mod":     "module cap\n\ngo 1.24\n\nrequire lib.example v0.0.0\n\nreplace lib.example => \"../lib dir\"\n",
			"cap/main.go":    strings.Replace(wasmMain, "%s", `import _ "lib.example"`, 1),
			"lib dir/go.mod": "module lib.example\n\ngo 1.24\n", "lib dir/lib.go": lib, "lib dir/data/text.txt": "x",
		}, nil, []string{"cap/*.go", "cap/go.mod", "cap/go.sum", "cap/vendor/modules.txt", "lib dir/*.go", "lib dir/data/text.txt", "lib dir/go.mod", "lib dir/go.sum"}},
		"embedded patterns": {map[string]string{
			"cap/go.mod":        "module cap\n\ngo 1.24\n\nrequire lib.example v0.0.0\n\nreplace lib.example => ../lib\n",
			"cap/main.go":       strings.Replace(wasmMain, "%s", `import _ "lib.example"`, 1),
			"lib/go.mod":        "module lib.example\n\ngo 1.24\n",
			"lib/lib.go":        "package lib\n\nimport \"embed\"\n\n//go:embed data/*.txt all:more\nvar T embed.FS\n",
			"lib/data/text.txt": "x", "lib/more/y": "y", "lib/more/z.wasm": "z",
		}, nil, []string{"cap/*.go", "cap/go.mod", "cap/go.sum", "cap/vendor/modules.txt", "lib/*.go", "lib/data/*.txt", "lib/data/text.txt", "lib/go.mod", "lib/go.sum", "lib/more", "lib/more/z.wasm"}},
		"workspace": {map[string]string{
			"go.work":    "go 1.24\n\nuse (\n\t./cap\n\t./lib\n)\n",
			"cap/go.mod": "module cap\n\ngo 1.24\n", "cap/main.go": strings.Replace(wasmMain, "%s", `import _ "lib.example"`, 1),
			"lib/go.mod": "module lib.example\n\ngo 1.24\n", "lib/lib.go": lib, "lib/data/text.txt": "x",
		}, nil, []string{"cap/*.go", "cap/go.mod", "cap/go.sum", "cap/vendor/modules.txt", "go.work", "go.work.sum", "lib/*.go", "lib/data/text.txt", "lib/go.mod", "lib/go.sum"}},
		"module above": {map[string]string{
			"go.mod": "module m\n\ngo 1.24\n", "cap/main.go": strings.Replace(wasmMain, "%s", `import _ "m/lib"`, 1),
			"lib/lib.go": lib, "lib/data/text.txt": "x", "other/other.go": "package other\n",
		}, []string{"GOWORK=off"}, []string{"cap/*.go", "go.mod", "go.sum", "lib/*.go", "lib/data/text.txt", "vendor/modules.txt"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "å b")
			testkit.Write(t, filepath.Join(root, "cap", "Capsule.toml"), manifest)
			for file, content := range c.files {
				testkit.Write(t, filepath.Join(root, filepath.FromSlash(file)), content)
			}
			dir := filepath.Join(root, "cap")
			o := build(t, dir, append(env, c.env...))
			o.sound(t)
			list, err := o.plan.Outside(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, path := range list {
				if rel, err := filepath.Rel(root, path); err == nil {
					got = append(got, filepath.ToSlash(rel))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestGoSeveral builds the component that has a package, and finds the other.
func TestGoSeveral(t *testing.T) {
	env := needs(t, "go")
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "Capsule.toml"), manifest+"[[component]]\nid = \"b\"\nfile = \"b.wasm\"\n")
	testkit.Write(t, filepath.Join(dir, "go.mod"), "module cap\n\ngo 1.24\n")
	testkit.Write(t, filepath.Join(dir, "cap.wasm"), "made elsewhere")
	testkit.Write(t, filepath.Join(dir, "cmd", "b", "main.go"), strings.Replace(wasmMain, "%s", "", 1))
	o := build(t, dir, env)
	want := []Artifact{{0, filepath.Join(dir, "cap.wasm")}, {1, filepath.Join(filepath.Dir(o.command.Argv[6]), "b.wasm")}}
	past := o.start.Add(time.Minute) // cap.wasm lay there before the build
	list, err := o.command.Collect(past, nil)
	if diff := cmp.Diff(want, list); o.err != nil || err != nil || diff != "" {
		t.Fatalf("%v %v %s\n%s", o.err, err, diff, o.stderr)
	}
	testkit.Write(t, filepath.Join(dir, "cmd", "cap", "main.go"), strings.Replace(wasmMain, "%s", "", 1))
	if _, err := For(t.Context(), request(t, dir, env)); err == nil || !strings.Contains(err.Error(), "go-several") {
		t.Error(err)
	}
}
