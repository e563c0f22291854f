package scaffold

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// embedWorld puts a world, told in one text, into an empty module, as wit-bindgen does it for authors.
const embedWorld = `
import { readFile, writeFile } from 'node:fs/promises';
const [, , packages, wit, out] = process.argv;
const { componentEmbed } = await import(packages + '/@bytecodealliance/jco/dist/api.js');
const binary = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const witSource = await readFile(wit, 'utf8');
await writeFile(out, await componentEmbed({ binary, witSource, world: 'capsule', stringEncoding: 'utf8', metadata: [] }));
`

// TestWorlds: the world.bin of each example is the world in its wit. Who changes a world copies
// what this test made.
func TestWorlds(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "node", "npm")
	root := filepath.Join("..", "..")
	packages, err := testkit.NodeModules(filepath.Join(root, "builder", "smoke", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	examples := filepath.Join(root, "examples")
	script := filepath.Join(t.TempDir(), "embed.mjs")
	testkit.Write(t, script, embedWorld)
	for _, file := range []string{
		"custom-command/world.bin", "hello-assemblyscript/world.bin", "hello-c/world.bin", "hello-rust/world.bin", "hello-zig/src/world.bin",
	} {
		t.Run(strings.Split(file, "/")[0], func(t *testing.T) {
			example := filepath.Join(examples, strings.Split(file, "/")[0])
			made := filepath.Join(t.TempDir(), "world.wasm")
			wit := filepath.Join(t.TempDir(), "all.wit")
			testkit.Write(t, wit, oneText(t, filepath.Join(example, "wit")))
			if out, err := exec.Command("node", script, packages, wit, made).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			module, err := os.ReadFile(made)
			if err != nil {
				t.Fatal(err)
			}
			world, err := os.ReadFile(filepath.Join(examples, filepath.FromSlash(file)))
			if section := testkit.Section(0, testkit.Sized("component-type"), world); err != nil || !bytes.Equal(module, testkit.Core(section)) {
				t.Errorf("%s is not the world in wit; what is, in a module: % x", file, module)
			}
		})
	}
}

// oneText is a folder of WIT as one: what lies in deps becomes packages inside.
func oneText(t *testing.T, wit string) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"*.wit", "deps/*/*.wit"} {
		files, err := filepath.Glob(filepath.Join(wit, pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if pattern == "*.wit" {
				all.Write(text)
				continue
			}
			head, body, _ := strings.Cut(string(text), ";\n")
			all.WriteString(head + " {\n" + body + "}\n")
		}
	}
	return all.String()
}
