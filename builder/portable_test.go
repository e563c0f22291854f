package builder

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// checkout writes files into a repository of their own, capsule below it, so many folders
// deep in a temporary one.
func checkout(t *testing.T, depth int, files map[string]string) (capsule string) {
	t.Helper()
	top := filepath.Join(t.TempDir(), strings.Repeat("deeper/", depth), "repository")
	for name, text := range files {
		path := filepath.Join(top, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("git", "init", "-q", top).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	return filepath.Join(top, "capsule")
}

// with is files and one more, or another one.
func with(files map[string]string, name, text string) map[string]string {
	all := map[string]string{name: text}
	for n, t := range files {
		if n != name {
			all[n] = t
		}
	}
	return all
}

// TestPortableKey: the part of the key that may be shared is the same for two checkouts of the
// same capsule, wherever they lie, and another one for another source, outside input, flag,
// profile or tool.
func TestPortableKey(t *testing.T) {
	const manifest = "[package]\nname = \"x\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"x.wasm\"\n[package.metadata.astrid-dev]\ninputs = [\"../wit/**/*.wit\"]\n"
	home, bin := t.TempDir(), t.TempDir()
	tool := func(name, says string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho "+says+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// An input that lies outside of both checkouts is at the same place for both.
	testkit.Write(t, filepath.Join(home, ".cargo", "config.toml"), "[net]\noffline = true\n")
	for name, c := range map[string]struct {
		files map[string]string
		flag  string
		tool  string
	}{
		"rust": {map[string]string{
			"capsule/" + tree.ManifestName: manifest, "Cargo.toml": "[workspace]\nmembers = [\"capsule\"]\n", "wit/a.wit": "a",
			"capsule/Cargo.toml": "[package]\nname = \"x\"\nversion = \"0.1.0\"\n", "capsule/src/lib.rs": "", "capsule/.cargo/config.toml": "[build]\ntarget = \"wasm32-unknown-unknown\"\n",
		}, "RUSTFLAGS=-Cdebuginfo=0", "rustc"},
		"go": {map[string]string{
			"capsule/" + tree.ManifestName: manifest, "capsule/go.mod": "module x\n", "capsule/main.go": "package main\n", "wit/a.wit": "a",
		}, "GOFLAGS=-tags=x", "go"},
		"command": {map[string]string{
			"capsule/" + tree.ManifestName: manifest + "build = [\"./make.sh\", \"--release\"]\n", "capsule/make.sh": "#!/bin/sh\n", "wit/a.wit": "a",
		}, "", ""},
		"command of the machine": {map[string]string{
			"capsule/" + tree.ManifestName: manifest + "build = [\"mine\"]\n", "wit/a.wit": "a",
		}, "", "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, program := range []string{"cargo", "rustc", "mine"} {
				tool(program, "1.0")
			}
			tool("go", "go version go1.26.0 test/test")
			env := []string{"HOME=" + home, "PATH=" + bin + ":/bin:/usr/bin"}
			key := func(dir string, env ...string) string {
				t.Helper()
				in, err := New(Options{Env: env}).Examine(t.Context(), dir)
				if err != nil || in.Problem() != nil {
					t.Fatal(err, in.Problem())
				}
				return in.Portable
			}
			one, two := checkout(t, 0, c.files), checkout(t, 2, c.files)
			same := key(one, env...)
			if same == "" || key(two, env...) != same {
				t.Error("two checkouts have two keys")
			}
			if key(one, append(env, "PATH="+bin+":/usr/bin:/bin", "DEBUG=1", "FLAGS=x", "ROOT=/x", "GOPATH=/elsewhere")...) != same {
				t.Error("what is this machine's own came into the key")
			}
			for what, file := range map[string]string{"a source": "capsule/note.txt", "an outside input": "wit/a.wit"} {
				if key(checkout(t, 1, with(c.files, file, "other")), env...) == same {
					t.Errorf("%s changed, and the key did not", what)
				}
			}
			profile := c.files["capsule/"+tree.ManifestName] + "profile = \"debug\"\n"
			if key(checkout(t, 1, with(c.files, "capsule/"+tree.ManifestName, profile)), env...) == same {
				t.Error("the profile changed, and the key did not")
			}
			if c.flag != "" && key(one, append(env, c.flag)...) == same {
				t.Errorf("%s changed nothing", c.flag)
			}
			if c.tool != "" {
				tool(c.tool, "go version go1.27.0 # 2.0, and longer than before")
				if key(one, env...) == same {
					t.Error("another version of the tool has the same key")
				}
			}
		})
	}
}
