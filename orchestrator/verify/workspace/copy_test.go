package workspace

import (
	"os"
	"path/filepath"
	"testing"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// folder is an empty folder with a blank in its name, links resolved.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "a checkout")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func link(t *testing.T, target, at string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, at); err != nil {
		t.Fatal(err)
	}
}

func TestCopyKeepsLinksInside(t *testing.T) {
	root := folder(t)
	outside := filepath.Join(filepath.Dir(root), "outside")
	write(t, filepath.Join(root, "data", "x"), "x")
	write(t, filepath.Join(outside, "y"), "y")
	link(t, "data/x", filepath.Join(root, "relative"))
	link(t, filepath.Join(root, "data"), filepath.Join(root, "absolute"))
	link(t, "../outside/y", filepath.Join(root, "leaves"))
	link(t, "nowhere", filepath.Join(root, "broken"))
	write(t, filepath.Join(root, "src", "target", "mod.rs"), "a module")
	write(t, filepath.Join(root, "Cargo.toml"), "")
	write(t, filepath.Join(root, "node_modules", "tool", "package.json"), "{}")
	write(t, filepath.Join(root, "node_modules", "tool", "dist", "tool.js"), "built by its author")
	write(t, filepath.Join(root, "target", "debug"), "x")
	write(t, filepath.Join(root, "cache", "CACHEDIR.TAG"), "")
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
	root := folder(t)
	write(t, filepath.Join(root, "cargo", "Cargo.toml"), "[workspace]\nmembers = []\n")
	write(t, filepath.Join(root, "cargo", "a", "Cargo.toml"), "[package]\n")
	write(t, filepath.Join(root, "npm", "package.json"), `{"workspaces": ["a"]}`)
	write(t, filepath.Join(root, "npm", "a", "package.json"), `{}`)
	write(t, filepath.Join(root, "go", "go.mod"), "module a\n")
	write(t, filepath.Join(root, "go", "a", "b", "main.go"), "package main\n")
	write(t, filepath.Join(root, "plain", "a", "Capsule.toml"), "")
	write(t, filepath.Join(root, "git", ".git"), "gitdir: elsewhere\n")
	write(t, filepath.Join(root, "git", "cargo", "Cargo.toml"), "[workspace]\n")
	write(t, filepath.Join(root, "home", ".git", "HEAD"), "")
	write(t, filepath.Join(root, "home", "a", "Capsule.toml"), "")
	for dir, want := range map[string]string{"cargo/a": "cargo", "npm/a": "npm", "go/a/b": "go", "plain/a": "plain/a", "git/cargo": "git", "home/a": "home/a"} {
		if got := workspaceOf(filepath.Join(root, dir), filepath.Join(root, "home")); got != filepath.Join(root, want) {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
}
