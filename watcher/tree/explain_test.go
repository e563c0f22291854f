package tree

import (
	"os"
	"path/filepath"
	"testing"
)

func TestExplain(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"Capsule.toml": "", ".gitignore": "# a comment\n\n*.log\n/out/\n", "sub/.gitignore": "!keep.log\nsecret\n",
		"sub/inner/Capsule.toml": "", ".git/HEAD": "ref: refs/heads/main\n", ".git/objects/x": "", ".git/refs/x": "", ".git/info/exclude": "private\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := Default(root, Options{Ignore: []string{"*.snap"}, Artifacts: []string{"bin/x"}})
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	for name, want := range map[string]Rule{
		"a.go": {}, "sub/keep.log": {}, "bin/y": {},
		"a.log":              {in(".gitignore"), 3, "*.log"},
		"sub/deep/a.log":     {in(".gitignore"), 3, "*.log"},
		"out/deep/a":         {in(".gitignore"), 4, "/out/"},
		"sub/secret":         {in("sub/.gitignore"), 2, "secret"},
		"private":            {in(".git/info/exclude"), 1, "private"},
		"sub/a.snap":         {in("Capsule.toml"), 0, "*.snap"},
		"bin/x":              {in("Capsule.toml"), 0, "it is what a build writes"},
		"sub/inner/a":        {in("sub/inner/Capsule.toml"), 0, "a capsule of its own begins there"},
		"x/node_modules/a":   {"", 0, "folders named node_modules hold no sources"},
		"a.wasm":             {"", 0, "files that end in .wasm are no sources"},
		"sub/.a.swp":         {"", 0, "editors and systems leave such files behind"},
		"target/astrid-dev/": {"", 0, "folders named target hold no sources"},
	} {
		got, left := rules.Explain(in(name), false)
		if got != want || left != (want != Rule{}) {
			t.Errorf("%s: %+v %t, want %+v", name, got, left, want)
		}
		if left != rules.Skip(in(name), false) {
			t.Errorf("%s is explained and counts, or the other way round", name)
		}
	}
}
