package workspace

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestCopyKeepsLinksInside(t *testing.T) {
	root := testkit.Folder(t)
	outside := filepath.Join(filepath.Dir(root), "outside")
	testkit.Write(t, filepath.Join(root, "data", "x"), "x")
	testkit.Write(t, filepath.Join(outside, "y"), "y")
	testkit.Link(t, "data/x", filepath.Join(root, "relative"))
	testkit.Link(t, filepath.Join(root, "data"), filepath.Join(root, "absolute"))
	testkit.Link(t, "../outside/y", filepath.Join(root, "leaves"))
	testkit.Link(t, "nowhere", filepath.Join(root, "broken"))
	testkit.Write(t, filepath.Join(root, "src", "target", "mod.rs"), "a module")
	testkit.Write(t, filepath.Join(root, "Cargo.toml"), "")
	testkit.Write(t, filepath.Join(root, "node_modules", "tool", "package.json"), "{}")
	testkit.Write(t, filepath.Join(root, "node_modules", "tool", "dist", "tool.js"), "built by its author")
	testkit.Write(t, filepath.Join(root, "target", "debug"), "x")
	testkit.Write(t, filepath.Join(root, "cache", "CACHEDIR.TAG"), "")
	c := &Copy{Mirror: Mirror{top: filepath.Join(filepath.Dir(root), "copy")}, choice: choice{roots: []string{root}, packages: func(string) Packages { return Copied }}}
	if err := c.folders(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"relative": "data/x", "absolute": c.Of(filepath.Join(root, "data")), "leaves": filepath.Join(outside, "y"), "broken": "nowhere"} {
		if got, err := os.Readlink(c.Of(filepath.Join(root, name))); err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", name, got, want, err)
		}
	}
	for name, want := range map[string]bool{"src/target/mod.rs": true, "node_modules/tool/dist/tool.js": true, "target": false, "cache": false} {
		if Exists(c.Of(filepath.Join(root, name))) != want {
			t.Errorf("%s: there is not %v", name, want)
		}
	}
}

func TestMirrorNamesTheOriginal(t *testing.T) {
	m := Mirror{top: filepath.Join(string(filepath.Separator)+"tmp", "copy")}
	path := filepath.Join(string(filepath.Separator)+"home", "me", "x")
	if got, ok := m.Original(m.Of(path)); !ok || got != path {
		t.Errorf("%q, %v", got, ok)
	}
	if _, ok := m.Original(path); ok {
		t.Error("a path outside is no copy")
	}
	if got := m.Text("in " + m.Of(path) + ": no, " + m.top); got != "in "+path+": no, "+string(filepath.Separator) {
		t.Errorf("%q", got)
	}
}

func TestWorkspaceOf(t *testing.T) {
	root := testkit.Folder(t)
	testkit.Write(t, filepath.Join(root, "cargo", "Cargo.toml"), "[workspace]\nmembers = []\n")
	testkit.Write(t, filepath.Join(root, "cargo", "a", "Cargo.toml"), "[package]\n")
	testkit.Write(t, filepath.Join(root, "npm", "package.json"), `{"workspaces": ["a"]}`)
	testkit.Write(t, filepath.Join(root, "npm", "a", "package.json"), `{}`)
	testkit.Write(t, filepath.Join(root, "go", "go.mod"), "module a\n")
	testkit.Write(t, filepath.Join(root, "go", "a", "b", "main.go"), "package main\n")
	testkit.Write(t, filepath.Join(root, "plain", "a", "Capsule.toml"), "")
	testkit.Write(t, filepath.Join(root, "git", ".git"), "gitdir: elsewhere\n")
	testkit.Write(t, filepath.Join(root, "git", "cargo", "Cargo.toml"), "[workspace]\n")
	testkit.Write(t, filepath.Join(root, "home", ".git", "HEAD"), "")
	testkit.Write(t, filepath.Join(root, "home", "a", "Capsule.toml"), "")
	for dir, want := range map[string]string{"cargo/a": "cargo", "npm/a": "npm", "go/a/b": "go", "plain/a": "plain/a", "git/cargo": "git", "home/a": "home/a"} {
		if got := workspaceOf(filepath.Join(root, dir), filepath.Join(root, "home")); got != filepath.Join(root, want) {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
}
